"""Threshold mode: the cheapest text that keeps a given share of the functionality."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Final

from skill_distiller.analysis import Analysis
from skill_distiller.compression.ladders import Models, hold, prepare_ladders
from skill_distiller.compression.settle import Settled, settle
from skill_distiller.planning import Plan, Reason, required_blocks
from skill_distiller.tokens import TokenCounter

Observer = Callable[[str, object], None]
# The thresholds at which the blocks required by their type are looked at again.
RELAXED_LEVELS: Final = (0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)


def compress_to_threshold(
    analysis: Analysis,
    threshold: float,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
    keep: Collection[int] = (),
) -> Plan:
    """The plan with the fewest tokens on the frontier whose functionality is at least `threshold` (0-1).

    Which blocks are required is relaxed in steps down to the threshold; of the plans on the way the
    cheapest is taken, so that a lower threshold never costs more. The blocks to `keep`, by index,
    stay as they are.
    """
    models = models or Models()
    model = models.worth
    prepared = hold(analysis.skill, prepare_ladders(analysis, (), counter, models), keep)
    # A bundle is taken whole or not at all: now and then the way without any is the cheaper one.
    ways = [prepared, replace(prepared, joints=())] if prepared.joints else [prepared]
    share = model.share(threshold)
    settled: list[Settled] = []
    last: Collection[int] | None = None
    for level in (1.0, *(level for level in RELAXED_LEVELS if level >= threshold)):
        required = {**required_blocks(analysis, level, model), **dict.fromkeys(keep, Reason.ASKED)}
        if last != required.keys():
            settled += [settle(analysis, way, required, lambda f: f.pick(f.cheapest(share))) for way in ways]
            last = required.keys()
    best = min(settled, key=lambda item: item.pick.tokens)
    if observe:
        observe("ladders", best.ladders)
        observe("frontier", best.frontier)
    return best.plan(prepared)
