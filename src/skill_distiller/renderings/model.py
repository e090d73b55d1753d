"""A rendering: one way to write a block, with what it costs and what it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RenderingKind(StrEnum):
    """How a block is written, from the longest to nothing at all."""

    FULL = "full"
    SYMBOLS = "symbols"
    TIGHT = "tight"
    PRUNED = "pruned"
    REWRITTEN = "rewritten"
    SUMMARIZED = "summarized"
    ONE_LINERS = "one-liners"
    EXTRACTED = "extracted"
    DROPPED = "dropped"


# New words for old: whether they still say the same is for `fact_check` to prove.
REWORDED: Final = frozenset({RenderingKind.REWRITTEN, RenderingKind.SUMMARIZED})


@dataclass(frozen=True, slots=True)
class Rendering:
    """One rung of a block's ladder.

    `text` stands in the place of the block and the blank lines after it; `tokens` is its count;
    `share` is the part of the block's worth that it keeps, 0-1; `strength` how boldly words were
    deleted, 0-1. `phrases` are the pieces of several words that were deleted, as they stood.
    """

    kind: RenderingKind
    text: str
    tokens: int
    share: float
    strength: float = 0.0
    phrases: tuple[str, ...] = ()
