"""Delta debugging: the smallest set of things that still passes a test (Zeller and Hildebrandt 2002, ddmin)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

Accepts = Callable[[frozenset[int]], bool]


class Minimal(NamedTuple):
    """What `minimize` found: the things kept, how often the test was asked, and how often its answer was known.

    No single thing of `kept` can be left out: `accepts` said no to each.
    """

    kept: frozenset[int]
    calls: int
    cached: int


def minimize(units: Sequence[int], accepts: Accepts) -> Minimal:
    """A 1-minimal part of some units that a test accepts, which has to accept them all.

    The test is asked at most n² + 3n times for n units, never twice about one set. Nothing at all is
    tried first.
    """
    answers: dict[frozenset[int], bool] = {frozenset(units): True}
    asked = known = 0

    def test(kept: frozenset[int]) -> bool:
        nonlocal asked, known
        if kept in answers:
            known += 1
        else:
            asked += 1
            answers[kept] = accepts(kept)
        return answers[kept]

    kept = list(units)
    if kept and test(frozenset()):
        return Minimal(frozenset(), asked, known)
    granularity = 2
    while len(kept) >= 2:
        parts = _split(kept, granularity)
        part = next((part for part in parts if test(frozenset(part))), None)
        if part is not None:
            kept, granularity = part, 2
            continue
        rests = ([unit for unit in kept if unit not in set(part)] for part in parts) if granularity > 2 else ()
        rest = next((rest for rest in rests if test(frozenset(rest))), None)
        if rest is not None:
            kept, granularity = rest, max(granularity - 1, 2)
            continue
        if granularity >= len(kept):
            break
        granularity = min(2 * granularity, len(kept))
    return Minimal(frozenset(kept), asked, known)


def _split(units: Sequence[int], count: int) -> list[list[int]]:
    """The units in order, in `count` parts whose lengths differ by one at most."""
    ends = [len(units) * number // count for number in range(count + 1)]
    return [list(units[start:end]) for start, end in pairwise(ends)]
