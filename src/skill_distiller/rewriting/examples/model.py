"""Examples that stand together, and which of them a text still shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The share of a set's facts and patterns that has to be shown still (Skill Distiller reference, "RECOMP").
ENOUGH: Final = 0.8


@dataclass(frozen=True, slots=True)
class Example:
    """What belongs to one example: its blocks by index, and the sections whose headings go with it.

    Without `foldable` it stays in full: it holds a rule, a protected pattern, a step of a procedure,
    or what other text hangs on.
    """

    blocks: tuple[int, ...]
    sections: tuple[int, ...] = ()
    foldable: bool = True


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """The examples under one heading, in order; `section` is that heading's.

    `level` is that of a heading for what is written at their end, 0 where a heading would take in
    text that follows and is none of theirs.
    """

    section: int
    level: int
    examples: tuple[Example, ...]

    @property
    def blocks(self) -> tuple[int, ...]:
        """Every block of the examples, in order."""
        return tuple(block for example in self.examples for block in example.blocks)


class SelectionMode(StrEnum):
    """How a set was made shorter: by choosing examples and pieces of them, or by new text."""

    EXTRACTIVE = "extractive"
    ABSTRACTIVE = "abstractive"


@dataclass(frozen=True, slots=True)
class ExampleSelection:
    """What became of a set: `selected` stand in full, `one_liners` as one line each (indices among `total`).

    `names` says what each of the examples shows; `coverage` is the share (0-1) of their facts and
    patterns that the text still shows. For abstractive text `lines` counts the lines that stand for
    all that is not in full.
    """

    total: int
    selected: tuple[int, ...]
    one_liners: tuple[int, ...]
    coverage: float
    mode: SelectionMode
    names: tuple[str, ...]
    lines: int
