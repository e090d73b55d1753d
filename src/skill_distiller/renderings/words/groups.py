"""Words in a row: which of them belong together, and what their neighbors are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skill_distiller.renderings.words.vocabulary import Bools, Ints

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Groups:
    """Consecutive words that belong together.

    `of` a word its group and `position` in it; `start` and `size` of each group.
    """

    of: Ints
    position: Ints
    start: Ints
    size: Ints


def back(values: Column) -> Column:
    """The value of the word before; the first word has its own."""
    moved = np.empty_like(values)
    moved[:1] = values[:1]
    moved[1:] = values[:-1]
    return moved


def ahead(values: Column) -> Column:
    """The value of the word after; the last word has its own."""
    moved = np.empty_like(values)
    moved[-1:] = values[-1:]
    moved[:-1] = values[1:]
    return moved


def group(starts: Bools) -> Groups:
    """Groups that begin where `starts` says; the first word must begin one."""
    start = np.flatnonzero(starts)
    size = np.empty_like(start)
    size[:-1] = start[1:] - start[:-1]
    size[-1:] = len(starts) - start[-1:]
    of = starts.cumsum() - 1
    return Groups(of, np.arange(len(starts)) - start[of], start, size)
