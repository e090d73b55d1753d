"""The exact trade of tokens against worth: lower convex hulls and their sums.

For every price of a token, the cheapest choice on each ladder is a corner of that ladder's lower
convex hull, and the corners of a sum of ladders are reached by taking the steps of all hulls in
the order of their slope (the Lagrangian relaxation of the multiple-choice knapsack; Sinha and
Zoltners 1979). So every corner of the result is the best that its number of tokens can buy.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    `tokens` must fall strictly from rung to rung and `worths` must not rise.
    """
    steps: list[Step] = []
    for rung in range(1, len(tokens)):
        step = Step(tokens[rung - 1] - tokens[rung], worths[rung - 1] - worths[rung], ((item, rung),))
        steps.append(step)
        while len(steps) > 1 and steps[-1].slope <= steps[-2].slope:
            last, before = steps.pop(), steps.pop()
            steps.append(Step(before.saved + last.saved, before.lost + last.lost, last.changes))
    return steps


def merge_steps(hulls: Iterable[Sequence[Step]]) -> list[Step]:
    """The hull of a sum of independent choices: all steps by slope, ties in the order given."""
    steps = [step for hull in hulls for step in hull]
    return sorted(steps, key=lambda step: step.slope)


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
