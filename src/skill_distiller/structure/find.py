"""All edges of a skill."""

from __future__ import annotations

from skill_distiller.skill.model import Skill
from skill_distiller.structure.counts import find_sequences
from skill_distiller.structure.edges import Edge
from skill_distiller.structure.pairs import find_pairs
from skill_distiller.structure.pointers import find_pointers
from skill_distiller.structure.symbols import find_symbols


def find_edges(skill: Skill) -> tuple[Edge, ...]:
    """The edges between the pieces of a skill, kind by kind in reading order, each once."""
    found = (*find_sequences(skill), *find_pairs(skill), *find_pointers(skill), *find_symbols(skill))
    return tuple({(edge.kind, edge.source, edge.target): edge for edge in reversed(found)}.values())[::-1]
