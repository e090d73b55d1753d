"""Train the model of blocks, and validate it on repositories left out.

A kernel ridge regression of importance, types and taxonomy at once: inner products of the hashed
bags plus radial basis functions of the columns at landmarks (Nystroem). The class probabilities are
multinomial logistic maps of scores that each repository gets from all others.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from lab.training.block_data import BlockData, Floats, Rows
from skill_distiller.analysis.features import OFFSETS
from skill_distiller.analysis.trained import (
    CLASSES,
    LANDMARK_STEP,
    TYPES,
    BlockModel,
    ColumnModel,
    radial,
    standardized,
)

RIDGE: Final = 2.0
RADIAL_WEIGHT: Final = 5.0  # of the radial basis functions against the hashed words
LINEAR_WEIGHT: Final = 2.0  # of the columns themselves
LANDMARKS: Final = 600
LOGISTIC_C: Final = 1 / 40
_SAMPLE: Final = 4  # every fourth row gives the width of the radial basis functions


class _Structure(NamedTuple):
    """How columns become features whose inner products are about those of the radial basis functions."""

    mean: Floats
    spread: Floats
    landmarks: Floats  # whole steps
    gamma: float
    whiten: Floats


def train_blocks(data: BlockData, leave_out_repos: Collection[str] = frozenset()) -> BlockModel:
    """Fit the model; the same rows give the same bytes. One thread, some seconds for some thousand rows."""
    with threadpool_limits(limits=1):  # sums over threads come out in any order
        return _fit(data.without(leave_out_repos))


def model_without(data: BlockData, repo: str) -> BlockModel:
    """The model that a skill of this repository may be examined with."""
    return train_blocks(data, {repo})


def _fit(data: BlockData) -> BlockModel:
    structure = _fit_structure(data.columns)
    rows = standardized(data.columns, structure.mean, structure.spread)
    near = _near(rows, structure)
    share = LINEAR_WEIGHT / rows.shape[1]
    targets = np.column_stack([data.importance, np.eye(len(TYPES))[data.types], np.eye(len(CLASSES))[data.taxonomy]])
    bias = targets.mean(axis=0)
    gram = data.gram + RADIAL_WEIGHT * (near @ near.T) + share * (rows @ rows.T)
    inverse = cho_solve(cho_factor(gram + RIDGE * np.eye(len(gram)), lower=True), np.eye(len(gram)))
    dual = inverse @ (targets - bias)
    held_out = targets - _held_out_residuals(inverse, dual, data.repos)
    table, steps = _quantized(data.hashed.T @ dual)
    floats = (
        structure.mean,
        structure.spread,
        structure.gamma,
        RADIAL_WEIGHT * (structure.whiten @ (near.T @ dual)),
        share * (rows.T @ dual),
        bias,
        _logistic_map(held_out, data.types, len(TYPES)),
        _logistic_map(held_out, data.taxonomy, len(CLASSES)),
    )
    mean, spread, gamma, kernel, linear, offset, *maps = (np.asarray(part, dtype=np.float32) for part in floats)
    marks = structure.landmarks.astype(np.int8)
    columns = ColumnModel(mean, spread, marks, gamma, kernel, linear, offset)
    return BlockModel(columns, table, steps.astype(np.float32), *maps)


def _fit_structure(columns: Floats) -> _Structure:
    mean, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-6)
    rows = np.asarray(standardized(columns, mean, spread), dtype=np.float64)
    count = min(LANDMARKS, len(np.unique(rows, axis=0)))
    clusters = KMeans(count, random_state=0, n_init=1, max_iter=20).fit(rows)
    landmarks = np.rint(clusters.cluster_centers_ / LANDMARK_STEP)
    marks = landmarks * LANDMARK_STEP
    sample = rows[::_SAMPLE]
    squares = (sample * sample).sum(axis=1)
    gamma = 1 / float(np.median(squares[:, None] + squares - 2 * sample @ sample.T))
    values, vectors = np.linalg.eigh(radial(marks, marks, gamma))
    return _Structure(mean, spread, landmarks, gamma, vectors / np.sqrt(np.maximum(values, 1e-3)))


def _near(rows: npt.NDArray[Any], structure: _Structure) -> Floats:
    near: Floats = radial(rows, structure.landmarks * LANDMARK_STEP, structure.gamma) @ structure.whiten
    return near


def _held_out_residuals(inverse: Floats, dual: Floats, repos: npt.NDArray[np.str_]) -> Floats:
    """What a ridge fit without a row's repository misses of its targets, for every row.

    In closed form: with C the inverse of the regularized Gram matrix and a = C y, leaving the rows S
    out leaves the residuals C[S, S]^-1 a[S].
    """
    out = np.empty_like(dual)
    for repo in np.unique(repos):
        rows = np.flatnonzero(repos == repo)
        out[rows] = cho_solve(cho_factor(inverse[np.ix_(rows, rows)], lower=True), dual[rows])
    return out


def _logistic_map(scores: Floats, labels: Rows, classes: int) -> Floats:
    """Scores + 1 x classes; the last row is the offset. A class without a row keeps a low one."""
    mean, spread = scores.mean(axis=0), scores.std(axis=0) + 1e-9
    model = LogisticRegression(C=LOGISTIC_C, max_iter=1000, tol=1e-6).fit((scores - mean) / spread, labels)
    out = np.zeros((scores.shape[1] + 1, classes))
    out[-1] = -10
    out[:-1, model.classes_] = (model.coef_ / spread).T
    out[-1, model.classes_] = model.intercept_ - (model.coef_ / spread) @ mean
    return out


def _quantized(table: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """int8 with a step for each group and output, which clips one bucket in a thousand."""
    out = np.zeros(table.shape, dtype=np.int8)
    steps = np.zeros((len(OFFSETS) - 1, table.shape[1]))
    for g, (low, high) in enumerate(pairwise(OFFSETS)):
        steps[g] = np.maximum(np.percentile(np.abs(table[low:high]), 99.9, axis=0), 1e-9) / 100
        out[low:high] = np.clip(np.rint(table[low:high] / steps[g]), -127, 127)
    return out, steps
