"""Choose a point of the frontier: the cheapest for a threshold, the best within a budget, losing no protected fact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import REQUIRED_TYPES, Reading
from skill_distiller.errors import TargetError
from skill_distiller.planning.excuses import excuses, spoken_for, widowed, with_excuses, without_bare_headings
from skill_distiller.planning.frontier import Choice, Frontier, Pick
from skill_distiller.planning.instructing import instructing_blocks
from skill_distiller.planning.ladders import (
    Ladders,
    Models,
    keep_names,
    prepare_ladders,
    refuse,
    require,
    trace,
    with_proposals,
)
from skill_distiller.planning.outline import anchors_of, needed_by
from skill_distiller.planning.plan import Plan, Reason, apply_plan, make_plan
from skill_distiller.planning.required import (
    ALL_FROM,
    RELAXED_BELOW,
    WHOLE_FROM,
    bring_back,
    named_twice,
    required_blocks,
)
from skill_distiller.planning.worth import WorthModel, block_worths
from skill_distiller.rewriting.extract import propose_extracts
from skill_distiller.rewriting.ladder import keeps_everything
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.model import BlockKind
from skill_distiller.structure.edges import Piece, heading_of
from skill_distiller.structure.references import names_in
from skill_distiller.structure.sequences import alike_blocks, index_blocks, way_blocks
from skill_distiller.tokens import TokenCounter, count_skill

Observer = Callable[[str, object], None]


# After so many choices of which each lost a name, all are seen to at once: a tight budget would lose one each time.
_MAX_ROUNDS: Final = 12


class Settled(NamedTuple):
    """A choice that lost nothing it may not lose, and what it was made from."""

    ladders: Ladders
    frontier: Frontier
    pick: Pick
    required: Mapping[int, Reason]

    def plan(self, reading: Reading) -> Plan:
        """The plan that the choice means."""
        of = self.ladders
        plan = make_plan(of.ladders, self.pick.choice, of.heading_tokens, self.required, refused=of.refused)
        plan = without_bare_headings(reading, replace(plan, refusals=of.refusals, doubts=of.doubts))
        return with_excuses(reading, plan)

    def show(self, observe: Observer | None) -> None:
        """Tell an observer what was chosen from."""
        if observe:
            observe("ladders", self.ladders.ladders)
            observe("frontier", self.frontier)


def choose_without_losses(
    reading: Reading,
    ladders: Ladders,
    required: Mapping[int, Reason],
    pick: Callable[[Frontier], Pick],
    *,
    best: bool = True,
    names: Mapping[str, Collection[int]] | None = None,
    sets: Sequence[Sequence[int]] = (),
) -> Settled:
    """What is picked from the frontier with every required block and every fact that may not be lost.

    `names` are what has to stand somewhere besides the files that the skill names, each with the blocks that have it,
    `sets` the blocks of which all stay where one does.

    A rendering that was chosen and proves to lose a fact is taken off its ladder; blocks that kept
    text needs are promoted to required, and so is the most important one (without `best` only where nothing would be
    left). Then the choice is made again: each round takes away a rung or promotes a block, so it ends.
    """
    ladders = require(ladders, required)
    reasons = dict(required)
    rounds = 0
    while True:
        rounds += 1
        frontier = trace(reading, ladders)
        picked = pick(frontier)
        chosen = [ladder.rendering(rung) for ladder, rung in zip(ladders.ladders, picked.choice.rungs, strict=True)]
        if refused := [i for i, one in enumerate(chosen) if not keeps_everything(reading, i, one)]:
            ladders = refuse(ladders, picked.choice, refused)
            continue
        texts = [one.text for one in chosen]
        if alone := [i for i in widowed(reading, texts) if i not in reasons]:
            reasons |= dict.fromkeys(alone, Reason.REPEATED)
            ladders = require(ladders, alone)
            continue
        kept = {i for i, text in enumerate(texts) if text}
        needed = {i: Reason.ALIKE for own in sets if not kept.isdisjoint(own) for i in own if i not in kept}
        needed |= _needed(reading, texts, picked.choice, best=best)
        needed = {i: why for i, why in needed.items() if i not in reasons}
        said = [one.text or (chosen[one.stands_in].text if one.stands_in >= 0 else "") for one in chosen]
        named = _lost_names(reading, ladders, said, picked.choice, names or {}, all_at_once=rounds > _MAX_ROUNDS)
        if not needed and not named:
            return Settled(ladders, frontier, picked, reasons)
        why = {i: Reason.FILE if own & reading.files.keys() else Reason.NAMED for i, own in named.items()}
        reasons = why | reasons | needed
        ladders = keep_names(require(ladders, needed), named)


def _needed(reading: Reading, texts: Sequence[str], choice: Choice, *, best: bool) -> dict[int, Reason]:
    """The blocks that a choice drops and that have to stay, with the reason."""
    needed = dict.fromkeys(needed_by(reading.skill, reading.edges, texts, choice.headings), Reason.PROMOTED)
    if texts and (best or not any(texts)):
        needed.setdefault(_first_of_all(reading), Reason.BEST)
    first = next((i for i, text in enumerate(texts) if text), 0)
    if first and not reading.skill.frontmatter.raw and reading.skill.blocks[first].kind is BlockKind.RULE:
        needed.setdefault(0, Reason.PROMOTED)  # else the rule would be taken for the opening of a frontmatter
    return {block: reason for block, reason in needed.items() if not texts[block]}


def _lost_names(
    reading: Reading,
    ladders: Ladders,
    texts: Sequence[str],
    choice: Choice,
    more: Mapping[str, Collection[int]],
    *,
    all_at_once: bool,
) -> dict[int, frozenset[str]]:
    """The blocks that have to stay for the files, or for other names, that nothing kept has any more, with the names.

    One at a time is taken for the names that are left: where most of them cost least. `all_at_once` takes some for the
    names that are kept as well, as soon as one is lost.
    """
    known = {**more, **reading.files}
    named = _named(known, texts, choice)
    lost = {name: pieces for name, pieces in known.items() if name not in named}
    if lost and all_at_once:
        lost = known
    holders = dict[int, set[str]]()
    for name, pieces in lost.items():
        for piece in pieces:
            for block in (piece,) if piece >= 0 else anchors_of(reading.skill, heading_of(piece))[:1]:
                holders.setdefault(block, set()).add(name)
    found = dict[int, frozenset[str]]()
    left = set(lost)

    def price(block: int) -> float:
        return -len(holders[block] & left) / max(1, ladders.ladders[block].rungs[0].tokens)

    queue = [(price(block), block) for block in holders]
    heapify(queue)
    while left and queue:
        last, best = heappop(queue)
        now = price(best)
        if last < now < 0:  # other blocks name some of its files: it comes again later
            heappush(queue, (now, best))
        elif now:
            found[best] = frozenset(holders[best] & left)
            left -= found[best]
    return found


def _named(known: Mapping[str, Collection[Piece]], texts: Sequence[str], choice: Choice) -> set[str]:
    """The names that a kept heading has, or the text that a block is written as."""
    names, found = defaultdict[Piece, list[str]](list), set[str]()
    for name, pieces in known.items():
        for piece in pieces:
            names[piece].append(name)
    for piece, own in names.items():
        if piece >= 0:
            found |= names_in(own, texts[piece])
        elif choice.headings[heading_of(piece)]:
            found.update(own)
    return found


def _first_of_all(reading: Reading) -> int:
    """The most important block, one of a required type if there is any."""
    verdicts = reading.verdicts
    return max(range(len(verdicts)), key=lambda i: (verdicts[i].type in REQUIRED_TYPES, verdicts[i].importance))


_FOR_GOOD: Final = frozenset({Reason.PATTERN, Reason.HARD_RULE, Reason.RIGHTS})  # whatever a model says
# The thresholds at which the blocks required by their type are looked at again.
RELAXED_LEVELS: Final = (0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)
_ALIKE: Final = frozenset({BlockKind.CODE, BlockKind.LIST_ITEM})  # of which all stay where one does


def compress_to_threshold(
    reading: Reading,
    threshold: float,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
) -> Plan:
    """The plan with the fewest tokens on the frontier whose functionality is at least `threshold` (0-1).

    Which blocks are required is relaxed in steps down to the threshold, from all that 0.9 requires; of the plans on the
    way the cheapest is taken, so that a lower threshold never costs more.
    """
    models = models or Models()
    ways = [prepare_ladders(reading, counter, models.whole())]
    if threshold < (RELAXED_BELOW if reading.analysis.model_part else WHOLE_FROM):
        ways.insert(0, prepare_ladders(reading, counter, models))
    # A bundle is taken whole or not at all: now and then the way without any is the cheaper one.
    ways += [replace(way, joints=()) for way in ways if way.joints]
    names = named_twice(reading) if threshold >= RELAXED_BELOW else None
    sets = way_blocks(reading.skill) if threshold >= WHOLE_FROM else ()
    # With less to keep a choice can come out larger, as what it lost comes back: those of higher thresholds count too.
    levels = (threshold, *(level for level in (*RELAXED_LEVELS[::-1], RELAXED_BELOW, ALL_FROM) if level > threshold))
    shares = {level: models.worth.share(level) for level in levels}
    full = max(threshold, ALL_FROM)
    settled = [_settle_all(reading, way, full, own, models) for own in shares.values() for way in ways]
    if threshold < ALL_FROM:
        settled += [
            choose_without_losses(reading, way, required, partial(Frontier.keeping, share=own), names=names, sets=sets)
            for from_level, required in _relaxed(reading, threshold, models)
            for level, own in shares.items()
            if level <= from_level
            for way in ways
        ]
    best = min(settled, key=lambda item: item.pick.tokens)
    best.show(observe)
    return best.plan(reading)


def _settle_all(reading: Reading, way: Ladders, threshold: float, share: float, models: Models) -> Settled:
    """The cheapest choice that keeps a share (0-1) of the worth and all that a threshold of 0.9 or more keeps."""
    required = _required(reading, threshold, models)
    alike = (own for own in alike_blocks(reading.skill) if reading.skill.blocks[own[0]].kind in _ALIKE)
    sets, names = (*alike, *index_blocks(reading.skill), *way_blocks(reading.skill)), named_twice(reading)
    return choose_without_losses(reading, way, required, partial(Frontier.keeping, share=share), names=names, sets=sets)


def _relaxed(reading: Reading, threshold: float, models: Models) -> Iterator[tuple[float, Mapping[int, Reason]]]:
    """Thresholds and what is required there, from all of it down to a threshold, each step that makes a difference."""
    last: Collection[int] | None = None
    for level in (max(threshold, RELAXED_BELOW), *(level for level in RELAXED_LEVELS if level >= threshold)):
        required = _required(reading, level, models)
        if last != required.keys():
            yield level, required
            last = required.keys()


def _required(reading: Reading, threshold: float, models: Models) -> Mapping[int, Reason]:
    """What is required at a threshold, with a model's word for whatever goes where much is to be kept."""
    required = required_blocks(reading, threshold, models.worth)
    if threshold >= RELAXED_BELOW:
        excused = excuses(reading)
        required = {**instructing_blocks(reading, threshold, models.worth), **required}
        required = {i: why for i, why in required.items() if i not in excused or why in _FOR_GOOD}
    if threshold >= RELAXED_BELOW or not models.drops:
        required = {**spoken_for(reading, drops=models.drops), **required}
    return required


def next_smaller(reading: Reading, most: int, counter: TokenCounter, models: Models) -> Plan | None:
    """The first plan of the frontier with at most `most` tokens of blocks and headings, None where there is none.

    What is required is relaxed only as far as it has to be.
    """
    prepared = prepare_ladders(reading, counter, models)
    for _, required in _relaxed(reading, 0.0, models):
        settled = choose_without_losses(reading, prepared, required, lambda f: f.pick(f.first_within(most)))
        if settled.pick.tokens <= most:
            return settled.plan(reading)
    return None


# What a looser way must be worth beside a stricter one that fits too, which may leave room for nothing else.
_MIN_GAIN: Final = 1.25
_MAX_ADDED: Final = 24  # blocks that are tried for what is left of a budget
_MAX_TRIES: Final = 6  # to hit a budget that the pieces put together miss by a few tokens


class _Found(NamedTuple):
    settled: Settled
    plan: Plan
    tokens: int
    worth: float


def compress_to_tokens(
    reading: Reading,
    budget: int,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
) -> Plan:
    """The plan with the most worth whose result has at most `budget` tokens, frontmatter included.

    What is required is what a threshold of 0 requires. Where that does not fit, the most important block may go, and
    then required blocks are cut down to the sentences that have to stay; also where that keeps a quarter more of the
    worth. What is left of the budget brings back what fits into it. Raises TargetError where what has to stay does not
    fit.
    """
    models = models or Models()
    prepared = prepare_ladders(reading, counter, models)
    tried: list[int] = []
    required = _required(reading, 0.0, models)
    best: _Found | None = None
    for ladders, stays in _levels(reading, prepared, counter, models):
        found = _fill(reading, ladders, required, budget, counter, best=stays)
        tried.append(found.tokens)
        if found.tokens <= budget and (not best or found.worth > _MIN_GAIN * best.worth):
            best = found
        if best and _MIN_GAIN * best.worth >= best.settled.frontier.worth:
            break  # no way has that much more
    if not best:
        smallest = min(counter.count(reading.skill.text), *tried)
        raise TargetError.beyond(budget, smallest)
    best.settled.show(observe)
    return _fill_up(reading, best, budget, counter, models)


def _fill_up(reading: Reading, found: _Found, budget: int, counter: TokenCounter, models: Models) -> Plan:
    """The plan with blocks that went and fit into what is left of the budget, each with all that belongs to it."""
    plan, tokens = found.plan, found.tokens
    for block in _wanted(reading, plan, models.worth):
        decision = plan.decisions[block]
        if decision.dropped and decision.full_tokens <= budget - tokens:
            more, takes = _add_block(reading, plan, block, counter)
            if takes <= budget:
                plan, tokens = more, takes
    return plan


def _add_block(reading: Reading, plan: Plan, block: int, counter: TokenCounter) -> tuple[Plan, int]:
    """The plan with a block that went, by index, and all that belongs to it, and the tokens of the result."""
    more = bring_back(reading.skill, plan, (block,), counter)
    decisions = tuple(
        new if new.rendering == old.rendering else replace(new, reason=Reason.WORTH)
        for old, new in zip(plan.decisions, more.decisions, strict=True)
    )
    more = replace(more, decisions=decisions)
    return more, count_skill(apply_plan(reading.skill, more), more.counts(reading.skill), counter)


def _wanted(reading: Reading, plan: Plan, model: WorthModel) -> list[int]:
    """Blocks that went, by index, those first whose tokens are worth most."""
    worths = block_worths(reading, model)
    said = [block.kind is not BlockKind.RULE for block in reading.skill.blocks]
    gone = [d for d in plan.decisions if d.rendering.kind is RenderingKind.DROPPED and d.full_tokens and said[d.block]]
    gone.sort(key=lambda d: -worths[d.block] / d.full_tokens)
    return [decision.block for decision in gone[:_MAX_ADDED]]


def next_larger(reading: Reading, plan: Plan, counter: TokenCounter, models: Models) -> int | None:
    """The tokens of the smallest result with one more block and what belongs to it, None where no block went."""
    wanted = _wanted(reading, plan, models.worth)
    return min((_add_block(reading, plan, block, counter)[1] for block in wanted), default=None)


def _levels(
    reading: Reading, prepared: Ladders, counter: TokenCounter, models: Models
) -> Iterator[tuple[Ladders, bool]]:
    """The ways to write, from the strictest, and whether the most important block has to stay."""
    yield prepared, True
    yield prepared, False
    if models.wording.rewords:
        yield with_proposals(reading, prepared, propose_extracts(reading, counter), counter, models.worth), False


def _fill(
    reading: Reading,
    ladders: Ladders,
    required: Mapping[int, Reason],
    budget: int,
    counter: TokenCounter,
    *,
    best: bool,
) -> _Found:
    """The best choice whose result, counted as a whole, is within the budget; the smallest where none is."""
    skill = reading.skill
    room = budget - counter.count(skill.frontmatter.raw)
    for left in range(_MAX_TRIES, -1, -1):
        limit = room if left else 0
        pick = partial(Frontier.within, tokens=limit)
        settled = choose_without_losses(reading, ladders, required, pick, best=best)
        plan = settled.plan(reading)
        tokens = count_skill(apply_plan(skill, plan), plan.counts(skill), counter)
        if tokens <= budget or limit <= 0:
            break
        room -= tokens - budget
    return _Found(settled, plan, tokens, settled.pick.worth)
