"""The exact trade of tokens against worth: lower convex hulls and their sums.

For every price of a token, the cheapest choice on each ladder is a corner of that ladder's lower
convex hull, and the corners of a sum of ladders are reached by taking the steps of all hulls in
the order of their slope (the Lagrangian relaxation of the multiple-choice knapsack; Sinha and
Zoltners 1979). So every corner of the result is the best that its number of tokens can buy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple


class Step(NamedTuple):
    """Go to shorter renderings: `saved` tokens for `lost` worth; `changes` are (item, rung) pairs."""

    saved: int
    lost: float
    changes: tuple[tuple[int, int], ...]

    @property
    def slope(self) -> float:
        """Worth lost for each token saved."""
        return self.lost / self.saved


def ladder_steps(item: int, tokens: Sequence[int], worths: Sequence[float]) -> list[Step]:
    """The hull of one ladder as steps from rung 0 down; slopes do not fall along it.

    `tokens` must fall from rung to rung and `worths` must not rise; a rung that saves nothing is passed over.
    """
    steps: list[Step] = []
    for rung in range(1, len(tokens)):
        if tokens[rung] == tokens[rung - 1]:
            continue
        step = Step(tokens[rung - 1] - tokens[rung], worths[rung - 1] - worths[rung], ((item, rung),))
        steps.append(step)
        while len(steps) > 1 and steps[-1].slope <= steps[-2].slope:
            last, before = steps.pop(), steps.pop()
            steps.append(Step(before.saved + last.saved, before.lost + last.lost, last.changes))
    return steps


def merge_steps(hulls: Iterable[Sequence[Step]]) -> list[Step]:
    """The hull of a sum of independent choices: all steps by slope, ties in the order given."""
    steps = [step for hull in hulls for step in hull]
    return sorted(steps, key=lambda step: step.lost / step.saved)


class Curve(NamedTuple):
    """One of several ways: its start, in tokens saved and worth lost, what leads there, and its steps from there."""

    saved: int
    lost: float
    start: tuple[tuple[int, int], ...]
    steps: Sequence[Step]


class _Point(NamedTuple):
    saved: int
    lost: float
    state: dict[int, int]  # the rung of every item
    curve: int
    place: int = 0  # how many steps of the curve lead to it


def best_of(curves: Sequence[Curve]) -> list[Step]:
    """The hull of several ways, of which one is taken at a time; the first starts at nothing saved and nothing lost.

    Every item that any curve changes is at rung 0 where a curve does not name it. A step from one
    curve to another names all of them, so that it does not matter what came before it.
    """
    items = sorted({item for curve in curves for item, _ in (*curve.start, *_changes(curve.steps))})
    origin, *others = _points(curves, items)
    corners = [origin]
    for point in sorted(others, key=lambda p: (p.saved, p.lost)):
        if point.saved <= corners[-1].saved:
            continue
        while len(corners) > 1 and _undercuts(corners[-2], corners[-1], point):
            corners.pop()
        corners.append(point)
    return [_step(a, b, curves) for a, b in pairwise(corners)]


def _points(curves: Sequence[Curve], items: Sequence[int]) -> Iterator[_Point]:
    for number, curve in enumerate(curves):
        point = _Point(curve.saved, curve.lost, dict.fromkeys(items, 0) | dict(curve.start), number)
        yield point
        for place, step in enumerate(curve.steps, start=1):
            state = point.state | dict(step.changes)
            point = _Point(point.saved + step.saved, point.lost + step.lost, state, number, place)
            yield point


def _changes(steps: Iterable[Step]) -> Iterator[tuple[int, int]]:
    return (change for step in steps for change in step.changes)


def _undercuts(a: _Point, b: _Point, c: _Point) -> bool:
    """Whether the straight way from a to c is no worse than the one over b."""
    return (b.lost - a.lost) * (c.saved - a.saved) >= (c.lost - a.lost) * (b.saved - a.saved)


def _step(a: _Point, b: _Point, curves: Sequence[Curve]) -> Step:
    """The step from one corner to the next; on one curve it names all that its own steps name, not only what differs.

    A heading that goes names what is below it and went before: so none of that is brought back without it.
    """
    changes = dict(_changes(curves[a.curve].steps[a.place : b.place])) if a.curve == b.curve else b.state
    return Step(b.saved - a.saved, max(0.0, b.lost - a.lost), tuple(changes.items()))


def close_hull(steps: Sequence[Step], saved: int, lost: float, changes: Sequence[tuple[int, int]]) -> list[Step]:
    """The hull with one more point at its end: everything gone, `saved` tokens and `lost` worth from the start.

    Steps that the straight way to that point undercuts are folded into it.
    """
    kept = list(steps)
    rest_saved = saved - sum(step.saved for step in kept)
    rest_lost = lost - sum(step.lost for step in kept)
    while kept and (rest_saved <= 0 or kept[-1].slope >= rest_lost / rest_saved):
        last = kept.pop()
        rest_saved += last.saved
        rest_lost += last.lost
    if rest_saved > 0:
        kept.append(Step(rest_saved, max(0.0, rest_lost), tuple(changes)))
    return kept
