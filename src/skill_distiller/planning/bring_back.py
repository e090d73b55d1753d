"""Undo a plan for some blocks, and for what they can't do without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from skill_distiller.document import Skill
from skill_distiller.planning.coupling import settle_headings, with_companions
from skill_distiller.planning.plan import Decision, Plan
from skill_distiller.planning.reason import Reason
from skill_distiller.planning.references import anchors_of, missing_targets
from skill_distiller.renderings import Rendering, RenderingKind


def bring_back(skill: Skill, plan: Plan, blocks: Collection[int]) -> Plan:
    """The plan with some blocks, by index, as they are in the original; all other decisions stay.

    With them come the headings above them, and those dropped blocks that belong to them: lead-ins,
    the rest of a numbered sequence, and sections that they refer to.
    """
    reasons = dict.fromkeys(blocks, Reason.ASKED)
    companions = with_companions(skill, blocks)
    while True:
        reasons |= {i: Reason.COMPANION for i in companions - reasons.keys() if _is_dropped(plan.decisions[i])}
        decisions = tuple(_as_it_was(skill, d, reasons[d.block]) if d.block in reasons else d for d in plan.decisions)
        headings = settle_headings(skill, [d.rendering for d in decisions], plan.headings)
        sections = missing_targets(skill, [skill.blocks[i].text for i in sorted(reasons)], headings)
        targets = [i for section in sections for i in anchors_of(skill, section) if i not in reasons]
        if not targets:
            return replace(plan, decisions=decisions, headings=headings)
        reasons |= dict.fromkeys(targets, Reason.PROMOTED)
        companions = with_companions(skill, targets)


def _is_dropped(decision: Decision) -> bool:
    return decision.rendering.kind is RenderingKind.DROPPED


def _as_it_was(skill: Skill, decision: Decision, reason: Reason) -> Decision:
    full = Rendering(RenderingKind.FULL, skill.blocks[decision.block].source, decision.full_tokens, 1.0)
    return replace(decision, rendering=full, reason=reason)
