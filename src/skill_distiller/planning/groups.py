"""Which parts of the outline a bundle binds together: they are chosen as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.planning.outline import HEADING, Node
from skill_distiller.renderings import Joint

GROUP: Final = -3
ROOT: Final = -4


class Groups(NamedTuple):
    """The outline under one root, with groups where bundles reach over several parts, and the bundles of each group."""

    root: Node
    joints: dict[Node, tuple[Joint, ...]]


def group_outline(nodes: Sequence[Node], joints: Sequence[Joint]) -> Groups:
    """Put what each bundle touches under one GROUP node, at the lowest heading that holds all of it.

    Bundles that share a part share their group; one of them can be taken, or none.
    """
    found: dict[Node, tuple[Joint, ...]] = {}
    return Groups(Node(0, ROOT, _grouped(tuple(nodes), list(joints), found)), found)


def items_of(node: Node) -> tuple[set[int], set[int]]:
    """The blocks under a node, its own included, and the sections whose headings are under it."""
    blocks = {node.block} if node.block >= 0 else set[int]()
    headings = {node.section} if node.block == HEADING else set[int]()
    for child in node.children:
        below = items_of(child)
        blocks |= below[0]
        headings |= below[1]
    return blocks, headings


def _grouped(children: tuple[Node, ...], joints: list[Joint], found: dict[Node, tuple[Joint, ...]]) -> tuple[Node, ...]:
    if not joints:
        return children
    items = [items_of(child) for child in children]
    below: dict[int, list[Joint]] = {}
    touched: list[tuple[set[int], list[Joint]]] = []
    for joint in joints:
        places = {i for i, own in enumerate(items) if _touches(joint, *own)}
        only = next(iter(places)) if len(places) == 1 else -1
        if only >= 0 and children[only].block == HEADING and children[only].section not in joint.headings:
            below.setdefault(only, []).append(joint)
        elif places:
            touched = _with(touched, places, joint)
    nested = [
        child._replace(children=_grouped(child.children, below[i], found)) if i in below else child
        for i, child in enumerate(children)
    ]
    return tuple(_with_groups(nested, touched, found))


def _touches(joint: Joint, blocks: set[int], headings: set[int]) -> bool:
    return any(block in blocks for block, _ in joint.members) or any(h in headings for h in joint.headings)


def _with(
    touched: list[tuple[set[int], list[Joint]]], places: set[int], joint: Joint
) -> list[tuple[set[int], list[Joint]]]:
    """The groups with one more bundle; those that it reaches over become one."""
    apart = [group for group in touched if not group[0] & places]
    joined = [group for group in touched if group[0] & places]
    return [
        *apart,
        (places.union(*(group[0] for group in joined)), [*(j for group in joined for j in group[1]), joint]),
    ]


def _with_groups(
    children: Sequence[Node], touched: Sequence[tuple[set[int], list[Joint]]], found: dict[Node, tuple[Joint, ...]]
) -> Iterator[Node]:
    starts = {min(places): (places, joints) for places, joints in touched}
    grouped = set[int]().union(*(places for places, _ in touched))
    for i, child in enumerate(children):
        if i in starts:
            places, joints = starts[i]
            node = Node(child.section, GROUP, tuple(children[place] for place in sorted(places)))
            found[node] = tuple(joints)
            yield node
        elif i not in grouped:
            yield child
