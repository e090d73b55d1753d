"""Everything that can be lost from a skill."""

from __future__ import annotations

from skill_distiller.analysis.facts import FactKind, block_facts
from skill_distiller.analysis.headings import heading_key
from skill_distiller.document import Skill


def inventory(skill: Skill) -> dict[str, FactKind]:
    """Every distinct fact of a skill's body, key → kind, in order of first appearance.

    Every heading counts: other text may refer to it, here or in another file.
    """
    found: dict[str, FactKind] = {}
    for section in skill.sections:
        if section.level:
            found.setdefault(heading_key(section.heading), FactKind.HEADING)
        for block in section.blocks:
            for fact in block_facts(block):
                found.setdefault(fact.key, fact.kind)
    return found
