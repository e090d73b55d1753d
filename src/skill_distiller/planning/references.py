"""Text that is kept must not point at a section that is gone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.fact import normalize
from skill_distiller.analysis.headings import anchor
from skill_distiller.document import Skill

_SHORTEST: Final = 4  # letters of a heading that words may refer to
_REACH: Final = 48  # characters before a name that "see" may stand in
_POINTS_AHEAD: Final = re.compile(r"\b(?:see|refer to|described in|follow|per)\b[^.\n]{0,24}[\"“'*`_]*\Z")
_POINTS_BACK: Final = re.compile(r"[\"”'*`_]*\s+(?:section|below|above)\b")


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


@lru_cache(maxsize=4096)
def _names(heading: str) -> tuple[str, str]:
    """How text refers to a heading: a link to its anchor, and its name."""
    return f"](#{anchor(heading)})", normalize(heading).lower()


def _is_named(heading: str, kept: str) -> bool:
    link, name = _names(heading)
    if link in kept:
        return True
    at = kept.find(name) if len(name) >= _SHORTEST else -1
    while at >= 0:
        end = at + len(name)
        if _POINTS_AHEAD.search(kept[max(0, at - _REACH) : at]) and not kept[end : end + 1].isalnum():
            return True
        if not kept[max(0, at - 1) : at].isalnum() and _POINTS_BACK.match(kept, end):
            return True
        at = kept.find(name, end)
    return False


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
