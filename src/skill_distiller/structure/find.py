"""All edges of a skill."""

from __future__ import annotations

from skill_distiller.skill.model import Skill
from skill_distiller.structure.counts import find_sequences
from skill_distiller.structure.edges import Edge


def find_edges(skill: Skill) -> tuple[Edge, ...]:
    """The edges between the pieces of a skill, kind by kind in reading order."""
    return tuple(find_sequences(skill))
