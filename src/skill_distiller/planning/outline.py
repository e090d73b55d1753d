"""What stands or falls together: headings with what is under them, lead-ins with what they introduce."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from skill_distiller.analysis.lead_ins import is_lead_in
from skill_distiller.document import Block, BlockKind, Section, Skill


class Node(NamedTuple):
    """A heading or block that stays while any of its children stays.

    `block` is a block's index, -1 for a heading; `section` is the section it stands in.
    """

    section: int
    block: int
    children: tuple[Node, ...]


def outline(skill: Skill) -> tuple[Node, ...]:
    """The skill as trees in reading order: sections nest by level, lead-ins hold what they introduce."""
    roots, _ = _nest(skill.sections, 0, -1)
    return roots


def _nest(sections: Sequence[Section], at: int, above: int) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    while at < len(sections) and sections[at].level > above:
        section = sections[at]
        children, at = _nest(sections, at + 1, section.level) if section.level else ((), at + 1)
        nodes.append(Node(section.index, -1, (*_blocks(section), *children)))
    return tuple(nodes), at


def _blocks(section: Section) -> Iterator[Node]:
    blocks = section.blocks
    i = 0
    while i < len(blocks):
        following = blocks[i + 1] if i + 1 < len(blocks) else None
        if is_lead_in(blocks[i], following):
            end = _introduced(blocks, i + 1)
            yield Node(
                section.index,
                blocks[i].index,
                tuple(Node(section.index, b.index, ()) for b in blocks[i + 1 : end]),
            )
            i = end
        else:
            yield Node(section.index, blocks[i].index, ())
            i += 1


def _introduced(blocks: Sequence[Block], start: int) -> int:
    """Where the blocks end that a lead-in before `start` introduces: one, or all items of a cut list."""
    end = start + 1
    if blocks[start].kind is BlockKind.LIST_ITEM:
        while end < len(blocks) and blocks[end].kind is BlockKind.LIST_ITEM:
            end += 1
    return end
