"""Which words of a skill stand elsewhere in it, where it is safe to look for them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.rewriting.information.scorer import Places
from skill_distiller.rewriting.information.words import Words, equal_keys

Flags = npt.NDArray[np.bool_]

# Words that tell nothing about what a text is about.
STOP: Final = frozenset(
    "a an the and or but nor so of to in on at by for from with into onto via as than then this that these those it its"
    " is are was were be been being am has have had do does did will would can could there here which who whose what"
    " where when how why you your we our they them their i he she his her not no if also just very more most such each"
    " any all some other about over under up down out off through across between within per etc".split()
)


class Elsewhere(NamedTuple):
    """Flags by word of a row: says something at all; says something and stands elsewhere."""

    content: Flags
    there: Flags


def find_elsewhere(words: Words, block: Places, steady: Flags) -> Elsewhere:
    """Where the words of a skill stand besides their own block.

    `block` numbers the block of each word, rising; headings and the frontmatter are blocks too. What
    may lose text is looked for only before its own place, so that of two places that say the same
    one stays; what is `steady` (one flag a word) is looked for after it too.
    """
    content = np.array([word not in STOP and len(word) > 1 for word in words.texts], np.bool_)[words.number]
    places = np.flatnonzero(content)
    there = np.zeros(len(words.number), np.bool_)
    there[places] = _found(words.number[places], block[places], steady[places])
    return Elsewhere(content, there)


def _found(keys: Places, block: Places, steady: Flags) -> Flags:
    """Whether each key stands in an earlier block, or in a later one where it is steady."""
    order, starts = equal_keys(keys)
    if not len(starts):
        return np.zeros(0, np.bool_)
    sizes = np.diff(starts, append=len(keys))
    first = np.repeat(block[order[starts]], sizes)
    last = np.repeat(np.maximum.reduceat(np.where(steady, block, -1)[order], starts), sizes)
    found = np.empty(len(keys), np.bool_)
    found[order] = (first < block[order]) | (last > block[order])
    return found
