"""Sets of examples that stand together, and which of them a text still shows (RECOMP)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

ENOUGH: Final = 0.8  # share of a set that has to be shown still (Skill Distiller reference, "RECOMP")


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its blocks and sections by index, and which blocks only lead in.

    Without `foldable` it stays in full: it holds a rule or a step, or other text hangs on it.
    """

    blocks: tuple[int, ...]
    sections: tuple[int, ...] = ()
    foldable: bool = True
    lead_ins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """The examples under the heading of `section`; `level` is that of a heading after them, 0 for none."""

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
    """What became of a set: `selected` stand in full, `one_liners` as `lines` lines together (indices among `total`).

    `names` has one of each example; `coverage` (0-1) is the share of all they show that the text still shows.
    """

    total: int
    selected: tuple[int, ...]
    one_liners: tuple[int, ...]
    coverage: float
    mode: SelectionMode
    names: tuple[str, ...]
    lines: int
