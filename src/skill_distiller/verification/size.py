"""How large the candidate is. Advice, not a rule: it never fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from skill_distiller.document import count_line_ends
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair

MOST_LINES: Final = 500  # of a body, as the specification advises
MOST_TOKENS: Final = 5000


def check_size(pair: Pair) -> Check:
    """Warns of a long body and of a candidate with more tokens than the original."""
    return Check("size", tuple(_findings(pair)))


def _findings(pair: Pair) -> Iterator[Finding]:
    lines, tokens = count_line_ends(pair.candidate.body), pair.tokens
    if lines > MOST_LINES:
        text = f"{lines} lines, {MOST_LINES} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="body", in_candidate=True)
    if tokens.candidate > MOST_TOKENS:
        text = f"{tokens.candidate} tokens, {MOST_TOKENS} are advised"
        yield Finding(FindingKind.TOO_LARGE, Level.WARNING, text, detail="file", in_candidate=True)
    if tokens.candidate > tokens.original:
        text = f"{tokens.original} → {tokens.candidate} tokens"
        yield Finding(FindingKind.LONGER, Level.WARNING, text, in_candidate=True)
