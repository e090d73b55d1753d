"""A router of words: the cosine of TF-IDF weights of words and of character n-grams, over numpy.

The weights are those of scikit-learn's TfidfVectorizer (sublinear_tf, smoothed idf, l2; words of two
characters and more without stop words, and `char_wb` 3-5-grams); a test compares them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.routing.expressions import routing_words

Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]
_WORD: Final = re.compile(r"\w\w+")
_LENGTHS: Final = (3, 4, 5)
_BLANK: Final = 32
_DIGITS: Final = 12  # of a similarity that count: what two ways of adding up give is alike, and a tie on any processor
# Odd numbers that a gram's characters are multiplied with; in 64 bits no two grams of a library meet.
_MIX: Final = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xFF51AFD7ED558CCD],
    dtype=np.uint64,
)


class Vector(NamedTuple):
    """Weights by the key of their term, keys ascending; of length 1, or empty."""

    keys: Keys
    weights: Floats


class Pair(NamedTuple):
    """A text in both readings."""

    words: Vector
    grams: Vector


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """The words that say nothing of what a skill is for."""
    return frozenset(routing_words()["stop_words"].split())


def word_list(text: str) -> list[str]:
    """The words of a text that are weighed, lower case, in order."""
    stopped = stop_words()
    return [word for word in _WORD.findall(text.lower()) if word not in stopped]


def gram_keys(text: str) -> Keys:
    """The 3- to 5-grams inside the words of a text, a blank on either side of each word, as keys."""
    padded = "".join(f" {word} " for word in text.lower().split())
    codes = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    # Two blanks in a row are the seam of two words: no gram reaches over it.
    seam = np.concatenate(([0], np.cumsum((codes[:-1] == _BLANK) & (codes[1:] == _BLANK)))) if len(codes) else codes
    found = []
    for length in _LENGTHS:
        count = len(codes) - length + 1
        if count <= 0:
            continue
        keys = np.full(count, length, dtype=np.uint64)
        for offset in range(length):
            keys = (keys ^ codes[offset : offset + count]) * _MIX[offset]
            keys ^= keys >> np.uint64(29)
        found.append(keys[seam[length - 1 :] == seam[:count]])
    return np.concatenate(found) if found else np.empty(0, dtype=np.uint64)


def _word_keys(text: str) -> Keys:
    """The words as keys: what their characters hash to, each at its place."""
    keys = []
    for word in word_list(text):
        key = 0
        for character in word:
            key = (key * 0x100000001B3 ^ ord(character)) & 0xFFFFFFFFFFFFFFFF
        keys.append(key)
    return np.array(keys, dtype=np.uint64)


_READERS: Final = (_word_keys, gram_keys)


@dataclass(frozen=True, eq=False)
class Weights:
    """How rare terms are among the texts of a library: one document count a term, in both readings."""

    texts: tuple[str, ...]

    @cached_property
    def _counted(self) -> list[tuple[Keys, Floats]]:
        """For each reading the terms, and what each weighs."""
        found = []
        for read in _READERS:
            keys = [np.unique(read(text)) for text in self.texts]
            terms, counts = np.unique(np.concatenate(keys), return_counts=True) if keys else (read(""), np.empty(0))
            found.append((terms, self._rarity(counts)))
        return found

    def _rarity(self, counts: npt.NDArray[np.intp] | Floats) -> Floats:
        return np.log((1 + len(self.texts)) / (1 + np.asarray(counts, dtype=np.float64))) + 1

    def rarity(self, word: str) -> float:
        """What a word weighs by its rarity alone."""
        keys, weights = self._counted[0]
        own = _word_keys(word)
        return float(self._look_up(keys, weights, own)[0]) if len(own) else 0.0

    def _look_up(self, terms: Keys, weights: Floats, wanted: Keys) -> Floats:
        unseen = math.log(1 + len(self.texts)) + 1
        if not len(terms):
            return np.full(len(wanted), unseen)
        at = np.minimum(np.searchsorted(terms, wanted), len(terms) - 1)
        return np.where(terms[at] == wanted, weights[at], unseen)

    def read(self, text: str) -> Pair:
        """The weights of a text in both readings."""
        vectors = []
        for read, (terms, weights) in zip(_READERS, self._counted, strict=True):
            keys, counts = np.unique(read(text), return_counts=True)
            weighed = (1 + np.log(counts)) * self._look_up(terms, weights, keys)
            length = float(np.sqrt(weighed @ weighed))
            vectors.append(Vector(keys, weighed / length if length else weighed))
        return Pair(*vectors)


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of two vectors, 0-1."""
    if len(one.keys) > len(other.keys):
        one, other = other, one
    if not len(one.keys):
        return 0.0
    at = np.minimum(np.searchsorted(other.keys, one.keys), len(other.keys) - 1)
    return float(np.where(other.keys[at] == one.keys, one.weights * other.weights[at], 0.0).sum())


def similarity(one: Pair, other: Pair) -> float:
    """How alike two texts are, 0-2: the cosine of their words and that of their grams."""
    return round(cosine(one.words, other.words) + cosine(one.grams, other.grams), _DIGITS)


class Index:
    """Texts laid out so that one more is compared with all of them at once."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._readings = [_Reading([pair[place] for pair in pairs]) for place in range(len(_READERS))]

    def similarities(self, pair: Pair) -> Floats:
        """How alike each of the texts is to one, 0-2, in order."""
        words, grams = (reading.cosines(vector) for reading, vector in zip(self._readings, pair, strict=True))
        return np.round(words + grams, _DIGITS)


class _Reading:
    """The vectors of one reading, by term."""

    def __init__(self, vectors: Sequence[Vector]) -> None:
        self._count = len(vectors)
        keys = np.concatenate([vector.keys for vector in vectors]) if vectors else np.empty(0, dtype=np.uint64)
        owners = np.repeat(np.arange(self._count), [len(vector.keys) for vector in vectors])
        order = np.argsort(keys, kind="stable")
        self._keys, self._owners = keys[order], owners[order]
        self._weights = np.concatenate([vector.weights for vector in vectors])[order] if vectors else np.empty(0)

    def cosines(self, vector: Vector) -> Floats:
        first = np.searchsorted(self._keys, vector.keys, side="left")
        counts = np.searchsorted(self._keys, vector.keys, side="right") - first
        total = int(counts.sum())
        if not total:
            return np.zeros(self._count)
        places = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts) + np.arange(total)
        weights = np.repeat(vector.weights, counts) * self._weights[places]
        return np.bincount(self._owners[places], weights=weights, minlength=self._count).astype(np.float64)


def telling_words(weights: Weights, text: str, most: int) -> list[str]:
    """The words of a text with the largest weights, the first of equal ones first."""
    counted: Mapping[str, int] = _counts(word_list(text))
    ranked = sorted(counted, key=lambda word: -(1 + math.log(counted[word])) * weights.rarity(word))
    return ranked[:most]


def _counts(words: Iterable[str]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for word in words:
        counted[word] = counted.get(word, 0) + 1
    return counted
