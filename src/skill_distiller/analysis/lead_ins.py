"""Paragraphs that only introduce the block after them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

from skill_distiller.document import Block, BlockKind, Skill

_BOLD_ONLY: Final = re.compile(r"\s*+(?:\*\*|__)[^*_\n]++(?:\*\*|__)\s*+[:：]?\s*+\Z")
_NEVER_INTRODUCED: Final = frozenset({BlockKind.RULE, BlockKind.HTML, BlockKind.DEFINITION})


def is_lead_in(block: Block, following: Block | None) -> bool:
    """Whether a paragraph introduces the block after it: `Run:`, `**Example:**`."""
    if block.kind is not BlockKind.PARAGRAPH or following is None or following.kind in _NEVER_INTRODUCED:
        return False
    text = block.text.strip()
    return text.rstrip("*_ ").endswith((":", "：")) or bool(_BOLD_ONLY.match(text))


def lead_ins(skill: Skill) -> frozenset[int]:
    """The indices of the blocks that are lead-ins."""
    return frozenset(
        block.index
        for section in skill.sections
        for block, following in pairwise(section.blocks)
        if is_lead_in(block, following)
    )
