"""What is asked of an analysis again and again, for every example: kept for the last two skills."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.cues import lead_ins
from skill_distiller.analysis.model import Analysis
from skill_distiller.language.facts import fact_keys

_ANCHOR: Final = re.compile(r"\]\(#([^()\s]+)\)")


@lru_cache(maxsize=2)
def leading_blocks(analysis: Analysis) -> frozenset[int]:
    """The indices of the lead-ins of a skill."""
    return lead_ins(analysis.skill)


@lru_cache(maxsize=2)
def fact_spread(analysis: Analysis) -> Counter[str]:
    """In how many blocks each fact stands, by key."""
    return Counter(key for facts in analysis.facts for key in fact_keys(facts))


@lru_cache(maxsize=2)
def linked_anchors(analysis: Analysis) -> frozenset[str]:
    """The anchors that a link in the skill leads to."""
    return frozenset(_ANCHOR.findall(analysis.skill.body.lower()))
