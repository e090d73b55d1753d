"""Count the tokens of a whole skill from those of its pieces."""

from __future__ import annotations

from collections.abc import Mapping

from skill_distiller.document import Skill
from skill_distiller.tokens import TokenCounter


def count_skill(skill: Skill, known: Mapping[str, int], counter: TokenCounter) -> int:
    """Tokens of a skill, frontmatter included; `known` has the counts of texts that were taken already."""
    pieces = [skill.frontmatter.raw]
    for section in skill.sections:
        pieces += [section.heading_source, *(block.source for block in section.blocks)]
    pieces = [piece for piece in pieces if piece]
    return counter.count_joined(pieces, [known[p] if p in known else counter.count(p) for p in pieces])
