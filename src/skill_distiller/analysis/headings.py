"""Headings as facts: those that other text of the skill refers to."""

from __future__ import annotations

import re

from skill_distiller.analysis.facts import normalize
from skill_distiller.document import Skill


def heading_key(heading: str) -> str:
    """The key of a heading as a fact."""
    return f"# {normalize(heading)}"


def referred_headings(skill: Skill) -> frozenset[int]:
    """The sections whose heading other text names, by its anchor or (two words and more) word for word."""
    text = "\n".join(block.text for block in skill.blocks).lower()
    anchors = "](#" in text
    named = {
        heading: _is_referred(heading, text, anchors=anchors)
        for heading in {section.heading for section in skill.sections if section.level}
    }
    return frozenset(section.index for section in skill.sections if named.get(section.heading))


def _is_referred(heading: str, text: str, *, anchors: bool) -> bool:
    plain = normalize(heading).lower()
    if " " in plain and len(plain) >= 8 and plain in text:
        return True
    return anchors and f"](#{anchor(heading)})" in text


def anchor(heading: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
