"""Threshold mode: the cheapest text that keeps a given share of the functionality."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.taxonomy import REQUIRED_TYPES
from skill_distiller.compression.ladders import Ladders, Models, prepare_ladders, refuse, require
from skill_distiller.document import BlockKind, Skill
from skill_distiller.planning import Choice, Frontier, Plan, Reason, make_plan, required_blocks, trace_frontier
from skill_distiller.planning.references import anchors_of, missing_targets
from skill_distiller.renderings import Ladder, keeps_everything
from skill_distiller.tokens import TokenCounter

Observer = Callable[[str, object], None]
# The thresholds at which the blocks required by their type are looked at again.
RELAXED_LEVELS: Final = (0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)


class _Settled(NamedTuple):
    """A choice that lost nothing it may not lose, and what it was made from."""

    ladders: tuple[Ladder, ...]
    frontier: Frontier
    point: int
    required: Mapping[int, Reason]

    @property
    def tokens(self) -> int:
        return self.frontier.points[self.point][0]


def compress_to_threshold(
    analysis: Analysis,
    threshold: float,
    counter: TokenCounter,
    observe: Observer | None = None,
    models: Models | None = None,
) -> Plan:
    """The plan with the fewest tokens on the frontier whose functionality is at least `threshold` (0-1).

    Which blocks are required is relaxed in steps down to the threshold; of the plans on the way the
    cheapest is taken, so that a lower threshold never costs more.
    """
    models = models or Models()
    model = models.worth
    prepared = prepare_ladders(analysis, (), counter, models)
    settled: list[_Settled] = []
    for level in (1.0, *(level for level in RELAXED_LEVELS if level >= threshold)):
        required = required_blocks(analysis, level, model)
        if not settled or settled[-1].required.keys() != required.keys():
            settled.append(_settle(analysis, prepared, required, model.share(threshold)))
    best = min(settled, key=lambda item: item.tokens)
    if observe:
        observe("ladders", best.ladders)
        observe("frontier", best.frontier)
    return make_plan(best.ladders, best.frontier.choice(best.point), prepared.heading_tokens, best.required)


def _settle(analysis: Analysis, prepared: Ladders, required: Mapping[int, Reason], share: float) -> _Settled:
    """The cheapest choice that keeps a share (0-1) of the worth, every required block and every fact it may not lose.

    A rendering that was chosen and proves to lose a fact is taken off its ladder; blocks that kept
    text needs are promoted to required. Then the choice is made again: each round takes away a rung
    or promotes a block, so it ends.
    """
    ladders = require(prepared.ladders, required)
    reasons = dict(required)
    while True:
        frontier = trace_frontier(analysis.skill, ladders, prepared.worths, prepared.heading_tokens)
        point = frontier.cheapest(share)
        choice = frontier.choice(point)
        if refused := _refused(analysis, ladders, choice):
            ladders = refuse(ladders, choice, refused)
            continue
        needed = {i: why for i, why in _needed(analysis, prepared, ladders, choice).items() if i not in reasons}
        if not needed:
            return _Settled(ladders, frontier, point, reasons)
        reasons |= needed
        ladders = require(ladders, needed)


def _refused(analysis: Analysis, ladders: Sequence[Ladder], choice: Choice) -> frozenset[int]:
    return frozenset(
        ladder.block.index
        for ladder, rung in zip(ladders, choice.rungs, strict=True)
        if not keeps_everything(analysis, ladder.block.index, ladder.rungs[rung])
    )


def _needed(analysis: Analysis, prepared: Ladders, ladders: Sequence[Ladder], choice: Choice) -> dict[int, Reason]:
    """The blocks that a choice drops and that have to stay, with the reason."""
    texts = [ladder.rungs[rung].text for ladder, rung in zip(ladders, choice.rungs, strict=True)]
    needed = dict.fromkeys(_referred_to(analysis.skill, texts, choice.headings), Reason.PROMOTED)
    if ladders:  # a skill without its most important block is none
        needed.setdefault(_first_of_all(analysis), Reason.BEST)
    if not analysis.skill.frontmatter.raw and _opens_with_rule(ladders, texts):
        needed.setdefault(0, Reason.PROMOTED)
    return {block: reason for block, reason in needed.items() if not texts[block]}


def _referred_to(skill: Skill, kept: Sequence[str], headings: Sequence[bool]) -> list[int]:
    """The blocks that kept text refers to, those that these refer to, and so on: one plan for a whole chain."""
    texts, stays, found = list(kept), list(headings), list[int]()
    while targets := missing_targets(skill, texts, stays):
        for section in targets:
            stays[section] = True
            for block in anchors_of(skill, section):
                texts[block] = skill.blocks[block].text
                found.append(block)
    return found


def _first_of_all(analysis: Analysis) -> int:
    """The most important block, one of a required type if there is any."""
    verdicts = analysis.verdicts
    return max(range(len(verdicts)), key=lambda i: (verdicts[i].type in REQUIRED_TYPES, verdicts[i].importance))


def _opens_with_rule(ladders: Sequence[Ladder], texts: Sequence[str]) -> bool:
    """Whether a rule comes first: without frontmatter it would be taken for the opening of one."""
    first = next((i for i, text in enumerate(texts) if text), 0)
    return bool(ladders) and first > 0 and ladders[first].block.kind is BlockKind.RULE
