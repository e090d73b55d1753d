"""The curve of saving against evidence, and the headline read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FLOOR: Final = 0.95  # share of the evidence that S95 keeps


@dataclass(frozen=True, slots=True)
class Point:
    """What one threshold gives; savings are shares (0-1) of the body tokens, `evidence` of the criteria.

    `mean_saved` is the mean over the skills, `pooled_saved` that of all their tokens together.
    """

    threshold: float
    mean_saved: float
    pooled_saved: float
    evidence: float


def best_point(points: Sequence[Point], floor: float = FLOOR) -> Point | None:
    """The point with the largest mean saving whose evidence is at least `floor`; None where there is none."""
    held = [point for point in points if point.evidence >= floor]
    return max(held, key=lambda point: (point.mean_saved, point.evidence, point.threshold), default=None)


def interpolated_saving(points: Sequence[Point], floor: float = FLOOR) -> float | None:
    """The mean saving (0-1) where the curve crosses `floor`, on the straight line behind `best_point`."""
    best = best_point(points, floor)
    if best is None:
        return None
    beyond = [point for point in points if point.mean_saved > best.mean_saved]
    if not beyond:
        return best.mean_saved
    after = min(beyond, key=lambda point: (point.mean_saved, -point.evidence))
    part = (best.evidence - floor) / (best.evidence - after.evidence)
    return best.mean_saved + part * (after.mean_saved - best.mean_saved)
