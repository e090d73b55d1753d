"""Undo a plan for some blocks, and for what they can't do without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from skill_distiller.document import Skill
from skill_distiller.planning.coupling import settle_headings, with_companions
from skill_distiller.planning.hand_over import carriers, hand_over
from skill_distiller.planning.plan import Decision, Plan
from skill_distiller.planning.reason import Reason
from skill_distiller.planning.references import anchors_of, missing_targets
from skill_distiller.renderings import Rendering, RenderingKind
from skill_distiller.tokens import TokenCounter


def bring_back(skill: Skill, plan: Plan, blocks: Collection[int], counter: TokenCounter) -> Plan:
    """The plan with some blocks, by index, as they are in the original; all other decisions stay.

    With them come the headings above them, and those dropped blocks that belong to them: lead-ins,
    the rest of a numbered sequence, and sections that they refer to. Where a block held the text for
    others too, these have it now.
    """
    stands_with = carriers(skill, plan.decisions)
    reasons = dict.fromkeys(blocks, Reason.ASKED)
    companions = with_companions(skill, blocks)
    while True:
        reasons |= {i: Reason.COMPANION for i in companions - reasons.keys() if _is_dropped(plan.decisions[i])}
        decisions = tuple(_as_it_was(skill, d, reasons[d.block]) if d.block in reasons else d for d in plan.decisions)
        headings = settle_headings(skill, [d.rendering for d in decisions], plan.headings)
        sections = missing_targets(skill, [skill.blocks[i].text for i in sorted(reasons)], headings)
        targets = [i for section in sections for i in anchors_of(skill, section) if i not in reasons]
        if not targets:
            texts = {i: _own_text(skill, plan.decisions[i]) for i in reasons if i in stands_with.values()}
            decisions = hand_over(skill, decisions, texts, stands_with, counter)
            return replace(plan, decisions=decisions, headings=headings)
        reasons |= dict.fromkeys(targets, Reason.PROMOTED)
        companions = with_companions(skill, targets)


def _is_dropped(decision: Decision) -> bool:
    return decision.rendering.kind is RenderingKind.DROPPED


def _own_text(skill: Skill, decision: Decision) -> str:
    return decision.rendering.text.removesuffix(skill.blocks[decision.block].gap)


def _as_it_was(skill: Skill, decision: Decision, reason: Reason) -> Decision:
    full = Rendering(RenderingKind.FULL, skill.blocks[decision.block].source, decision.full_tokens, 1.0)
    return replace(decision, rendering=full, reason=reason)
