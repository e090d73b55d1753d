"""What a block needs around it, and which headings stand above what is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from skill_distiller.document import Skill
from skill_distiller.planning.outline import HEADING, Node, outline
from skill_distiller.renderings import Rendering, RenderingKind


def with_companions(skill: Skill, blocks: Collection[int]) -> frozenset[int]:
    """The blocks, by index, and those that must stay with them.

    These are the lead-in of each, all of a numbered sequence, and what a lead-in introduces. Of a sequence
    of sections nothing is added: the planner keeps something of each.
    """
    return frozenset(index for node in outline(skill) for index in _needed(node, blocks))


def _needed(node: Node, wanted: Collection[int]) -> frozenset[int]:
    inner = frozenset[int]().union(*(_needed(child, wanted) for child in node.children))
    if node.block == HEADING or any(child.block == HEADING for child in node.children):
        return inner
    if node.block in wanted or (node.whole and inner):
        return frozenset(_blocks(node))
    return inner | {node.block} if inner else inner


def _blocks(node: Node) -> Iterator[int]:
    if node.block >= 0:
        yield node.block
    for child in node.children:
        yield from _blocks(child)


def settle_headings(skill: Skill, renderings: Sequence[Rendering], headings: Sequence[bool]) -> tuple[bool, ...]:
    """Which headings stay, given one rendering a block and, a section, whether its heading was to stay.

    A heading stays where a block below it is in full, and goes where all of them were dropped. (Under a
    heading that went, blocks may well be written together.)
    """
    stays = list(headings)
    above = _parents(skill)
    below: list[list[Rendering]] = [[] for _ in stays]
    holds = [False] * len(stays)  # whether a heading further down stays
    for section in reversed(skill.sections):
        at = section.index
        below[at] += (renderings[block.index] for block in section.blocks)
        emptied = bool(below[at]) and all(rendering.kind is RenderingKind.DROPPED for rendering in below[at])
        whole = any(rendering.kind is RenderingKind.FULL for rendering in below[at])
        stays[at] = holds[at] or whole or (stays[at] and not emptied)
        parent = above[at]
        if parent is not None:
            below[parent] += below[at]
            holds[parent] |= stays[at]
    return tuple(stays)


def headings_above(skill: Skill, blocks: Collection[int]) -> frozenset[int]:
    """The sections, by index, that some blocks stand in or below."""
    parents = _parents(skill)
    found: set[int] = set()
    for block in blocks:
        section: int | None = skill.section_of[block]
        while section is not None and section not in found:
            found.add(section)
            section = parents[section]
    return frozenset(found)


def _parents(skill: Skill) -> list[int | None]:
    """For each section the index of the one it stands below, None at the top."""
    parents: list[int | None] = []
    stack: list[int] = []
    for section in skill.sections:
        while stack and skill.sections[stack[-1]].level >= section.level:
            stack.pop()
        parents.append(stack[-1] if stack else None)
        if section.level:
            stack.append(section.index)
    return parents
