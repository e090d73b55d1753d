"""Guards: what says when a step is to stop and whom to ask; and what goes on with steps that code parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import LISTS, PROSE, Block, BlockKind, Section, Skill
from skill_distiller.structure.edges import Edge, EdgeKind
from skill_distiller.structure.pointers import in_text, opens_with

_STEPS: Final = PROSE | {BlockKind.CODE, BlockKind.QUOTE, BlockKind.TABLE}
_ORDERED: Final = re.compile(r"\s{0,3}\d{1,9}[.)]\s")


def find_guards(skill: Skill) -> Iterator[Edge]:
    """The edges from steps to what guards them, and between steps that a code block parts."""
    homes = [section for section in skill.sections if section.level and in_text("guard_headings", section.heading)]
    guarded = {section.index for section in homes}
    yield from _sections(skill, homes)
    for section in skill.sections:
        if section.index not in guarded:
            yield from _beside(section.blocks)
        yield from _going_on(skill, section.blocks)


def _sections(skill: Skill, homes: Sequence[Section]) -> Iterator[Edge]:
    """From the steps of a skill to the first section that says when to stop or whom to ask, and from it to the next."""
    firsts = [section.blocks[0].index for section in homes if section.blocks]
    own = {block.index for section in homes for block in section.blocks}
    for block in skill.blocks if firsts else ():
        if block.index not in own and _is_step(block):
            yield Edge(EdgeKind.LABEL, block.index, firsts[0], "says when to stop or to ask")
    yield from (Edge(EdgeKind.LABEL, one, other, "says when to stop or to ask") for one, other in pairwise(firsts))
    for section in homes:
        blocks = [block.index for block in section.blocks if block.kind is not BlockKind.RULE]
        yield from (Edge(EdgeKind.LABEL, blocks[0], other, "says when to stop or to ask") for other in blocks[1:])


def _is_step(block: Block) -> bool:
    return block.kind in LISTS and _ORDERED.match(block.text) is not None


def _beside(blocks: Sequence[Block]) -> Iterator[Edge]:
    """From a block to a paragraph right below it that says when to stop or whom to ask; code and quotes back."""
    for above, block in pairwise(blocks):
        if above.kind in _STEPS and block.kind is BlockKind.PARAGRAPH and in_text("guards", block.text):
            shown = above.kind in (BlockKind.CODE, BlockKind.QUOTE)
            yield Edge(EdgeKind.LABEL, above.index, block.index, "says when to stop or to ask", mutual=shown)


def _going_on(skill: Skill, blocks: Sequence[Block]) -> Iterator[Edge]:
    """The edges that hold steps together of which the second goes on with the first: "Then remove the branch:"."""
    first: Block | None = None
    for at, block in enumerate(blocks):
        if first and block.kind in PROSE and opens_with("sequel_openings", block.text):
            leads = block.index in lead_ins(skill) and blocks[at + 1].kind is BlockKind.CODE
            if leads or (first is blocks[at - 1] and _is_step(first)):
                yield Edge(EdgeKind.LABEL, first.index, block.index, "goes on with it", mutual=True)
        if block.kind is BlockKind.CODE or _is_step(block):
            first = block
