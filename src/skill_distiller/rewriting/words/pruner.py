"""The word pruner: find the words of a skill that can go, with a trained model of what careful editors delete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.language.facts import Span
from skill_distiller.rewriting.edits import Edit
from skill_distiller.rewriting.words.word_kinds import CLASSES, Flag, Ints, Number
from skill_distiller.rewriting.words.word_table import Column, WordTable, ahead, back
from skill_distiller.skill.model import Skill
from skill_distiller.weights import Arrays

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


def hashed_windows(table: WordTable) -> Ints:
    """The bucket of every window of every word (windows x words)."""
    mixed = np.stack(_columns(table))
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


def _columns(table: WordTable) -> list[npt.NDArray[np.uint32]]:
    """The columns that windows are made of, in the order of `COLUMNS`."""
    word, kind = table.numbers[Number.WORD].astype(np.uint32), table.numbers[Number.CLASS].astype(np.uint32)
    lead, after = table.numbers[Number.LEAD], table.numbers[Number.TRAIL]
    before = np.where(lead > 0, lead, back(after))
    sentences, clauses = table.sentences, table.clauses
    place = np.minimum(sentences.position, 6) * 2 + (ahead(sentences.of) != sentences.of)
    edge = (back(clauses.of) != clauses.of) + (ahead(clauses.of) != clauses.of) * 2
    form = table.states.in_list + 2 * table.states.bold + 4 * table.states.bracketed + 8 * edge
    locks = back(table.states.locked) + 2 * ahead(table.states.locked)
    w_1, w1, c_1, c1 = back(word), ahead(word), back(kind), ahead(kind)
    three = (c_1 * 32 + kind) * 32 + c1
    columns = (
        back(w_1), w_1, word, w1, ahead(w1), c_1, kind, c1, three, three + (back(c_1) + 1 << 15),
        word[sentences.start][sentences.of], place, before * 10 + after, form, locks,
    )  # fmt: skip
    return [column.astype(np.uint32) for column in (*columns, np.zeros_like(word))]


def dense_columns(table: WordTable, score: Floats) -> Floats:
    """The columns of `DENSE` (columns x words); `score` are the linear model's."""
    dense = np.empty((len(DENSE), len(score)), np.float32)
    columns = (*_scores(table, score), *_places(table), *_repetition(table))
    for row, column in zip(dense, columns, strict=True):
        row[:] = column
    np.log1p(dense[_LOGGED], out=dense[_LOGGED])
    return dense


def _scores(table: WordTable, score: Floats) -> Iterator[Column]:
    """Linear scores of the words around, and of the sentence, clause and list item as wholes."""
    before, after = back(score), ahead(score)
    yield from (score, before, after, back(before), ahead(after))
    for groups in (table.sentences, table.clauses):
        yield groups.mean(score)
        yield np.minimum.reduceat(score, groups.start)[groups.of]
        yield np.maximum.reduceat(score, groups.start)[groups.of]
    yield table.items.mean(score)
    yield table.sentences.mean(table.states.locked.astype(np.float32))


def _places(table: WordTable) -> Iterator[Column]:
    """Where a word stands; the counts first."""
    sentences, items, units = table.sentences, table.items, table.units
    for groups in (sentences, table.clauses):
        position, size = groups.position, groups.size[groups.of]
        yield from (size, position, size - position)
    yield items.size[items.of]
    yield units.size[units.of]
    yield sentences.of - sentences.of[items.start][items.of]
    yield items.of - items.of[units.start][units.of]
    yield table.numbers[Number.CORE_LENGTH]
    yield np.arange(len(items.of)) / len(items.of)
    states, flags = table.states, table.flags
    yield from (states.in_list, states.bold, states.bracketed, flags[Flag.CONTENT], flags[Flag.TRAILS])
    yield from (states.locked, back(states.locked), ahead(states.locked))


def _repetition(table: WordTable) -> Iterator[Column]:
    """Where else in the skill a word stands, and whether it stood before."""
    word = table.numbers[Number.WORD] & (1 << _SEEN) - 1
    yield np.log1p(np.bincount(word, minlength=1 << _SEEN)[word])
    here = np.arange(len(word))
    first = np.empty(1 << _SEEN, np.int64)
    first[word[::-1]] = here[::-1]
    first = first[word]
    units = table.units.of
    earlier = units[first] < units
    yield from (earlier, ~earlier & (first < here))


def definition() -> str:
    """What weights are fitted on: they are refused where this differs."""
    windows = "; ".join(map(" ".join, WINDOWS))
    return f"words 1; {BUCKET_BITS} bits; {windows}; {', '.join(DENSE)}; {CLASSES} classes"


WEIGHTS: Final = "words"  # the file of weights that ships with the package


@dataclass(frozen=True, eq=False)
class WordPruner:
    """Finds what can be deleted from prose; without `weights` by those that ship with the package."""

    weights: Arrays | None = None

    def edits(
        self, skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]
    ) -> dict[int, tuple[Edit, ...]]:
        """The possible edits of the blocks `prose` (indices of paragraphs, lists and list items), by block.

        No edit overlaps another or a span of `locked`; the edits below any strength give a text to
        read. Text that is not English has none. Raises WeightsError where the weights are missing or
        were fitted for other code.
        """
        from skill_distiller.rewriting.words.deletions import form_edits
        from skill_distiller.rewriting.words.word_table import read_words
        from skill_distiller.weights import single_thread

        table = read_words(skill, prose, locked)
        if table is None:
            return {}
        with single_thread():
            probabilities = self._model.probabilities(table)
        return form_edits(skill, table, probabilities)

    @cached_property
    def _model(self) -> WordModel:
        return _shipped() if self.weights is None else WordModel.of(self.weights)


@lru_cache(maxsize=1)
def _shipped() -> WordModel:
    from skill_distiller.weights import load_weights

    return WordModel.of(load_weights(WEIGHTS, definition()))


CLIP: Final = 5.0  # standard deviations that a column is cut at
HOPELESS: Final = -1.5  # the linear score (log-odds) below which no word is looked at twice


@dataclass(frozen=True)
class WordModel:
    """A linear model over hashed windows, and a small network over its scores and dense columns.

    `weights` has one int8 a bucket, times `scale` plus `bias` a log-odds; `low` and `high` cut the dense
    columns; `hidden`, `hidden_bias`, `out` and `out_bias` are the network's.
    """

    weights: npt.NDArray[np.int8]
    scale: float
    bias: float
    low: Floats
    high: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: float

    @classmethod
    def of(cls, arrays: Arrays) -> WordModel:
        """The model that `arrays` hold; the columns' standardisation is folded into the first layer."""
        mean, spread = arrays["mean"].astype(np.float32), arrays["spread"].astype(np.float32)
        hidden = arrays["hidden"].astype(np.float32) / spread[:, None]
        return cls(
            arrays["weights"],
            float(arrays["scale"]),
            float(arrays["bias"]),
            (mean - CLIP * spread)[:, None],
            (mean + CLIP * spread)[:, None],
            np.ascontiguousarray(hidden.T),
            (arrays["hidden_bias"].astype(np.float32) - mean @ hidden)[:, None],
            arrays["out"].astype(np.float32),
            float(arrays["out_bias"]),
        )

    def linear_scores(self, table: WordTable) -> Floats:
        """The linear model's log-odds of every word."""
        total = self.weights.take(hashed_windows(table)).sum(0, dtype=np.int32)
        score: Floats = total.astype(np.float32) * np.float32(self.scale) + np.float32(self.bias)
        return score

    def probabilities(self, table: WordTable, *, everything: bool = False) -> Floats:
        """P(drop) of every word: 0 for locked words and hopeless ones, unless `everything` is asked for."""
        score = self.linear_scores(table)
        rows = np.arange(len(score)) if everything else np.flatnonzero(~table.states.locked & (score > HOPELESS))
        columns = dense_columns(table, score).take(rows, 1)
        np.clip(columns, self.low, self.high, out=columns)
        active = np.maximum(self.hidden @ columns + self.hidden_bias, 0)
        result = np.zeros(len(score), np.float32)
        result[rows] = 1 / (1 + np.exp(-(self.out @ active + np.float32(self.out_bias))))
        return result
