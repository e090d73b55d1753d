"""The inverse of parse."""

from __future__ import annotations

from skill_distiller.document.model import Skill


def render_skill(skill: Skill) -> str:
    """The source of a skill, byte for byte: `render_skill(parse_skill(text)) == text`."""
    return skill.frontmatter.raw + "".join(section.text for section in skill.sections)
