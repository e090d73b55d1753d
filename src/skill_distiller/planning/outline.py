"""What stands or falls together: headings with what is under them, lead-ins with what they introduce."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis.lead_ins import is_lead_in
from skill_distiller.document import BlockKind, Section, Skill

HEADING: Final = -1
SEQUENCE: Final = -2
_DEEPEST: Final = 10  # lead-ins that introduce each other; nobody writes more
# A heading that is a step ("Step 3: Build", "Phase 3"), also in other languages. A mere number may be that of a topic.
_STEP: Final = re.compile(
    r"[\W_]{0,8}(?:step|phase|stage|part|schritt|paso|passo|étape|etapa|шаг|этап|adım|ステップ|步骤|阶段|第|단계)\s*"
    r"(\d{1,2})(?![\d%]|[.,]\d)",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(r"[ \t]*(?:\*\*|__)?(\d+)[.)]")


class Node(NamedTuple):
    """A heading or block that stays while any of its children stays, or a numbered sequence of blocks or sections.

    `block` is a block's index, HEADING, or SEQUENCE; `section` is the section it stands in. What a
    `whole` node holds goes together or not at all: half a sequence is worse than none.
    """

    section: int
    block: int
    children: tuple[Node, ...]
    whole: bool = False


def outline(skill: Skill, *, sequences: bool = True) -> tuple[Node, ...]:
    """The skill as trees in reading order: sections nest by level, lead-ins hold what they introduce.

    Without `sequences` numbered steps are like any others.
    """
    roots, _ = _nest(skill.sections, 0, -1)
    return roots if sequences else _apart(Node(0, HEADING, roots)).children


def _apart(node: Node) -> Node:
    """The node with the steps of sequences as children of their own."""
    children: list[Node] = []
    for child in node.children:
        found = _apart(child)
        children += found.children if child.block == SEQUENCE else (found,)
    return node._replace(children=tuple(children))


def _nest(sections: Sequence[Section], at: int, above: int) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    steps: list[int] = []
    while at < len(sections) and sections[at].level > above:
        section = sections[at]
        children, at = _nest(sections, at + 1, section.level) if section.level else ((), at + 1)
        nodes.append(Node(section.index, HEADING, (*_in_sequence(section, _units(section)), *children)))
        step = _STEP.match(section.heading)
        steps.append(int(step[1]) if step else 0)
    return tuple(_sequences(nodes, steps)), at


def _units(section: Section) -> list[Node]:
    """A section's blocks with each lead-in around what it introduces."""
    units = []
    at = 0
    while at < len(section.blocks):
        unit, at = _unit(section, at)
        units.append(unit)
    return units


def _unit(section: Section, at: int, depth: int = 0) -> tuple[Node, int]:
    """The unit that starts at a block, and where the next one starts.

    A lead-in holds the next unit, which may be a lead-in itself, or all items of a cut or numbered list.
    """
    blocks = section.blocks
    first = blocks[at]
    following = blocks[at + 1] if at + 1 < len(blocks) and depth < _DEEPEST else None
    if not is_lead_in(first, following):
        return Node(section.index, first.index, ()), at + 1
    if blocks[at + 1].kind is not BlockKind.LIST_ITEM:
        units, end = _introduced(section, at + 1, depth + 1)
        return Node(section.index, first.index, tuple(_in_sequence(section, units)), whole=True), end
    end = at + 1
    while end < len(blocks) and blocks[end].kind is BlockKind.LIST_ITEM:
        end += 1
    items = [Node(section.index, block.index, ()) for block in blocks[at + 1 : end]]
    return Node(section.index, first.index, tuple(_in_sequence(section, items))), end


def _introduced(section: Section, at: int, depth: int) -> tuple[list[Node], int]:
    """What a lead-in before a block introduces: one unit, or the numbered ones that follow one another."""
    unit, end = _unit(section, at, depth)
    units = [unit]
    while _number(section, unit) and end < len(section.blocks):
        following, after = _unit(section, end, depth)
        if _number(section, following) != _number(section, unit) + 1:
            break
        units.append(following)
        unit, end = following, after
    return units, end


def _in_sequence(section: Section, units: Sequence[Node]) -> Iterator[Node]:
    """The units, those that are numbered 1, 2, 3 one after the other put together."""
    return _sequences(units, [_number(section, unit) for unit in units])


def _sequences(nodes: Sequence[Node], numbers: Sequence[int]) -> Iterator[Node]:
    """The nodes, those whose numbers (0 for none) go up by one put together."""
    at = 0
    while at < len(nodes):
        end = at + 1
        while numbers[at] and end < len(nodes) and numbers[end] == numbers[end - 1] + 1:
            end += 1
        if end - at > 1:
            yield Node(nodes[at].section, SEQUENCE, tuple(nodes[at:end]), whole=True)
        else:
            yield nodes[at]
        at = end


def _number(section: Section, unit: Node) -> int:
    """The number that a unit's first block starts with, 0 without one."""
    found = _NUMBERED.match(section.blocks[unit.block - section.blocks[0].index].text)
    return int(found.group(1)[:9]) if found else 0
