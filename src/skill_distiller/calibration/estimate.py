"""The estimate that the report shows: the judge's score, what past outcomes say of it, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.interval import LEAST, Pair, correct, half_width, shrunk_bias

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
    interval, None unless the stage is CALIBRATED. `n` counts the runs it stands on and `outcomes`
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
    they alone count; else all runs of the mode.
    """
    of_mode = [entry for entry in entries if entry.mode == mode]
    alike = [entry for entry in of_mode if (entry.provider, entry.model) == (provider, model)]
    if len(alike) > ENOUGH and len(pairs_of(alike)) >= LEAST:
        return _estimate(alike, mode, provider, model)
    return _estimate(of_mode, mode)


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
