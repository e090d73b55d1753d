"""The words of a text in one row: where each stands and which of them are the same."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from skill_distiller.rewriting.information.scorer import Places

WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")

_CUT: Final = re.compile(f"({WORD.pattern})")


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
    pieces = _CUT.split(text)  # what is no word, a word, what is no word, …
    edges = np.cumsum(np.fromiter(map(len, pieces), np.int64, len(pieces)))
    numbers: dict[str, int] = {}
    number = [numbers.setdefault(word, len(numbers)) for word in map(str.lower, pieces[1::2])]
    return Words(edges[:-1:2], edges[1::2], np.array(number, np.int64), tuple(numbers))


def equal_keys(keys: Places) -> tuple[Places, Places]:
    """The places of a row in order of their keys, equal ones in order of place; and where in it each new key begins."""
    order = np.argsort(keys, kind="stable")
    in_order = keys[order]
    new = np.ones(len(keys), np.bool_)
    new[1:] = in_order[1:] != in_order[:-1]
    return order, np.flatnonzero(new)


def earlier(keys: Places) -> Places:
    """For each place of a row, how often its key stands before it."""
    order, starts = equal_keys(keys)
    count = np.empty_like(keys)
    count[order] = np.arange(len(keys)) - np.repeat(starts, np.diff(starts, append=len(keys)))
    return count
