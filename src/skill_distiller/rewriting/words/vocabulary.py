"""The chunks a text is cut into, and what is known of each: worked out once, read by number."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, count
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skill_distiller.rewriting.words.word_kinds import (
    ABBREVIATED,
    ENDS,
    FLAGS,
    NUMBERS,
    cut,
    describe_marks,
    describe_word,
)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A word with the space before it, or other white space; code spans and links are one word each.
CHUNK: Final = re.compile(
    r" ?[^\s`\[]++(?:`[^`\n]++`[^\s`\[]*+|[`\[][^\s`\[]*+)*+"
    r"| ?(?:`[^`\n]++`|!?\[[^\[\]\n]{0,300}+\]\([^()\n]{0,500}+\)|[`\[])(?:[^\s`\[]++|`[^`\n]++`|[`\[])*+|\s++"
)
PAD: Final = ""  # the chunk that stands between blocks
_ROOM: Final = 1 << 17  # chunks remembered at most


class _Described:
    """Texts with the rows of numbers that describe them, worked out when they are first asked for."""

    def __init__(self, describe: Callable[[str], tuple[int, ...]]) -> None:
        self._describe = describe
        self._places: dict[str, int] = {}
        self._rows = array("q")

    def rows(self, texts: Sequence[str]) -> Ints:
        """The rows of some texts, one below the other."""
        fresh = set(texts).difference(self._places)
        self._rows.extend(chain.from_iterable(map(self._describe, fresh)))
        self._places.update(zip(fresh, count(len(self._places))))
        rows = np.frombuffer(self._rows, np.int64).reshape(len(self._places), -1)
        return rows.take(_places_of(texts, self._places), 0)


class Vocabulary:
    """Chunks with what is known of each; one not seen before is described as it is read.

    `read` gives the columns of many chunks at once. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._empty()

    def read(self, chunks: Sequence[str]) -> tuple[Ints, Bools]:
        """The numbers (`NUMBERS` x chunks) and flags (`FLAGS` x chunks) of chunks, in order."""
        with self._lock:
            if len(self._places) > _ROOM:
                self._empty()
            fresh = list(set(chunks).difference(self._places))
            if fresh:
                self._add(fresh)
            places = _places_of(chunks, self._places)
            numbers, flags = self._numbers.take(places, 0), self._flags.take(places, 0)
        return np.ascontiguousarray(numbers.T), np.ascontiguousarray(flags.T)

    def _empty(self) -> None:
        self._places: dict[str, int] = {}
        self._words, self._marks = _Described(describe_word), _Described(describe_marks)
        self._numbers = np.zeros((1024, NUMBERS), np.int64)
        self._flags = np.zeros((1024, FLAGS), np.bool_)

    def _add(self, fresh: Sequence[str]) -> None:
        cores, bare_marks, *sizes = zip(*map(cut, fresh), strict=True)
        words, marks = self._words.rows(cores), self._marks.rows(bare_marks)
        old, new = len(self._places), len(self._places) + len(fresh)
        if new > len(self._numbers):
            room = max(new, 2 * len(self._numbers))
            self._numbers = _longer(self._numbers, room)
            self._flags = _longer(self._flags, room)
        self._numbers[old:new] = np.hstack((words[:, :-1], marks[:, :-1], np.array(sizes, np.int64).T))
        of_word, of_marks = words[:, -1:], marks[:, -1:]
        bits = of_word | np.where(of_word >> ABBREVIATED & 1, of_marks & ~ENDS, of_marks)
        self._flags[old:new] = bits >> np.arange(FLAGS) & 1
        self._places.update(zip(fresh, range(old, new), strict=True))


@cache
def shared_vocabulary() -> Vocabulary:
    """The vocabulary of this process."""
    return Vocabulary()


def _places_of(texts: Sequence[str], places: Mapping[str, int]) -> Ints:
    return np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))


def _longer(rows: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    longer = np.zeros((room, rows.shape[1]), rows.dtype)
    longer[: len(rows)] = rows
    return longer
