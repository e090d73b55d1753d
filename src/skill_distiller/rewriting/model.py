"""A rendering: one way to write a block, what it costs and keeps; and what renderers propose for a skill."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from skill_distiller.analysis.reading import Reading
from skill_distiller.tokens import TokenCounter


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


@dataclass(frozen=True, slots=True)
class Bundle:
    """A way to write several blocks together: all of it is taken, or nothing.

    `texts` stand in the place of the `blocks` (by index, in order; blank lines after them included),
    "" for a block of which nothing stays by itself, its source for one that stays as it is. The
    `headings` (sections by index) go with the blocks under them. `share` (0-1) is the part of the
    blocks' worth that the texts keep, taken together. A bundle with a text of "" for a required
    block is not used.
    """

    kind: RenderingKind
    blocks: tuple[int, ...]
    texts: tuple[str, ...]
    headings: tuple[int, ...]
    share: float

    def __post_init__(self) -> None:
        if len(self.blocks) != len(self.texts) or list(self.blocks) != sorted(set(self.blocks)):
            raise ValueError("one text for each block, in order")


@dataclass(frozen=True, slots=True)
class Offers:
    """Renderings by index of their block, bundles, and how many texts were refused because they lost something."""

    renderings: Mapping[int, tuple[Rendering, ...]] = field(default_factory=dict)
    bundles: tuple[Bundle, ...] = ()
    refused: int = 0


class Renderer(Protocol):
    """The seam: whoever can write blocks in other words, or several as one."""

    def offer(self, reading: Reading, counter: TokenCounter) -> Offers:
        """What can be chosen besides deletions; every text has passed the checks that its kind asks for."""


def join_offers(offers: Iterable[Offers]) -> Offers:
    """All offers together."""
    renderings: dict[int, tuple[Rendering, ...]] = {}
    bundles: list[Bundle] = []
    refused = 0
    for offer in offers:
        for block, own in offer.renderings.items():
            renderings[block] = renderings.get(block, ()) + own
        bundles += offer.bundles
        refused += offer.refused
    return Offers(renderings, tuple(bundles), refused)
