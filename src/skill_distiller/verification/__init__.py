"""The gate: whether a rewrite of a skill still says what the original says."""

from skill_distiller.verification.declared import Declared, declared_by, declared_in
from skill_distiller.verification.model import Check, Finding, FindingKind, Level, Tokens, Verification
from skill_distiller.verification.verify import CHECKS, verify

__all__ = [
    "CHECKS",
    "Check",
    "Declared",
    "Finding",
    "FindingKind",
    "Level",
    "Tokens",
    "Verification",
    "declared_by",
    "declared_in",
    "verify",
]
