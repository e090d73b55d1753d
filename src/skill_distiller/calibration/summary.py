"""How good the estimates of each mode and provider have been."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.estimate import LATEST, Estimate, calibrate, pairs_of
from skill_distiller.calibration.interval import LEAST, Pair, correct, half_width, shrunk_bias


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The runs of one mode, provider and model.

    `bias` is the mean of actual less expected functionality, `error` the mean of its absolute value,
    both in points and None without feedback. `covered` of `judged` outcomes fell into the interval
    that the outcomes before them gave. `estimate` is what the next such run will be told.
    """

    mode: str
    provider: str
    model: str
    runs: int
    outcomes: int
    bias: float | None
    error: float | None
    covered: int
    judged: int
    estimate: Estimate


def summarize(entries: Iterable[CalibrationEntry]) -> list[GroupSummary]:
    """One summary for each mode, provider and model, in the order of their first run."""
    entries = tuple(entries)
    groups: dict[tuple[str, str, str], list[CalibrationEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.mode, entry.provider, entry.model), []).append(entry)
    return [_summary(group, calibrate(entries, *key)) for key, group in groups.items()]


def _summary(group: Sequence[CalibrationEntry], estimate: Estimate) -> GroupSummary:
    pairs = pairs_of(group)
    residuals = [actual - expected for expected, actual in pairs]
    n = len(residuals)
    covered, judged = coverage_so_far(pairs)
    return GroupSummary(
        group[0].mode,
        group[0].provider,
        group[0].model,
        len(group),
        n,
        sum(residuals) / n if n else None,
        sum(abs(r) for r in residuals) / n if n else None,
        covered,
        judged,
        estimate,
    )


def coverage_so_far(pairs: Sequence[Pair]) -> tuple[int, int]:
    """How many of the latest actuals fell into the interval of the pairs before them, and of how many.

    The pairs are oldest first; those with fewer than 5 before them are not judged.
    """
    pairs = pairs[-LATEST:]
    hits = [_covers(pairs[:i], pairs[i]) for i in range(LEAST, len(pairs))]
    return sum(hits), len(hits)


def _covers(before: Sequence[Pair], pair: Pair) -> bool:
    expected, actual = pair
    width = half_width(before)
    center = correct(expected, shrunk_bias([a - e for e, a in before]))
    return width is not None and abs(actual - center) <= width
