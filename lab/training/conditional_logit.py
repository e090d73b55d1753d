"""Fit which of several things is chosen, from what they are like: a conditional logit with a ridge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

Matrix = npt.NDArray[np.float64]


def fit_conditional_logit(rows: Sequence[Matrix], counts: Sequence[Matrix], ridge: float) -> Matrix:
    """Coefficients (features,) that make the counts most likely.

    Each item of `rows` (things x features) is one situation, `counts` (things,) says how often each
    thing was chosen in it: P(thing) = softmax(row @ coefficients) (McFadden 1974). The ridge is on
    standardized features.
    """
    stacked = np.vstack(rows)
    mean, spread = stacked.mean(0), stacked.std(0) + 1e-9
    scaled = [(row - mean) / spread for row in rows]

    def loss(weights: Matrix) -> tuple[float, Matrix]:
        total, slope = ridge * float(weights @ weights), 2 * ridge * weights
        for row, count in zip(scaled, counts, strict=True):
            probability = choice_probabilities(row, weights)
            total -= float(count @ np.log(probability))
            slope = slope - row.T @ (count - count.sum() * probability)
        return total, slope

    with threadpool_limits(limits=1):  # sums over threads come out in any order
        found: Any = minimize(loss, np.zeros(stacked.shape[1]), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / spread, dtype=np.float64)


def choice_probabilities(rows: Matrix, coefficients: Matrix) -> Matrix:
    """The probability of each thing (things,), together 1."""
    scores = rows @ coefficients
    odds = np.exp(scores - scores.max())
    return np.asarray(odds / odds.sum(), dtype=np.float64)
