"""Which blocks may never be dropped at a threshold, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from skill_distiller.analysis.model import REQUIRED_TYPES, Analysis, SectionType, Verdict, once_per_analysis
from skill_distiller.language.modals import restricts
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.worth import WorthModel
from skill_distiller.skill.model import PROSE, Skill

_RELAXED_BELOW: Final = 0.8  # the threshold from which on down ever more important blocks may go
_SLOPE: Final = 0.5  # and how fast: at a threshold of 0, of nearly any importance


@once_per_analysis
def required_blocks(analysis: Analysis, threshold: float, model: WorthModel) -> Mapping[int, Reason]:
    """The required blocks by index.

    Protected patterns and hard rules are required at every threshold. So is a block of a required
    type (TRIGGER, CORE_INSTRUCTION), or one of an uncertain type, as long as its importance is not
    small; what counts as small grows as the threshold falls below 0.8, because who asks for half
    of a skill can't be given all of its instructions. Prose that forbids something or asks for
    approval in whatever words, or stands under a heading that does, is required down to there too.
    Without a description every trigger is required.
    """
    bar = model.required_importance + _SLOPE * max(0.0, _RELAXED_BELOW - threshold)
    reasons = ((i, _reason(verdict, bar, model.low_confidence)) for i, verdict in enumerate(analysis.verdicts))
    required = {i: reason for i, reason in reasons if reason}
    if threshold >= _RELAXED_BELOW:
        required |= dict.fromkeys(_held(analysis.skill, required), Reason.RESTRICTION)
    if not analysis.skill.description:  # nothing else says when the skill is for the case at hand
        triggers = (i for i, verdict in enumerate(analysis.verdicts) if verdict.type is SectionType.TRIGGER)
        required |= {i: Reason.TYPE for i in triggers if i not in required}
    return required


def _held(skill: Skill, required: Collection[int]) -> list[int]:
    """The blocks of prose that restrict, or stand under a heading that does, besides those required already."""
    held = []
    for section in skill.sections:
        blocks = [block for block in section.blocks if block.kind in PROSE and block.index not in required]
        whole = bool(blocks) and restricts(section.heading)
        held += [block.index for block in blocks if whole or restricts(block.text)]
    return held


def _reason(verdict: Verdict, bar: float, low_confidence: float) -> Reason | None:
    if verdict.protected:
        return Reason.PATTERN
    if verdict.hard_rule:
        return Reason.HARD_RULE
    if verdict.importance < bar:
        return None
    if verdict.type in REQUIRED_TYPES:
        return Reason.TYPE
    return Reason.UNSURE if verdict.confidence < low_confidence else None
