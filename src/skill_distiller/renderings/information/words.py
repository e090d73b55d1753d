"""The words of a text in one row: where each stands and which of them are the same."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from skill_distiller.renderings.information.scorer import Places

WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


class Words(NamedTuple):
    """`start` and `end` are offsets, half-open; `number` tells different words apart, whatever their case.

    `texts` has the lower-case text of each number.
    """

    start: Places
    end: Places
    number: Places
    texts: tuple[str, ...]


@lru_cache(maxsize=2)
def read_words(text: str) -> Words:
    """The words of a text, numbers and marks left out."""
    found = WORD.findall(text)
    spans = np.array([match.span() for match in WORD.finditer(text)], np.int64).reshape(-1, 2)
    numbers: dict[str, int] = {}
    number = [numbers.setdefault(word, len(numbers)) for word in map(str.lower, found)]
    return Words(spans[:, 0], spans[:, 1], np.array(number, np.int64), tuple(numbers))


def earlier(keys: Places) -> Places:
    """For each place of a row, how often its key stands before it."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = in_order[1:] != in_order[:-1]
    starts = np.flatnonzero(first)
    count = np.empty_like(keys)
    count[order] = np.arange(len(keys)) - np.repeat(starts, np.diff(starts, append=len(keys)))
    return count
