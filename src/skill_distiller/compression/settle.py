"""Settle on a choice that loses nothing it may not lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.taxonomy import REQUIRED_TYPES
from skill_distiller.compression.ladders import Ladders, refuse, require, retrace
from skill_distiller.document import BlockKind
from skill_distiller.planning import Choice, Frontier, Pick, Plan, Reason, make_plan
from skill_distiller.planning.references import referred_to
from skill_distiller.renderings import Ladder, keeps_everything


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


def settle(
    analysis: Analysis,
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
        frontier = retrace(analysis, prepared, ladders)
        picked = pick(frontier)
        if refused := _refused(analysis, ladders, picked.choice):
            ladders = refuse(ladders, picked.choice, refused)
            continue
        found = _needed(analysis, ladders, picked.choice) if promote else _something(analysis, ladders, picked.choice)
        needed = {i: why for i, why in found.items() if i not in reasons}
        if not needed:
            return Settled(ladders, frontier, picked, reasons)
        reasons |= needed
        ladders = require(ladders, needed)


def _refused(analysis: Analysis, ladders: Sequence[Ladder], choice: Choice) -> frozenset[int]:
    return frozenset(
        ladder.block.index
        for ladder, rung in zip(ladders, choice.rungs, strict=True)
        # What is joint was proved by who offered it.
        if rung < len(ladder.rungs) and not keeps_everything(analysis, ladder.block.index, ladder.rungs[rung])
    )


def _needed(analysis: Analysis, ladders: Sequence[Ladder], choice: Choice) -> dict[int, Reason]:
    """The blocks that a choice drops and that have to stay, with the reason."""
    texts = [ladder.rendering(rung).text for ladder, rung in zip(ladders, choice.rungs, strict=True)]
    needed = dict.fromkeys(referred_to(analysis.skill, texts, choice.headings), Reason.PROMOTED)
    if ladders:  # a skill without its most important block is none
        needed.setdefault(_first_of_all(analysis), Reason.BEST)
    if not analysis.skill.frontmatter.raw and _opens_with_rule(ladders, texts):
        needed.setdefault(0, Reason.PROMOTED)
    return {block: reason for block, reason in needed.items() if not texts[block]}


def _something(analysis: Analysis, ladders: Sequence[Ladder], choice: Choice) -> dict[int, Reason]:
    """The most important block, where a choice keeps none."""
    if not ladders or any(ladder.rendering(rung).text for ladder, rung in zip(ladders, choice.rungs, strict=True)):
        return {}
    return {_first_of_all(analysis): Reason.BEST}


def _first_of_all(analysis: Analysis) -> int:
    """The most important block, one of a required type if there is any."""
    verdicts = analysis.verdicts
    return max(range(len(verdicts)), key=lambda i: (verdicts[i].type in REQUIRED_TYPES, verdicts[i].importance))


def _opens_with_rule(ladders: Sequence[Ladder], texts: Sequence[str]) -> bool:
    """Whether a rule comes first: without frontmatter it would be taken for the opening of one."""
    first = next((i for i, text in enumerate(texts) if text), 0)
    return bool(ladders) and first > 0 and ladders[first].block.kind is BlockKind.RULE
