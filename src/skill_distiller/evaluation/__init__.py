"""Compares an original with what was made of it."""

from skill_distiller.evaluation.judge import EmbeddedJudge, Functionality, Judge
from skill_distiller.evaluation.receipt import Change, LostFact, Receipt, SectionReceipt, write_receipt

__all__ = [
    "Change",
    "EmbeddedJudge",
    "Functionality",
    "Judge",
    "LostFact",
    "Receipt",
    "SectionReceipt",
    "write_receipt",
]
