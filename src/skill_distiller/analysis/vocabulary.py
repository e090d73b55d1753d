"""Texts as tokens, with what is known of each token: looked up once, however often it comes again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from threading import Lock
from typing import Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.lexicon import LEXICON, MARKS

Hashes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.intp]

_CJK: Final = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# Words, numbers, single CJK characters, runs of marks with the line ends among them.
_TOKEN: Final = re.compile(rf"[^\W\d_{_CJK}]+|(?:[^\w \t]|_){{1,8}}|\d+|[{_CJK}]")
_ASCII_TOKEN: Final = re.compile(r"[a-zA-Z]+|[^a-zA-Z0-9 \t]{1,8}|[0-9]+")  # the same on ASCII, faster
END: Final = ""  # stands after the last token of each text: no text is empty, and pairs see the edges

FORMS: Final = ("word", "foreign", "cjk", "number", "upper", "title")
CLASSES: Final = tuple(LEXICON)
TRAITS: Final = (*CLASSES, *MARKS, *FORMS)
TRAIT: Final = {name: i for i, name in enumerate(TRAITS)}
_CLASSES_OF: Final = {
    word: [i for i, name in enumerate(CLASSES) if word in LEXICON[name]]
    for word in sorted(frozenset[str]().union(*LEXICON.values()))
}
_LIMIT: Final = 300_000  # tokens; a process that meets more starts over
VOCABULARY_DEFINITION: Final = repr((1, _TOKEN.pattern, sorted(_CLASSES_OF.items()), TRAITS))


class Tokens(NamedTuple):
    """Several texts as one row of tokens, each text closed by END.

    `hashes` tell tokens apart whatever their case, numbers excepted; `shapes` only marks and
    scripts. `traits` has a column for each name in TRAITS. `words` flags the tokens made of letters
    or digits, `same` is the place of a token's first occurrence in the row. Text i begins at
    `starts[i]` and has `lengths[i]` tokens, END included.
    """

    hashes: Hashes
    shapes: Hashes
    traits: Counts
    words: Flags
    same: Places
    starts: Places
    lengths: Places


def split_tokens(text: str) -> list[str]:
    """The tokens of a text, in its own case."""
    return (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)


class _Numbers(dict[str, int]):
    """Gives a token that it does not hold the next number, and notes it as fresh."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: list[str] = []

    def __missing__(self, token: str) -> int:
        self[token] = number = len(self)
        self.fresh.append(token)
        return number


class Vocabulary:
    """What is known of the tokens met so far. Nothing it returns depends on what it met before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._clear()

    def read(self, texts: Sequence[Sequence[str]]) -> Tokens:
        """Texts, each split into tokens, as one row."""
        row: list[str] = []
        for tokens in texts:
            row += tokens
            row.append(END)
        lengths = np.fromiter(map(len, texts), dtype=np.intp, count=len(texts)) + 1
        with self._lock:
            if len(self._numbers) > _LIMIT:
                self._clear()
            numbers = np.fromiter(map(self._numbers.__getitem__, row), dtype=np.intp, count=len(row))
            if self._numbers.fresh:
                self._learn(self._numbers.fresh)
                self._numbers.fresh.clear()
            self._first[numbers[::-1]] = np.arange(len(row) - 1, -1, -1)
            known = (self._hashes, self._shapes, self._traits, self._words, self._first)
            found = [array.take(numbers, axis=0) for array in known]
        return Tokens(*found, np.cumsum(lengths) - lengths, lengths)

    def _clear(self) -> None:
        self._numbers = _Numbers()
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._shapes = np.zeros(0, dtype=np.uint64)
        self._traits = np.zeros((0, len(TRAITS)), dtype=np.uint8)
        self._words = np.zeros(0, dtype=bool)
        self._first = np.zeros(0, dtype=np.intp)

    def _learn(self, tokens: Sequence[str]) -> None:
        total = len(self._numbers)
        known = total - len(tokens)
        if total > len(self._hashes):
            for name in ("_hashes", "_shapes", "_traits", "_words", "_first"):
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.zeros((max(4096, total), *old.shape[1:]), old.dtype)]))
        self._hashes[known:total] = [text_hash("0" if t.isdigit() else t.lower()) for t in tokens]
        self._shapes[known:total] = [text_hash(_shape(t)) for t in tokens]
        self._words[known:total] = [t.isalnum() for t in tokens]
        for number, token in enumerate(tokens, known):
            for trait, count in _traits(token):
                self._traits[number, trait] = count


@lru_cache(maxsize=1)
def shared_vocabulary() -> Vocabulary:
    """One for the process: skills share nearly all of their words."""
    return Vocabulary()


def text_hash(text: str) -> int:
    """A number of 32 bits, the same in every process."""
    return crc32(text.encode("utf-8", "replace"))


def _shape(token: str) -> str:
    if token.isdigit():
        return "0"
    if not token.isalpha():
        return token
    return "w" if token.isascii() else "u"


def _traits(token: str) -> Iterator[tuple[int, int]]:
    if token.isalpha():
        yield from _word_traits(token)
    elif token.isalnum():
        yield TRAIT["number"], 1
    else:
        yield from ((TRAIT[mark], token.count(mark)) for mark in MARKS if mark in token)


def _word_traits(token: str) -> Iterator[tuple[int, int]]:
    yield from ((number, 1) for number in _CLASSES_OF.get(token.lower(), ()))
    yield TRAIT["word" if token.isascii() else "foreign" if token < "\u3040" else "cjk"], 1
    if len(token) > 1 and token.isupper():
        yield TRAIT["upper"], 1
    elif token[0].isupper():
        yield TRAIT["title"], 1
