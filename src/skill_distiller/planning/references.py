"""Text that is kept must not point at a section that is gone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from skill_distiller.analysis.facts import normalize
from skill_distiller.analysis.headings import anchor
from skill_distiller.document import Skill


def missing_targets(skill: Skill, texts: Sequence[str], headings: Sequence[bool]) -> tuple[int, ...]:
    """The indices of the dropped sections that kept text still refers to.

    A reference is a link to the heading's anchor, or words like "see X" and "the X section".
    """
    gone = [section for section in skill.sections if section.level and not headings[section.index]]
    if not gone:
        return ()
    kept = "\n".join(texts).lower()
    named = {heading: _is_named(heading, kept) for heading in {section.heading for section in gone}}
    return tuple(section.index for section in gone if named[section.heading])


def _is_named(heading: str, kept: str) -> bool:
    name = normalize(heading).lower()
    if f"](#{anchor(heading)})" in kept:
        return True
    if len(name) < 4 or name not in kept:
        return False
    quoted = rf"[\"“'*`_]*{re.escape(name)}[\"”'*`_]*"
    return bool(
        re.search(rf"\b(?:see|refer to|described in|follow|per)\b[^.\n]{{0,24}}{quoted}(?!\w)", kept)
        or re.search(rf"(?<!\w){quoted}\s+(?:section|below|above)\b", kept)
    )


def anchors_of(skill: Skill, section: int) -> tuple[int, ...]:
    """The blocks that stand for a section when something must keep it: its own, else those below it."""
    own = skill.sections[section].blocks
    if own:
        return tuple(block.index for block in own)
    for below in skill.sections[section + 1 :]:
        if below.level <= skill.sections[section].level:
            break
        if below.blocks:
            return tuple(block.index for block in below.blocks)
    return ()
