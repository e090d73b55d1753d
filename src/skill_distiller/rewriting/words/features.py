"""What the word model sees: hashed windows of words, and columns of what a word stands in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.rewriting.words import word_kinds as w
from skill_distiller.rewriting.words.vocabulary import Ints
from skill_distiller.rewriting.words.word_table import Column, Stream, ahead, back

BUCKET_BITS: Final = 17
# Each window is up to three columns hashed together: wN a word and cN its class N places on, `ccc` the
# classes of the word and both neighbours, `cccc` with one more before, `first` the first word of the sentence,
# `place` the position in the sentence, `marks` the punctuation around it, `form` list, bold, brackets and ends
# of the clause, `locks` whether the neighbours are locked.
COLUMNS: Final = tuple("w-2 w-1 w0 w1 w2 c-1 c0 c1 ccc cccc first place marks form locks none".split())
WINDOWS: Final = tuple(
    tuple(window.split())
    for window in (
        "w-2", "w-1", "w0", "w1", "w2", "w-1 w0", "w0 w1", "w0 c1", "w0 c-1", "cccc", "w0 marks", "ccc marks",
        "w0 place", "c0 place form", "first c0", "first w0", "w0 form", "w0 locks",
        "c0 marks place", "c0 locks form",
    )
)  # fmt: skip
_SCORES: Final = (
    *("score", "score-1", "score+1", "score-2", "score+2"),
    *(f"{group} {what}" for group in ("sentence", "clause") for what in ("mean", "least", "most")),
    *("item mean", "sentence locked"),
)
_COUNTS: Final = (
    *(f"{group} {what}" for group in ("sentence", "clause") for what in ("words", "before", "after")),
    "item words", "unit words", "sentence number", "item number", "length",
)  # fmt: skip
_STATES: Final = ("place in skill", *"list bold bracket content trails locked locked-1 locked+1".split())
DENSE: Final = (*_SCORES, *_COUNTS, *_STATES, "count", "earlier", "same")
_LOGGED: Final = slice(len(_SCORES), len(_SCORES) + len(_COUNTS))
_SEEN: Final = 14  # bits of a table of words
_FACTORS: Final = (0x9E3779B1, 0x85EBCA6B)  # odd, without pattern
_TERMS: Final = tuple(
    np.array([COLUMNS.index((*window, "none", "none")[term]) for window in WINDOWS]) for term in range(3)
)
_SALTS: Final = (np.arange(len(WINDOWS), dtype=np.uint32)[:, None] * 2 + 1) * np.uint32(0xC2B2AE35)
Floats = npt.NDArray[np.float32]


def hashed_windows(stream: Stream) -> Ints:
    """The bucket of every window of every word (windows x words)."""
    mixed = np.stack(_columns(stream))
    mixed *= np.uint32(_FACTORS[0])
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(_FACTORS[1])
    total = mixed[_TERMS[0]]
    total *= _SALTS
    for factor, terms in zip(_FACTORS, _TERMS[1:], strict=True):
        more = mixed[terms]
        more *= np.uint32(factor)
        total += more
    total >>= np.uint32(32 - BUCKET_BITS)
    buckets: Ints = total.astype(np.int64)
    return buckets


def _columns(stream: Stream) -> list[npt.NDArray[np.uint32]]:
    """The columns that windows are made of, in the order of `COLUMNS`."""
    word, kind = stream.numbers[w.WORD].astype(np.uint32), stream.numbers[w.CLASS].astype(np.uint32)
    before, after = marks(stream)
    sentences, clauses = stream.sentences, stream.clauses
    place = np.minimum(sentences.position, 6) * 2 + (ahead(sentences.of) != sentences.of)
    edge = (back(clauses.of) != clauses.of) + (ahead(clauses.of) != clauses.of) * 2
    form = stream.is_list + 2 * stream.bold + 4 * stream.open + 8 * edge
    locks = back(stream.locked) + 2 * ahead(stream.locked)
    w_1, w1, c_1, c1 = back(word), ahead(word), back(kind), ahead(kind)
    three = (c_1 * 32 + kind) * 32 + c1
    columns = (
        back(w_1), w_1, word, w1, ahead(w1), c_1, kind, c1, three, three + (back(c_1) + 1 << 15),
        word[sentences.start][sentences.of], place, before * 10 + after, form, locks,
    )  # fmt: skip
    return [column.astype(np.uint32) for column in (*columns, np.zeros_like(word))]


def marks(stream: Stream) -> tuple[Ints, Ints]:
    """The punctuation before and after each word, as numbers 0-9."""
    lead, after = stream.numbers[w.LEAD], stream.numbers[w.TRAIL]
    return np.where(lead > 0, lead, back(after)), after


def dense_columns(stream: Stream, score: Floats) -> Floats:
    """The columns of `DENSE` (columns x words); `score` are the linear model's."""
    table = np.empty((len(DENSE), len(score)), np.float32)
    columns = (*_scores(stream, score), *_places(stream), *_repetition(stream))
    for row, column in zip(table, columns, strict=True):
        row[:] = column
    np.log1p(table[_LOGGED], out=table[_LOGGED])
    return table


def _scores(stream: Stream, score: Floats) -> Iterator[Column]:
    """Linear scores of the words around, and of the sentence, clause and list item as wholes."""
    before, after = back(score), ahead(score)
    yield from (score, before, after, back(before), ahead(after))
    for groups in (stream.sentences, stream.clauses):
        of, start = groups.of, groups.start
        yield (np.add.reduceat(score, start) / groups.size)[of]
        yield np.minimum.reduceat(score, start)[of]
        yield np.maximum.reduceat(score, start)[of]
    items = stream.items
    yield (np.add.reduceat(score, items.start) / items.size)[items.of]
    sentences = stream.sentences
    yield (np.add.reduceat(stream.locked.astype(np.float32), sentences.start) / sentences.size)[sentences.of]


def _places(stream: Stream) -> Iterator[Column]:
    """Where a word stands; the counts first."""
    sentences, items, units = stream.sentences, stream.items, stream.units
    for groups in (sentences, stream.clauses):
        position, size = groups.position, groups.size[groups.of]
        yield from (size, position, size - position)
    yield items.size[items.of]
    yield units.size[units.of]
    yield sentences.of - sentences.of[items.start][items.of]
    yield items.of - items.of[units.start][units.of]
    yield stream.numbers[w.CORE_LENGTH]
    yield np.arange(len(items.of)) / len(items.of)
    locked = stream.locked
    yield from (stream.is_list, stream.bold, stream.open, stream.flags[w.CONTENT], stream.flags[w.TRAILS])
    yield from (locked, back(locked), ahead(locked))


def _repetition(stream: Stream) -> Iterator[Column]:
    """Where else in the skill a word stands, and whether it stood before."""
    word = stream.numbers[w.WORD] & (1 << _SEEN) - 1
    yield np.log1p(np.bincount(word, minlength=1 << _SEEN)[word])
    here = np.arange(len(word))
    first = np.empty(1 << _SEEN, np.int64)
    first[word[::-1]] = here[::-1]
    first = first[word]
    earlier = stream.unit[first] < stream.unit
    yield from (earlier, ~earlier & (first < here))


def definition() -> str:
    """What weights are fitted on: they are refused where this differs."""
    windows = "; ".join(map(" ".join, WINDOWS))
    return f"words 1; {BUCKET_BITS} bits; {windows}; {', '.join(DENSE)}; {w.CLASSES} classes"
