"""Train the word model of the `pruned` rendering, and measure it on repositories it has not seen.

A logistic model on hashed windows of words, then a small network on its scores and the columns
around each word, fitted on scores that the first gave to repositories it was not fitted on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, vstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from lab.common.tightenings import DELETED, TightenedSkill, prose_of
from skill_distiller.rewriting.edits import Edit, apply_edits
from skill_distiller.rewriting.words.pruner import (
    BUCKET_BITS,
    CLIP,
    WordModel,
    WordPruner,
    dense_columns,
    hashed_windows,
)
from skill_distiller.rewriting.words.word_kinds import Flag
from skill_distiller.tokens import TokenCounter, load_counter

FOLDS: Final = 5
SHARES: Final = (0.05, 0.1, 0.2, 0.3)
STRENGTHS: Final = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_PENALTY: Final = 0.03  # the inverse of the logistic model's
_HIDDEN: Final = 12  # units a network
_SEEDS: Final = (0, 1, 2, 3)  # networks side by side
_EPOCHS: Final = 4
Words = Sequence[TightenedSkill]
Scores = npt.NDArray[np.float64]


def train_words(data: Words, leave_out: frozenset[str] = frozenset()) -> dict[str, npt.NDArray[Any]]:
    """The weights fitted on all skills but those of the repositories `leave_out`."""
    skills = [skill for skill in data if skill.repo not in leave_out]
    with threadpool_limits(1):
        return _fit([_Rows.of(skill) for skill in skills], [skill.repo for skill in skills])


def model_without(data: Words, repo: str) -> WordPruner:
    """A pruner that has not seen the skills of a repository."""
    return WordPruner(train_words(data, frozenset((repo,))))


@dataclass(frozen=True)
class _Rows:
    """What is fitted on: a skill with the buckets of all its words, and sparse for those with a label."""

    skill: TightenedSkill
    buckets: npt.NDArray[np.int64]
    sparse: Any
    labels: npt.NDArray[np.int8]

    @classmethod
    def of(cls, skill: TightenedSkill) -> _Rows:
        buckets = hashed_windows(skill.table)
        known = np.ascontiguousarray(buckets[:, skill.labelled].T)
        ends = np.arange(0, known.size + 1, known.shape[1])
        sparse = csr_matrix((np.ones(known.size, np.float32), known.ravel(), ends), (len(known), 1 << BUCKET_BITS))
        return cls(skill, buckets, sparse, skill.labels[skill.labelled])

    def dense(self, weights: Scores, bias: float) -> npt.NDArray[np.float32]:
        """The columns of the words with a label, by a linear model's scores."""
        score = (weights[self.buckets].sum(0) + bias).astype(np.float32)
        return dense_columns(self.skill.table, score)[:, self.skill.labelled].T


def _fit(rows: Sequence[_Rows], repos: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
    inputs = dict[int, npt.NDArray[np.float32]]()
    for seen, unseen in split(repos):
        weights, bias = _linear([rows[i] for i in seen])
        inputs |= {i: rows[i].dense(weights, bias) for i in unseen}
    labels = np.concatenate([row.labels for row in rows])
    network = _networks(np.concatenate([inputs[i] for i in range(len(rows))]), labels)
    weights, bias = _linear(rows)
    scale = np.abs(weights).max() / 127
    return {
        "weights": np.rint(weights / scale).astype(np.int8),
        "scale": np.float32(scale),
        "bias": np.float32(bias),
        **network,
    }


def split(repos: Sequence[str], folds: int = FOLDS) -> Iterator[tuple[list[int], list[int]]]:
    """Pairs of what is fitted on and what is held back, no repository on both sides."""
    groups = sorted(set(repos))
    numbers = [groups.index(repo) for repo in repos]
    for seen, unseen in GroupKFold(min(folds, len(groups))).split(numbers, groups=numbers):
        yield seen.tolist(), unseen.tolist()


def _linear(rows: Sequence[_Rows]) -> tuple[Scores, float]:
    """A logistic model's weight of each bucket, and its bias."""
    labels = np.concatenate([row.labels for row in rows])
    model = LogisticRegression(C=_PENALTY, solver="liblinear", tol=1e-2, random_state=0)
    model.fit(vstack([row.sparse for row in rows]), labels)
    return model.coef_[0], float(model.intercept_[0])


def _networks(inputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int8]) -> dict[str, npt.NDArray[Any]]:
    """Networks of one hidden layer from different starts, side by side in one."""
    mean, spread = inputs.mean(0), inputs.std(0) + np.float32(1e-3)
    standard = np.clip((inputs - mean) / spread, -CLIP, CLIP)
    models = [_network(standard, labels, seed) for seed in _SEEDS]
    return {
        "mean": mean,
        "spread": spread,
        "hidden": np.concatenate([model.coefs_[0] for model in models], 1).astype(np.float32),
        "hidden_bias": np.concatenate([model.intercepts_[0] for model in models]).astype(np.float32),
        "out": (np.concatenate([model.coefs_[1][:, 0] for model in models]) / len(models)).astype(np.float32),
        "out_bias": np.float32(np.mean([model.intercepts_[1][0] for model in models])),
    }


def _network(inputs: npt.NDArray[np.float32], labels: npt.NDArray[np.int8], seed: int) -> MLPClassifier:
    model = MLPClassifier(
        (_HIDDEN,), max_iter=_EPOCHS, alpha=0.1, random_state=seed, learning_rate_init=2e-3, batch_size=256
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early on purpose
        return model.fit(inputs, labels)


@dataclass(frozen=True, slots=True)
class Precision:
    """How well words are ranked: AUC, and the share really deleted among the first `SHARES` of the words."""

    words: int
    auc: float
    at_shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """Words whose P(drop) lies in `low`..`high`: how many, P(drop) on average, the share really deleted."""

    low: float
    high: float
    words: int
    expected: float
    deleted: float


@dataclass(frozen=True, slots=True)
class DialRow:
    """What the edits delete at a strength, against the editors; all shares 0-1.

    `words` is the share of words deleted, `precision` how many of those the editors deleted too,
    `content` the share of the deleted that say something, with their own precision; `saved` the
    share of the prose's tokens.
    """

    strength: float
    words: float
    precision: float
    content: float
    content_precision: float
    saved: float


@dataclass(frozen=True, slots=True)
class WordReport:
    """The word model on repositories that it was not fitted on."""

    skills: int
    repos: int
    all_words: Precision
    unlocked: Precision
    folds: tuple[Precision, ...]
    calibration: tuple[CalibrationRow, ...]
    dial: tuple[DialRow, ...]


def validate_words(data: Words) -> WordReport:
    """Measure by leave-repositories-out cross-validation."""
    judged = _cross_validated(data)
    labels = [skill.labels[skill.labelled] for skill in data]
    drop = [one.drop[skill.labelled] for one, skill in zip(judged, data, strict=True)]
    free = np.concatenate([~skill.table.states.locked[skill.labelled] for skill in data])
    every, chance = np.concatenate(labels), np.concatenate(drop)
    folds = sorted({one.fold for one in judged})
    return WordReport(
        len(data),
        len({skill.repo for skill in data}),
        _precision(every, chance),
        _precision(every[free], chance[free]),
        tuple(
            _precision(*(np.concatenate([v for v, one in zip(values, judged, strict=True) if one.fold == fold])
                         for values in (labels, drop)))
            for fold in folds
        ),
        _calibration(every[free], chance[free]),
        tuple(_dial_row(data, judged, strength, load_counter()) for strength in STRENGTHS),
    )  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    """A skill with P(drop) of every word, and the pruner that has not seen it."""

    fold: int
    drop: npt.NDArray[np.float32]
    pruner: WordPruner


def _cross_validated(data: Words) -> list[_Judged]:
    judged = dict[int, _Judged]()
    for fold, (seen, unseen) in enumerate(split([skill.repo for skill in data])):
        arrays = train_words([data[i] for i in seen])
        model, pruner = WordModel.of(arrays), WordPruner(arrays)
        for i in unseen:
            drop = model.probabilities(data[i].table, everything=True)
            judged[i] = _Judged(fold, drop, pruner)
    return [judged[i] for i in range(len(data))]


def _precision(labels: npt.NDArray[np.int8], drop: npt.NDArray[np.float32]) -> Precision:
    order = np.argsort(-drop, kind="stable")
    firsts = (labels[order[: int(share * len(order))]] for share in SHARES)
    return Precision(len(labels), float(roc_auc_score(labels, drop)), tuple(float(first.mean()) for first in firsts))


def _calibration(labels: npt.NDArray[np.int8], drop: npt.NDArray[np.float32]) -> tuple[CalibrationRow, ...]:
    rows = []
    for low in np.arange(0, 1, 0.1).round(1).tolist():
        inside = (drop >= low) & (drop < low + 0.1)
        if inside.any():
            means = float(drop[inside].mean()), float(labels[inside].mean())
            rows.append(CalibrationRow(low, round(low + 0.1, 1), int(inside.sum()), *means))
    return tuple(rows)


def _dial_row(data: Words, judged: Sequence[_Judged], strength: float, counter: TokenCounter) -> DialRow:
    counts = np.zeros(5, np.int64)  # words, deleted, rightly, content deleted, rightly
    before = after = 0
    for skill, one in zip(data, judged, strict=True):
        prose, locked = prose_of(skill.skill)
        edits = one.pruner.edits(skill.skill, prose, locked)
        gone = deleted_words(skill, {i: [e for e in of if e.strength <= strength] for i, of in edits.items()})
        counts += _counts(skill, gone)
        blocks = set(skill.table.places.block[skill.labelled].tolist())
        for index in blocks:
            text = skill.skill.blocks[index].text
            before += counter.count(text)
            after += counter.count(apply_edits(text, edits.get(index, ()), strength))
    words, deleted, rightly, content, content_rightly = counts.tolist()
    return DialRow(
        strength,
        deleted / words,
        rightly / max(1, deleted),
        content / max(1, deleted),
        content_rightly / max(1, content),
        1 - after / before,
    )


def deleted_words(skill: TightenedSkill, edits: dict[int, list[Edit]]) -> npt.NDArray[np.bool_]:
    """Which words of the table lie within an edit."""
    table = skill.table
    gone = np.zeros(len(table.places.block), np.bool_)
    for index, of_block in edits.items():
        rows = np.flatnonzero(table.places.block == index)
        for edit in of_block:
            gone[rows[(table.places.start[rows] >= edit.start) & (table.places.end[rows] <= edit.end)]] = True
    return gone


def _counts(skill: TightenedSkill, gone: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    gone = gone & skill.labelled
    content = gone & skill.table.flags[Flag.CONTENT]
    right = skill.labels == DELETED
    return np.array([skill.labelled.sum(), gone.sum(), (gone & right).sum(), content.sum(), (content & right).sum()])
