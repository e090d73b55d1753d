"""Blocks that are kept or dropped together, and how they become items of the frontier."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from skill_distiller.planning.outline import HEADING, Node, outline
from skill_distiller.rewriting.ladder import Joint
from skill_distiller.rewriting.model import Rendering, RenderingKind
from skill_distiller.skill.containers import find_containers
from skill_distiller.skill.model import Skill

GROUP: Final = -3
ROOT: Final = -4


def group_outline(nodes: Sequence[Node], joints: Sequence[Joint]) -> Node:
    """The outline under one ROOT, with what each bundle touches under one GROUP, at the lowest heading that holds it.

    Bundles that share a part share their group; one of them can be taken, or none.
    """
    return Node(0, ROOT, _grouped(tuple(nodes), joints))


def items_of(node: Node) -> tuple[set[int], set[int]]:
    """The blocks under a node, its own included, and the sections whose headings are under it."""
    blocks = {block for block in (node.block, node.closing) if block >= 0}
    headings = {node.section} if node.block == HEADING else set[int]()
    for child in node.children:
        below = items_of(child)
        blocks |= below[0]
        headings |= below[1]
    return blocks, headings


def _grouped(children: tuple[Node, ...], joints: Sequence[Joint]) -> tuple[Node, ...]:
    if not joints:
        return children
    items = [items_of(child) for child in children]
    below: dict[int, list[Joint]] = {}
    touched: list[tuple[set[int], list[Joint]]] = []
    for joint in joints:
        members = {block for block, _ in joint.members}
        places = {i for i, (blocks, sections) in enumerate(items) if members & blocks or sections & {*joint.headings}}
        only = next(iter(places)) if len(places) == 1 else -1
        if only >= 0 and children[only].block == HEADING and children[only].section not in joint.headings:
            below.setdefault(only, []).append(joint)
        elif places:
            joined = [group for group in touched if group[0] & places]
            touched = [group for group in touched if not group[0] & places]
            together = [*(other for _, others in joined for other in others), joint]
            touched.append((places.union(*(own for own, _ in joined)), together))  # those it reaches over become one
    found = dict(enumerate(children))
    for place, own in below.items():
        found[place] = found[place]._replace(children=_grouped(found[place].children, own))
    for places, own in touched:
        parts = tuple(found.pop(place) for place in sorted(places))
        found[min(places)] = Node(parts[0].section, GROUP, parts, joints=tuple(own))
    return tuple(found[place] for place in sorted(found))


def with_companions(skill: Skill, blocks: Collection[int], kept: Collection[int] = ()) -> frozenset[int]:
    """The blocks, by index, and those that must stay with them.

    These are the lead-in of each, what a lead-in introduces, and all that is tied to them; of a section that is,
    nothing where a block of it is `kept`.
    """
    return frozenset(index for node in outline(skill) for index in _needed(node, blocks, kept))


def _needed(node: Node, wanted: Collection[int], kept: Collection[int]) -> frozenset[int]:
    own = frozenset(index for index in (node.block, node.closing) if index >= 0)
    if not own.isdisjoint(wanted):
        return frozenset(items_of(node)[0])
    inner = [_needed(child, wanted, kept) for child in node.children]
    if not any(inner):
        return frozenset()
    tied = (_least(child, kept) for child, found in zip(node.children, inner, strict=True) if child.tied and not found)
    return own.union(*inner, *tied)


def _least(node: Node, kept: Collection[int]) -> frozenset[int]:
    """What a node that is tied needs at least, besides what is kept of it."""
    tied = [child for child in node.children if child.tied] or node.children[:1]
    if node.block == HEADING and not any(child.tied for child in tied) and not items_of(node)[0].isdisjoint(kept):
        return frozenset()
    own = frozenset([node.block]) if node.block >= 0 else frozenset[int]()
    return own.union(*(_least(child, kept) for child in tied))


def settle_headings(skill: Skill, renderings: Sequence[Rendering], headings: Sequence[bool]) -> tuple[bool, ...]:
    """Which headings stay, given one rendering a block and, a section, whether its heading was to stay.

    A heading stays where a block below it is in full, and goes where all of them were dropped. (Under a
    heading that went, blocks may well be written together.)
    """
    stays = list(headings)
    containers = find_containers(skill)
    below: list[list[Rendering]] = [[] for _ in stays]
    for rendering, home in zip(renderings, containers.homes, strict=True):
        below[home].append(rendering)
    holds = [False] * len(stays)  # whether a heading further down stays
    for section in reversed(skill.sections):
        at = section.index
        emptied = bool(below[at]) and all(rendering.kind is RenderingKind.DROPPED for rendering in below[at])
        whole = any(rendering.kind is RenderingKind.FULL for rendering in below[at])
        stays[at] = holds[at] or whole or (stays[at] and not emptied)
        parent = containers.parents[at]
        if parent is not None:
            below[parent] += below[at]
            holds[parent] |= stays[at]
    return tuple(stays)
