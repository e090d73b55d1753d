"""Tokens mode: the most functionality within a number of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from skill_distiller.analysis import Analysis
from skill_distiller.compression.count import count_skill
from skill_distiller.compression.ladders import Ladders, Models, offer, prepare_ladders
from skill_distiller.compression.settle import Settled, settle
from skill_distiller.compression.threshold import RELAXED_LEVELS, Observer
from skill_distiller.errors import TargetError
from skill_distiller.planning import Plan, apply_plan, required_blocks
from skill_distiller.renderings.extract import Extractor
from skill_distiller.tokens import TokenCounter

_TRIES: Final = 6  # to hit a budget that the pieces put together miss by a few tokens


class _Level(NamedTuple):
    """A way to ask: the threshold whose required blocks stay, how blocks may be written, whether references promote."""

    threshold: float
    ladders: Ladders
    promote: bool = True


class _Found(NamedTuple):
    settled: Settled
    plan: Plan
    tokens: int


def compress_to_tokens(
    analysis: Analysis,
    budget: int,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
) -> Plan:
    """The plan with the most worth whose result has at most `budget` tokens, frontmatter included.

    What is required is relaxed in steps, as it is when the threshold falls: a set of required blocks
    gives way where it does not fit, or where less functionality is left than its own threshold asks
    for. Where not even the loosest set fits, what kept text refers to may go, and then required
    blocks are cut down to the sentences that have to stay. Raises TargetError where that does not
    fit either.
    """
    models = models or Models()
    prepared = prepare_ladders(analysis, (), counter, models)
    best: _Found | None = None
    smallest = counter.count(analysis.skill.text)
    for level in _levels(analysis, prepared, counter):
        if best and (not level.promote or _kept(best, models) > level.threshold):
            break
        found = _fill(analysis, level, budget, counter, models)
        smallest = min(smallest, found.tokens)
        if found.tokens <= budget and (best is None or found.settled.pick.worth > best.settled.pick.worth):
            best = found
    if best is None:
        raise TargetError(
            f"The skill can't be made to fit {budget} tokens; with what has to stay it takes {smallest}.",
            f"Ask for --tokens={smallest} or more, or use --mode=oneliner for extreme compression.",
            smallest=smallest,
        )
    if observe:
        observe("ladders", best.settled.ladders)
        observe("frontier", best.settled.frontier)
    return best.plan


def _levels(analysis: Analysis, prepared: Ladders, counter: TokenCounter) -> Iterator[_Level]:
    """The ways to ask, from the strictest."""
    for threshold in (1.0, *RELAXED_LEVELS):
        yield _Level(threshold, prepared)
    yield _Level(0.0, prepared, promote=False)
    yield _Level(0.0, offer(prepared, Extractor().offer(analysis, counter), counter), promote=False)


def _kept(found: _Found, models: Models) -> float:
    """The functionality (0-1) that the worth of a choice means."""
    whole = found.settled.frontier.worth
    return models.worth.functionality(found.settled.pick.worth / whole) if whole else 1.0


def _fill(analysis: Analysis, level: _Level, budget: int, counter: TokenCounter, models: Models) -> _Found:
    """The best choice whose result, counted as a whole, is within the budget; the smallest where none is."""
    required = required_blocks(analysis, level.threshold, models.worth)
    skill = analysis.skill
    room = budget - counter.count(skill.frontmatter.raw)
    for left in range(_TRIES, -1, -1):
        limit = room if left else 0
        settled = settle(analysis, level.ladders, required, lambda f: f.within(limit), promote=level.promote)  # noqa: B023
        plan = settled.plan(level.ladders)
        tokens = count_skill(apply_plan(skill, plan), plan.counts(skill), counter)
        if tokens <= budget or settled.pick.tokens > limit:
            break
        room -= tokens - budget
    return _Found(settled, plan, tokens)
