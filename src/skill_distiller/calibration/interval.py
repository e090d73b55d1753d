"""The correction of an estimate and the interval around it, from pairs of expected and actual functionality.

Closed forms, no fitting:

- The correction is the posterior mean of a normal mean under a normal prior around zero, with the
  variance of the noise put in (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.5). The
  variance is the scaled mean of a prior variance and the sample's (section 2.6), so that two equal
  outcomes do not pass for certainty.
- The half-width of the 90 % prediction interval is the conformal quantile of leave-one-out residuals
  (the jackknife of Barber, Candès, Ramdas & Tibshirani, "Predictive inference with the jackknife+",
  2021), interpolated between order statistics (Beran & Hall, "Interpolated nonparametric prediction
  intervals and confidence intervals", 1993). It asks nothing of the shape of the noise but that past
  and future are alike.
- Below 9 outcomes no order statistic reaches 90 %: the largest residual, which covers n / (n + 1), is
  widened by a factor that makes it right for normal noise (simulated, `python -m benchmarks.coverage`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

COVERAGE: Final = 0.9  # of a new actual functionality by the interval
LEAST: Final = 5  # outcomes; with fewer there is no interval
_BIAS: Final = 15.0  # points: the prior standard deviation of an estimator's bias
_NOISE: Final = 10.0  # points: the prior standard deviation of one outcome around it
_NOISE_WEIGHT: Final = 2  # outcomes that the prior of the noise counts as
_WIDENING: Final = {5: 1.28, 6: 1.15, 7: 1.08, 8: 1.03}
_ROUNDING: Final = 0.5  # points; people report whole numbers
Pair = tuple[float, float]  # expected and actual functionality of a run, 0-100 each


def shrunk_bias(residuals: Sequence[float]) -> float:
    """The mean of actual less expected in points, drawn toward zero, the more so the fewer they are; 0.0 for none."""
    return _trust(residuals) * sum(residuals) / len(residuals) if residuals else 0.0


def _trust(residuals: Sequence[float]) -> float:
    """The share of the mean residual that is believed, 0-1."""
    n, mean = len(residuals), sum(residuals) / len(residuals)
    scatter = sum((r - mean) ** 2 for r in residuals)
    variance = (_NOISE_WEIGHT * _NOISE**2 + scatter) / (_NOISE_WEIGHT + n - 1)
    return _BIAS**2 / (_BIAS**2 + variance / n)


def correct(expected: float, bias: float) -> float:
    """An estimate with the bias put right, kept between 0 and 100."""
    return min(100.0, max(0.0, expected + bias))


def half_width(pairs: Sequence[Pair]) -> float | None:
    """Half the width in points of the 90 % prediction interval around a corrected estimate; None below 5 outcomes."""
    n = len(pairs)
    if n < LEAST:
        return None
    left_out = sorted(_left_out(pairs))
    rank = COVERAGE * (n + 1)
    below = int(rank)
    if below >= n:
        width = left_out[-1] * _WIDENING.get(n, 1.0)
    else:
        width = left_out[below - 1] + (rank - below) * (left_out[below] - left_out[below - 1])
    return max(_ROUNDING, width)


def _left_out(pairs: Sequence[Pair]) -> list[float]:
    """How far each actual is from the estimate that all other pairs correct, each with the trust in all."""
    residuals = [actual - expected for expected, actual in pairs]
    total, scale = sum(residuals), _trust(residuals) / (len(pairs) - 1)
    return [
        abs(actual - correct(expected, scale * (total - residual)))
        for (expected, actual), residual in zip(pairs, residuals, strict=True)
    ]
