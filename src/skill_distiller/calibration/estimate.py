"""The estimate that the report shows: the score of the judge corrected by reported outcomes, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry

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


BASELINE: Final = 5  # runs; with fewer the score stands as it is (reference, "Calibration Stages")
ENOUGH: Final = 10  # runs; above it an estimate may be called calibrated
LATEST: Final = 200  # outcomes; older ones speak of an older tool


class Stage(StrEnum):
    """How far the calibration has come."""

    UNCALIBRATED = "uncalibrated"
    BASELINE = "building baseline"
    FEW_OUTCOMES = "too few outcomes"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What past runs say about a score of the judge.

    `bias` in points is added to a score; `half_width` in points is half of the 90 % prediction
    interval, None unless the stage is CALIBRATED. `n` counts the texts it stands on and `outcomes`
    those with feedback; `provider` and `model` are "" where the runs of the whole mode are taken.
    """

    stage: Stage
    n: int
    outcomes: int
    bias: float = 0.0
    half_width: float | None = None
    mode: str = ""
    provider: str = ""
    model: str = ""

    def corrected(self, score: float) -> float:
        """A score with the bias put right, 0-100."""
        return correct(score, self.bias)

    def interval(self, score: float) -> tuple[float, float] | None:
        """Lowest and highest functionality to expect of a run with this score, 0-100 each; None if not calibrated."""
        if self.half_width is None:
            return None
        middle = self.corrected(score)
        return max(0.0, middle - self.half_width), min(100.0, middle + self.half_width)


UNCALIBRATED: Final = Estimate(Stage.UNCALIBRATED, 0, 0)


def calibrate(entries: Iterable[CalibrationEntry], mode: str, provider: str = "", model: str = "") -> Estimate:
    """The estimate for a run of a mode, from the entries of earlier ones, oldest first.

    Where the runs of the same mode, provider and model are enough to be calibrated by themselves,
    they alone count; else all runs of the mode. Runs of one text count once: the latest with an outcome, else the
    latest.
    """
    of_mode = list(_one_a_text(entry for entry in entries if entry.mode == mode))
    alike = [entry for entry in of_mode if (entry.provider, entry.model) == (provider, model)]
    if len(alike) > ENOUGH and len(pairs_of(alike)) >= LEAST:
        return _estimate(alike, mode, provider, model)
    return _estimate(of_mode, mode)


def _one_a_text(entries: Iterable[CalibrationEntry]) -> Iterable[CalibrationEntry]:
    """Of the entries of one text, provider and model the one that counts; one that does not say its text counts too."""
    found: dict[object, CalibrationEntry] = {}
    for place, entry in enumerate(entries):
        digest = entry.fields.get("content_hash")
        text = digest if isinstance(digest, str) and digest else place
        key = (text, entry.provider, entry.model)
        if key in found and (entry.actual or not found[key].actual):
            del found[key]  # what counts is as late as the run
        found.setdefault(key, entry)
    return found.values()


def pairs_of(entries: Iterable[CalibrationEntry]) -> list[Pair]:
    """Expected and actual functionality of the entries that have feedback."""
    return [(entry.expected, entry.actual.functionality) for entry in entries if entry.actual]


def _estimate(entries: Sequence[CalibrationEntry], mode: str, provider: str = "", model: str = "") -> Estimate:
    pairs = pairs_of(entries)
    latest = pairs[-LATEST:]
    stage = _stage(len(entries), len(pairs))
    bias = 0.0 if stage is Stage.UNCALIBRATED else shrunk_bias([actual - expected for expected, actual in latest])
    width = half_width(latest) if stage is Stage.CALIBRATED else None
    return Estimate(stage, len(entries), len(pairs), bias, width, mode, provider, model)


def _stage(runs: int, outcomes: int) -> Stage:
    if runs < BASELINE:
        return Stage.UNCALIBRATED
    if runs <= ENOUGH:
        return Stage.BASELINE
    return Stage.CALIBRATED if outcomes >= LEAST else Stage.FEW_OUTCOMES
