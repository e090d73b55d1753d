"""Choose a point of the frontier: the cheapest for a threshold, the best within a budget, losing no protected fact."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from skill_distiller.analysis.model import REQUIRED_TYPES
from skill_distiller.analysis.reading import Reading
from skill_distiller.errors import TargetError
from skill_distiller.planning.frontier import Choice, Frontier, Pick
from skill_distiller.planning.ladders import (
    Ladders,
    Models,
    hold,
    prepare_ladders,
    refuse,
    require,
    trace,
    with_proposals,
)
from skill_distiller.planning.outline import referred_to
from skill_distiller.planning.plan import Plan, Reason, apply_plan, make_plan
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.rewriting.extract import Extractor
from skill_distiller.rewriting.ladder import Ladder, keeps_everything
from skill_distiller.skill.model import BlockKind
from skill_distiller.tokens import TokenCounter, count_skill


class Settled(NamedTuple):
    """A choice that lost nothing it may not lose, and what it was made from."""

    ladders: tuple[Ladder, ...]
    frontier: Frontier
    pick: Pick
    required: Mapping[int, Reason]

    def plan(self, prepared: Ladders) -> Plan:
        """The plan that the choice means."""
        return make_plan(
            self.ladders, self.pick.choice, prepared.heading_tokens, self.required, refused=prepared.refused
        )


def choose_without_losses(
    reading: Reading,
    prepared: Ladders,
    required: Mapping[int, Reason],
    pick: Callable[[Frontier], Pick],
    *,
    promote: bool = True,
) -> Settled:
    """What is picked from the frontier with every required block and every fact that may not be lost.

    A rendering that was chosen and proves to lose a fact is taken off its ladder; blocks that kept
    text needs are promoted to required (without `promote` only where nothing would be left). Then
    the choice is made again: each round takes away a rung or promotes a block, so it ends.
    """
    ladders = require(prepared.ladders, required)
    reasons = dict(required)
    while True:
        frontier = trace(reading, prepared, ladders)
        picked = pick(frontier)
        if refused := _refused(reading, ladders, picked.choice):
            ladders = refuse(ladders, picked.choice, refused)
            continue
        found = _needed(reading, ladders, picked.choice, promote=promote)
        needed = {i: why for i, why in found.items() if i not in reasons}
        if not needed:
            return Settled(ladders, frontier, picked, reasons)
        reasons |= needed
        ladders = require(ladders, needed)


def _refused(reading: Reading, ladders: Sequence[Ladder], choice: Choice) -> frozenset[int]:
    return frozenset(
        ladder.block.index
        for ladder, rung in zip(ladders, choice.rungs, strict=True)
        if not keeps_everything(reading, ladder.block.index, ladder.rendering(rung))
    )


def _needed(reading: Reading, ladders: Sequence[Ladder], choice: Choice, *, promote: bool) -> dict[int, Reason]:
    """The blocks that a choice drops and that have to stay, with the reason; only if none is left without `promote`."""
    texts = [ladder.rendering(rung).text for ladder, rung in zip(ladders, choice.rungs, strict=True)]
    if not promote:
        return {} if any(texts) or not ladders else {_first_of_all(reading): Reason.BEST}
    needed = dict.fromkeys(referred_to(reading.skill, texts, choice.headings), Reason.PROMOTED)
    if ladders:  # a skill without its most important block is none
        needed.setdefault(_first_of_all(reading), Reason.BEST)
    if not reading.skill.frontmatter.raw and _opens_with_rule(ladders, texts):
        needed.setdefault(0, Reason.PROMOTED)
    return {block: reason for block, reason in needed.items() if not texts[block]}


def _first_of_all(reading: Reading) -> int:
    """The most important block, one of a required type if there is any."""
    verdicts = reading.verdicts
    return max(range(len(verdicts)), key=lambda i: (verdicts[i].type in REQUIRED_TYPES, verdicts[i].importance))


def _opens_with_rule(ladders: Sequence[Ladder], texts: Sequence[str]) -> bool:
    """Whether a rule comes first: without frontmatter it would be taken for the opening of one."""
    first = next((i for i, text in enumerate(texts) if text), 0)
    return bool(ladders) and first > 0 and ladders[first].block.kind is BlockKind.RULE


Observer = Callable[[str, object], None]
# The thresholds at which the blocks required by their type are looked at again.
RELAXED_LEVELS: Final = (0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)


def compress_to_threshold(
    reading: Reading,
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
    prepared = hold(reading.skill, prepare_ladders(reading, counter, models), keep)
    # A bundle is taken whole or not at all: now and then the way without any is the cheaper one.
    ways = [prepared, replace(prepared, joints=())] if prepared.joints else [prepared]
    share = model.share(threshold)
    settled: list[Settled] = []
    last: Collection[int] | None = None
    for level in (1.0, *(level for level in RELAXED_LEVELS if level >= threshold)):
        required = {**required_blocks(reading, level, model), **dict.fromkeys(keep, Reason.ASKED)}
        if last != required.keys():
            settled += [
                choose_without_losses(reading, way, required, lambda f: f.pick(f.cheapest(share))) for way in ways
            ]
            last = required.keys()
    best = min(settled, key=lambda item: item.pick.tokens)
    if observe:
        observe("ladders", best.ladders)
        observe("frontier", best.frontier)
    return best.plan(prepared)


# What a looser way must be worth beside a stricter one to be taken where both fit: where what has to stay just fits, it
# leaves room for nothing else, and the result would be worse than that of a smaller budget.
_MIN_GAIN: Final = 1.25
_MAX_TRIES: Final = 6  # to hit a budget that the pieces put together miss by a few tokens


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
    reading: Reading,
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
    prepared = prepare_ladders(reading, counter, models)
    tried: list[int] = []
    required = {**required_blocks(reading, 0.0, models.worth), **dict.fromkeys(keep, Reason.ASKED)}
    best: _Found | None = None
    for level in _levels(reading, prepared, counter, models.worth, keep):
        found = _fill(reading, level, required, budget, counter)
        tried.append(found.tokens)
        if found.tokens <= budget and (not best or found.worth > _MIN_GAIN * best.worth):
            best = found
        if best and _MIN_GAIN * best.worth >= best.settled.frontier.worth:
            break  # no way has that much more
    if not best:
        smallest = min(counter.count(reading.skill.text), *tried)
        raise TargetError(
            f"The skill can't be made to fit {budget} tokens; with what has to stay it takes {smallest}.",
            f"Ask for --tokens={smallest} or more, or use --mode=oneliner for extreme compression.",
            smallest=smallest,
        )
    if observe:
        observe("ladders", best.settled.ladders)
        observe("frontier", best.settled.frontier)
    return best.plan


def _levels(
    reading: Reading, prepared: Ladders, counter: TokenCounter, model: WorthModel, keep: Collection[int]
) -> Iterator[_Level]:
    """The ways to ask, from the strictest."""
    held = hold(reading.skill, prepared, keep)
    yield _Level(held)
    yield _Level(held, promote=False)
    extracts = with_proposals(reading, prepared, Extractor().propose(reading, counter), counter, model)
    yield _Level(replace(hold(reading.skill, extracts, keep), sequences=False), promote=False)


def _fill(
    reading: Reading, level: _Level, required: Mapping[int, Reason], budget: int, counter: TokenCounter
) -> _Found:
    """The best choice whose result, counted as a whole, is within the budget; the smallest where none is."""
    skill = reading.skill
    room = budget - counter.count(skill.frontmatter.raw)
    for left in range(_MAX_TRIES, -1, -1):
        limit = room if left else 0
        pick = partial(Frontier.within, tokens=limit)
        settled = choose_without_losses(reading, level.ladders, required, pick, promote=level.promote)
        plan = settled.plan(level.ladders)
        tokens = count_skill(apply_plan(skill, plan), plan.counts(skill), counter)
        if tokens <= budget or settled.pick.tokens > limit:
            break
        room -= tokens - budget
    return _Found(settled, plan, tokens)
