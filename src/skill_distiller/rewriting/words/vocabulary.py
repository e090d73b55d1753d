"""The chunks a text is cut into, and what is known of each: worked out once, read by number."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from functools import cache
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


class _Described(dict[str, int]):
    """Texts -> the number of the row that describes them, worked out as they are looked up."""

    def __init__(self, describe: Callable[[str], tuple[int, ...]]) -> None:
        super().__init__()
        self._describe = describe
        self._rows = array("q")

    def __missing__(self, text: str) -> int:
        self._rows.extend(self._describe(text))
        number = self[text] = len(self)
        return number

    def take(self, numbers: Ints) -> Ints:
        """The rows of some texts, one below the other."""
        return np.frombuffer(self._rows, np.int64).reshape(len(self), -1).take(numbers, 0)


class Vocabulary(dict[str, int]):
    """Chunks by text -> their number; a chunk not seen before is described as it is looked up.

    `read` gives the columns of many chunks at once. Safe to share between threads.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._empty()

    def __missing__(self, chunk: str) -> int:
        core, marks, length, at, size = cut(chunk)
        self._fresh.extend((self._words[core], self._marks[marks], length, at, size))
        number = self[chunk] = len(self)
        return number

    def read(self, chunks: Sequence[str]) -> tuple[Ints, Bools]:
        """The numbers (`NUMBERS` x chunks) and flags (`FLAGS` x chunks) of chunks, in order."""
        with self._lock:
            if len(self) > _ROOM:
                self._empty()
            ids = np.fromiter(map(self.__getitem__, chunks), np.int64, len(chunks))
            if self._fresh:
                self._add()
            numbers, flags = self._numbers.take(ids, 0), self._flags.take(ids, 0)
        return np.ascontiguousarray(numbers.T), np.ascontiguousarray(flags.T)

    def _empty(self) -> None:
        self.clear()
        self._words, self._marks = _Described(describe_word), _Described(describe_marks)
        self._fresh = array("q")
        self._count = 0
        self._numbers = np.zeros((1024, NUMBERS), np.int64)
        self._flags = np.zeros((1024, FLAGS), np.bool_)

    def _add(self) -> None:
        fresh = np.array(self._fresh, np.int64).reshape(-1, 5)
        self._fresh = array("q")
        words, marks = self._words.take(fresh[:, 0]), self._marks.take(fresh[:, 1])
        old, new = self._count, self._count + len(fresh)
        if new > len(self._numbers):
            room = max(new, 2 * len(self._numbers))
            self._numbers = _longer(self._numbers, room)
            self._flags = _longer(self._flags, room)
        self._numbers[old:new] = np.hstack((words[:, :-1], marks[:, :-1], fresh[:, 2:]))
        of_word, of_marks = words[:, -1:], marks[:, -1:]
        bits = of_word | np.where(of_word >> ABBREVIATED & 1, of_marks & ~ENDS, of_marks)
        self._flags[old:new] = bits >> np.arange(FLAGS) & 1
        self._count = new


@cache
def shared_vocabulary() -> Vocabulary:
    """The vocabulary of this process."""
    return Vocabulary()


def _longer(rows: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    longer = np.zeros((room, rows.shape[1]), rows.dtype)
    longer[: len(rows)] = rows
    return longer
