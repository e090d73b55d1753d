"""A rendering: one way to write a block, what it costs and keeps; its kinds; who proposes them; edits of a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.facts import Span, overlaps
from skill_distiller.skill.model import Block
from skill_distiller.tokens import TokenCounter


class RenderingKind(StrEnum):
    """How a block is written, from the longest to nothing at all."""

    FULL = "full"
    SYMBOLS = "symbols"
    TIGHT = "tight"
    PRUNED = "pruned"
    CUT = "cut"
    REWRITTEN = "rewritten"
    MERGED = "merged"
    SUMMARIZED = "summarized"
    ONE_LINERS = "one-liners"
    TRIMMED = "trimmed"
    EXTRACTED = "extracted"
    DROPPED = "dropped"


class Wording(StrEnum):
    """How far the text of blocks that stay may change.

    KEEP: not at all. MARKS: emphasis, line ends inside sentences and the padding of tables go, no word does. DETAIL:
    besides, fillers go from examples, edge cases, explanations and verbose details, examples may become lines, and
    items, rows and sentences go one by one; instructions keep their words. TERSE: fillers and articles go everywhere.
    """

    KEEP = "keep"
    MARKS = "marks"
    DETAIL = "detail"
    TERSE = "terse"

    @property
    def rewords(self) -> bool:
        """Whether texts may take the place of blocks: lines for examples, extracts, what a language model writes."""
        return self in (Wording.DETAIL, Wording.TERSE)


class OutcomeKind(StrEnum):
    """What became of a block or section; the value is the word of the reference, used in reports and JSON."""

    KEPT = "KEPT"
    RECOMP = "RECOMP"
    SUMMARIZED = "SUMMARIZED"
    REWRITTEN = "REWRITTEN"
    TOKEN_SCORED = "TOKEN-SCORED"
    REMOVED = "REMOVED"


class Proof(StrEnum):
    """What has to be shown of a rendering before it may be written.

    NOTHING: it is the block as it is, or openly leaves facts out, which the receipt names. MEANING: it differs only
    in ways that can't change what is said. FACTS: every fact of the block is in it. WORDING: it says in new words what
    the block said.
    """

    NOTHING = "nothing"
    MEANING = "meaning"
    FACTS = "facts"
    WORDING = "wording"


class RenderingRow(NamedTuple):
    """What holds for every rendering of a kind.

    `outcome` is its label in reports, `wording` what the receipt says of it. `partial`: it openly says only a part of
    what the block said, or sums it up; the block counts as removed. `joint`: its text may stand for several blocks, all
    but one of which are then written as nothing. `anew`: its text may hold blocks and headings of its own.
    """

    outcome: OutcomeKind
    wording: str
    proof: Proof
    partial: bool = False
    joint: bool = False
    anew: bool = False


RENDERINGS: Final[Mapping[RenderingKind, RenderingRow]] = {
    RenderingKind.FULL: RenderingRow(OutcomeKind.KEPT, "as it was", Proof.NOTHING),
    RenderingKind.SYMBOLS: RenderingRow(OutcomeKind.KEPT, "phrases replaced by symbols", Proof.MEANING),
    RenderingKind.TIGHT: RenderingRow(
        OutcomeKind.KEPT, "emphasis marks, table padding or line breaks removed", Proof.MEANING
    ),
    RenderingKind.PRUNED: RenderingRow(OutcomeKind.TOKEN_SCORED, "articles and filler words removed", Proof.MEANING),
    RenderingKind.CUT: RenderingRow(
        OutcomeKind.TOKEN_SCORED, "phrases removed that a model called redundant", Proof.FACTS, partial=True
    ),
    RenderingKind.REWRITTEN: RenderingRow(
        OutcomeKind.REWRITTEN, "said in fewer words, every fact checked", Proof.WORDING, anew=True
    ),
    RenderingKind.MERGED: RenderingRow(
        OutcomeKind.REWRITTEN,
        "said together with other blocks, every statement accounted for",
        Proof.WORDING,
        joint=True,
        anew=True,
    ),
    RenderingKind.SUMMARIZED: RenderingRow(
        OutcomeKind.SUMMARIZED, "summed up", Proof.WORDING, partial=True, joint=True, anew=True
    ),
    RenderingKind.ONE_LINERS: RenderingRow(
        OutcomeKind.RECOMP, "examples written as one line each", Proof.FACTS, partial=True, joint=True, anew=True
    ),
    RenderingKind.TRIMMED: RenderingRow(
        OutcomeKind.TOKEN_SCORED, "items, rows or sentences taken out", Proof.MEANING, partial=True
    ),
    RenderingKind.EXTRACTED: RenderingRow(
        OutcomeKind.SUMMARIZED, "cut down to the sentences that have to stay", Proof.NOTHING, partial=True
    ),
    RenderingKind.DROPPED: RenderingRow(OutcomeKind.REMOVED, "removed", Proof.NOTHING, partial=True),
}


ONE_LINERS: Final = "One-liners:"  # the label, or heading, that stands above examples written as one line each


@dataclass(frozen=True, slots=True)
class Rendering:
    """One rung of a block's ladder.

    `text` stands in the place of the block and the blank lines after it; `tokens` is its count; `share` is the part of
    the block's worth that it keeps, 0-1; `strength` how boldly words were deleted, 0-1. `phrases` are the pieces of
    several words that were deleted, as they stood. One that is `proved` was shown to be what its kind promises by
    whoever wrote it; any other may still lose something. `stands_in` is the block, by index, whose text says this one
    too; -1 where it says itself.
    """

    kind: RenderingKind
    text: str
    tokens: int
    share: float
    strength: float = 0.0
    phrases: tuple[str, ...] = ()
    proved: bool = False
    stands_in: int = -1


DROPPED: Final = Rendering(RenderingKind.DROPPED, "", 0, 0.0, proved=True)


def in_full(block: Block, tokens: int) -> Rendering:
    """The block as it stands, which costs `tokens`."""
    return Rendering(RenderingKind.FULL, block.source, tokens, 1.0, proved=True)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A way to write several blocks together: all of it is taken, or nothing.

    `texts` stand in the place of the `blocks` (by index, in order; blank lines after them included), "" for a block of
    which nothing stays by itself, its source for one that stays as it is. The `headings` (sections by index) go with
    the blocks under them. `share` (0-1) is the part of the blocks' worth that the texts keep, taken together. A bundle
    with a text of "" for a required block is not used.
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
class Refusal:
    """A text that was written for some `blocks` (by index) and not let in: what they say, what it said, and why not.

    `faults` say it in words, each with the kind first ("lost", "new", "changed", "form"). With `partly` its good parts
    were.
    """

    blocks: tuple[int, ...]
    before: str
    after: str
    faults: tuple[str, ...]
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is in question of a text for some `blocks` (by index): a sentence of theirs, what stands for it, and why.

    Only who is asked can say whether it may be missed; the text stands where that is said.
    """

    blocks: tuple[int, ...]
    before: str
    after: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """Renderings by index of their block, bundles, and the texts that were refused because they lost something.

    `refused` counts those of which no more is known.
    """

    renderings: Mapping[int, tuple[Rendering, ...]] = field(default_factory=dict)
    bundles: tuple[Bundle, ...] = ()
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class Renderer(Protocol):
    """The seam: whoever can write blocks in other words, or several as one."""

    def propose(self, reading: Reading, counter: TokenCounter) -> Proposals:
        """What can be chosen besides deletions; every text has passed the checks that its kind asks for."""


class Edit(NamedTuple):
    """Put `replacement` in the place of `text[start:end]`.

    `replacement` is mostly "", or the capital letter of a sentence that loses its first word. `strength` (0-1) is the
    dial from which on the edit is allowed: low where it is certain that the words can go.
    """

    start: int
    end: int
    replacement: str = ""
    strength: float = 0.0


def apply_edits(text: str, edits: Iterable[Edit], strength: float = 1.0) -> str:
    """The text with every edit made that `strength` (0-1) allows; they are sorted and do not overlap.

    >>> apply_edits("The run ends.", [Edit(0, 5, "R", 0.2)], 0.5)
    'Run ends.'
    """
    pieces: list[str] = []
    at = 0
    for start, end, replacement, allowed in edits:
        if allowed <= strength:
            pieces += (text[at:start], replacement)
            at = end
    pieces.append(text[at:])
    return "".join(pieces)


def join_edits(first: tuple[Edit, ...], second: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits of two passes, each sorted, in order of position; where two overlap, that of the first stands."""
    second = tuple(second)
    if not first or not second:
        return first or second
    taken = [Span(edit.start, edit.end) for edit in first]
    fitting = [edit for edit in second if not overlaps((edit.start, edit.end), taken)]
    return tuple(sorted([*first, *fitting])) if fitting else first
