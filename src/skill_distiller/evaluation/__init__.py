"""Compares an original with what was made of it."""

from skill_distiller.evaluation.comparison import Comparison, LostFact, compare
from skill_distiller.evaluation.judge import EmbeddedJudge, Functionality, Judge
from skill_distiller.evaluation.receipt import Change, Receipt, SectionReceipt, write_receipt

__all__ = [
    "Change",
    "Comparison",
    "EmbeddedJudge",
    "Functionality",
    "Judge",
    "LostFact",
    "Receipt",
    "SectionReceipt",
    "compare",
    "write_receipt",
]
