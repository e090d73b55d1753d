"""Everything that can be lost from a skill."""

from __future__ import annotations

from skill_distiller.analysis.facts import FactKind, block_facts
from skill_distiller.analysis.headings import heading_key, referred_headings
from skill_distiller.document import Skill


def inventory(skill: Skill) -> dict[str, FactKind]:
    """Every distinct fact of a skill's body, key → kind, in order of first appearance.

    Headings count where other text of the skill refers to them.
    """
    found: dict[str, FactKind] = {}
    referred = referred_headings(skill)
    for section in skill.sections:
        if section.index in referred:
            found.setdefault(heading_key(section.heading), FactKind.HEADING)
        for block in section.blocks:
            for fact in block_facts(block):
                found.setdefault(fact.key, fact.kind)
    return found
