"""Tokens mode: the most functionality within a number of tokens."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis import Analysis
from skill_distiller.compression.count import count_skill
from skill_distiller.compression.ladders import Ladders, Models, hold, offer, prepare_ladders
from skill_distiller.compression.settle import Settled, settle
from skill_distiller.compression.threshold import Observer
from skill_distiller.errors import TargetError
from skill_distiller.planning import Plan, Reason, apply_plan, required_blocks
from skill_distiller.renderings.extract import Extractor
from skill_distiller.tokens import TokenCounter

# What a looser way must be worth beside a stricter one to be taken where both fit: where what has to stay just fits, it
# leaves room for nothing else, and the result would be worse than that of a smaller budget.
_MUCH_MORE: Final = 1.25
_TRIES: Final = 6  # to hit a budget that the pieces put together miss by a few tokens


class _Level(NamedTuple):
    """A way to ask: how blocks may be written, and whether what kept text refers to has to stay."""

    ladders: Ladders
    promote: bool = True


class _Found(NamedTuple):
    settled: Settled
    plan: Plan
    tokens: int

    @property
    def worth(self) -> float:
        return self.settled.pick.worth


def compress_to_tokens(
    analysis: Analysis,
    budget: int,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
    keep: Collection[int] = (),
) -> Plan:
    """The plan with the most worth whose result has at most `budget` tokens, frontmatter included.

    What is required is what a threshold of 0 requires. Where that does not fit, what kept text refers
    to may go, and then required blocks are cut down to the sentences that have to stay, and steps of
    a numbered list go one by one; also where that keeps a quarter more of the worth. The blocks to
    `keep`, by index, stay as they are. Raises TargetError where that does not fit either.
    """
    models = models or Models()
    prepared = prepare_ladders(analysis, (), counter, models)
    smallest = counter.count(analysis.skill.text)
    required = {**required_blocks(analysis, 0.0, models.worth), **dict.fromkeys(keep, Reason.ASKED)}
    best: _Found | None = None
    for level in _levels(analysis, prepared, counter, keep):
        found = _fill(analysis, level, required, budget, counter)
        smallest = min(smallest, found.tokens)
        if found.tokens <= budget and (not best or found.worth > _MUCH_MORE * best.worth):
            best = found
        if best and _MUCH_MORE * best.worth >= best.settled.frontier.worth:
            break  # no way has that much more
    if not best:
        raise TargetError(
            f"The skill can't be made to fit {budget} tokens; with what has to stay it takes {smallest}.",
            f"Ask for --tokens={smallest} or more, or use --mode=oneliner for extreme compression.",
            smallest=smallest,
        )
    if observe:
        observe("ladders", best.settled.ladders)
        observe("frontier", best.settled.frontier)
    return best.plan


def _levels(analysis: Analysis, prepared: Ladders, counter: TokenCounter, keep: Collection[int]) -> Iterator[_Level]:
    """The ways to ask, from the strictest."""
    held = hold(analysis.skill, prepared, keep)
    yield _Level(held)
    yield _Level(held, promote=False)
    extracts = offer(prepared, Extractor().offer(analysis, counter), counter)
    yield _Level(replace(hold(analysis.skill, extracts, keep), sequences=False), promote=False)


def _fill(
    analysis: Analysis, level: _Level, required: Mapping[int, Reason], budget: int, counter: TokenCounter
) -> _Found:
    """The best choice whose result, counted as a whole, is within the budget; the smallest where none is."""
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
