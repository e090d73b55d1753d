"""The pieces of a skill as a tree of what holds what, what of it is tied, and what refers to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import is_
from typing import Final, NamedTuple

from skill_distiller.rewriting.ladder import Joint
from skill_distiller.skill.containers import ends_in_colon, find_containers, is_label, is_lead_in
from skill_distiller.skill.links import find_footnotes
from skill_distiller.skill.model import Block, BlockKind, Section, Skill, once_per_skill
from skill_distiller.structure.edges import Edge, heading_of
from skill_distiller.structure.find_edges import find_edges

HEADING: Final = -1
SEQUENCE: Final = -2
_MAX_NESTED_LEAD_INS: Final = 10  # lead-ins that introduce each other; nobody writes more


class Node(NamedTuple):
    """A heading or block that stays while any of its children stays, or a SEQUENCE: nodes of which none stays alone.

    `block` is a block's index, HEADING, or SEQUENCE; `section` is the section it stands in. A `tied` node stays or goes
    with the one above it. `joints` are the bundles of a group, `closing` is the block that closes a container, which
    stays and goes with the one that opens it.
    """

    section: int
    block: int
    children: tuple[Node, ...]
    tied: bool = False
    joints: tuple[Joint, ...] = ()
    closing: int = -1


@once_per_skill
def outline(skill: Skill) -> tuple[Node, ...]:
    """The skill as trees in reading order: sections nest by level, lead-ins and tags hold what they introduce.

    What hangs together by mutual hard edges is tied: half a sequence is worse than none.
    """
    containers = find_containers(skill)
    below: dict[int | None, list[Section]] = defaultdict(list)
    for section, parent in zip(skill.sections, containers.parents, strict=True):
        below[parent].append(section)
    roots = _nest(below, None)
    if containers.partners:
        roots = tuple(_contained(skill, roots, containers.partners))
    roots = _coupled(roots, find_edges(skill))
    notes = {n.definition: n.marks[0] for n in find_footnotes(skill).values() if n.marks and n.definition >= 0}
    return _annotated(roots, notes) if notes else roots


def _nest(below: Mapping[int | None, Sequence[Section]], parent: int | None) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for section in below.get(parent, ()):
        nodes.append(Node(section.index, HEADING, (*_units(section), *_nest(below, section.index))))
    return tuple(nodes)


def _units(section: Section) -> list[Node]:
    """A section's blocks with each lead-in around what it introduces, each label around all up to the next one."""
    units: list[Node] = []
    label: Node | None = None
    below: list[Node] = []
    at = 0
    while at < len(section.blocks):
        if is_label(section.blocks[at]):
            units += _labelled(label, below)
            label, below, at = Node(section.index, section.blocks[at].index, ()), [], at + 1
        else:
            # What stands right behind "**Several servers:**" is what it names, and so is code below any label; else any
            # of the blocks of a label is.
            named = label is not None and not below and _names(section.blocks[at - 1], section.blocks[at])
            unit, at = _unit(section, at)
            below.append(unit._replace(tied=named))
    return [*units, *_labelled(label, below)]


def _names(label: Block, below: Block) -> bool:
    return ends_in_colon(label) or below.kind is BlockKind.CODE


def _labelled(label: Node | None, below: list[Node]) -> list[Node]:
    return [label._replace(children=tuple(below))] if label else below


def _unit(section: Section, at: int, depth: int = 0) -> tuple[Node, int]:
    """The unit that starts at a block, and where the next one starts.

    A lead-in holds the next unit, which may be a lead-in itself, or all items of a cut or numbered list.
    """
    blocks = section.blocks
    first = blocks[at]
    following = blocks[at + 1] if at + 1 < len(blocks) and depth < _MAX_NESTED_LEAD_INS else None
    if not is_lead_in(first, following):
        return Node(section.index, first.index, ()), at + 1
    if blocks[at + 1].kind is not BlockKind.LIST_ITEM:
        unit, end = _unit(section, at + 1, depth + 1)
        return Node(section.index, first.index, (unit._replace(tied=True),)), end
    end = at + 1
    while end < len(blocks) and blocks[end].kind is BlockKind.LIST_ITEM:
        end += 1
    items = [Node(section.index, block.index, ()) for block in blocks[at + 1 : end]]
    return Node(section.index, first.index, tuple(items)), end


def _coupled(roots: tuple[Node, ...], edges: Iterable[Edge]) -> tuple[Node, ...]:
    """The trees, where the pieces of each group that mutual hard edges join are tied to what holds them all.

    Where that is a piece of the group, they stay and go with it; else with a SEQUENCE around them.
    """
    groups = _groups(edges)
    if not groups:
        return roots
    twigs = [_Twig(Node(0, HEADING, roots), -1, 0)]
    place = dict[int, int]()  # of each piece among the twigs
    for at, twig in enumerate(twigs):  # grows on the way
        for child in twig.node.children:
            piece = heading_of(child.section) if child.block == HEADING else child.block
            place[piece] = len(twigs)
            twig.children.append(len(twigs))
            twigs.append(_Twig(child, at, twig.depth + 1))
    for group in groups:
        _tie(twigs, [place[piece] for piece in group if piece in place])
    return tuple(_grown(twigs, 0).children)


class _Twig:
    """A node while groups are tied: its place in the tree, and which of its children belong together."""

    __slots__ = ("children", "depth", "node", "parent", "sets", "tied")

    def __init__(self, node: Node, parent: int, depth: int) -> None:
        self.node, self.parent, self.depth, self.tied = node, parent, depth, node.tied
        self.children: list[int] = []
        self.sets: list[set[int]] = []


def _groups(edges: Iterable[Edge]) -> list[list[int]]:
    """The pieces that mutual hard edges join, directly or over others."""
    owner = dict[int, int]()

    def root(piece: int) -> int:
        while owner.setdefault(piece, piece) != piece:
            owner[piece] = owner[owner[piece]]
            piece = owner[piece]
        return piece

    for edge in edges:
        if edge.hard and edge.mutual:
            owner[root(edge.target)] = root(edge.source)
    groups = defaultdict[int, list[int]](list)
    for piece in list(owner):
        groups[root(piece)].append(piece)
    return list(groups.values())


def _tie(twigs: Sequence[_Twig], members: Sequence[int]) -> None:
    """Tie the twigs of a group, and those on the way, to the lowest twig that holds them all."""
    top = members[0]
    for member in members[1:]:
        other = member
        while top != other:
            if twigs[top].depth >= twigs[other].depth:
                top = twigs[top].parent
            else:
                other = twigs[other].parent
    below = set[int]()
    for member in members:
        at = member
        while at != top and twigs[at].parent != top:
            twigs[at].tied = True
            at = twigs[at].parent
        below |= {at} - {top}
    if top in members:
        for at in below:
            twigs[at].tied = True
    elif len(below) > 1:
        twigs[top].sets.append(below)


def _grown(twigs: Sequence[_Twig], at: int) -> Node:
    """The node of a twig, with a SEQUENCE around each set of its children."""
    twig = twigs[at]
    together = list[set[int]]()
    for own in twig.sets:
        apart = [other for other in together if own.isdisjoint(other)]
        together = [*apart, own.union(*(other for other in together if not own.isdisjoint(other)))]
    first = {min(own): own for own in together}
    inside = set[int]().union(*together)
    children = list[Node]()
    for child in twig.children:
        if child in first:
            parts = tuple(_grown(twigs, part)._replace(tied=True) for part in sorted(first[child]))
            tied = any(twigs[part].tied for part in first[child])
            children.append(Node(parts[0].section, SEQUENCE, parts, tied))
        elif child not in inside:
            children.append(_grown(twigs, child))
    node = twig.node
    same = len(children) == len(node.children) and all(map(is_, children, node.children))  # so it is for most
    return node if same and twig.tied is node.tied else node._replace(children=tuple(children), tied=twig.tied)


def _contained(skill: Skill, nodes: Iterable[Node], partners: Mapping[int, int]) -> list[Node]:
    """The nodes, each container as one of them: what reaches out of a heading or label ends that one."""
    open_at: list[int] = []
    found: list[Node] = []
    for node in _lifted(skill, nodes, partners):
        found.append(node)
        partner = partners.get(node.block, -1) if node.closing < 0 else -1
        if partner > node.block >= 0:
            open_at.append(len(found) - 1)
        elif open_at and partner == found[open_at[-1]].block:
            at = open_at.pop()
            whole = found[at]._replace(children=tuple(found[at + 1 : -1]), closing=node.block)
            introduced = at > 0 and not found[at - 1].children and _introduces(skill, found[at - 1], found[at])
            found[at - introduced :] = [
                found[at - 1]._replace(children=(whole._replace(tied=True),)) if introduced else whole
            ]
    return found


def _annotated(nodes: Sequence[Node], notes: Mapping[int, int]) -> tuple[Node, ...]:
    """The nodes, each definition of a footnote with the block that has its mark."""
    below = defaultdict[int, list[Node]](list)

    def without_notes(node: Node) -> Iterator[Node]:
        if node.block in notes and not node.children and notes[node.block] != node.block:
            below[notes[node.block]].append(node)
        else:
            yield node._replace(children=tuple(one for child in node.children for one in without_notes(child)))

    def with_notes(node: Node) -> Node:
        node = node._replace(children=tuple(map(with_notes, node.children)))
        own = tuple(below.pop(node.block, ()))
        own = tuple(one._replace(tied=True) for one in own)
        if own and node.children:
            return Node(node.section, SEQUENCE, (node._replace(tied=True), *own), node.tied)
        return node._replace(children=own) if own else node

    bare = [one for node in nodes for one in without_notes(node)]
    return tuple(map(with_notes, bare))


def _lifted(skill: Skill, nodes: Iterable[Node], partners: Mapping[int, int]) -> Iterator[Node]:
    """The nodes, those cut off where a tag is opened or closed that has its partner outside."""
    for node in nodes:
        children = _contained(skill, node.children, partners)
        # What is in one is a child of it by now.
        tags = (at for at, one in enumerate(children) if one.closing < 0 and one.block in partners)
        cut = next(tags, len(children))
        yield node._replace(children=tuple(children[:cut]))
        yield from children[cut:]


def _introduces(skill: Skill, above: Node, container: Node) -> bool:
    """Whether a paragraph ends in a colon right above a tag."""
    return above.section == container.section and above.block >= 0 and ends_in_colon(skill.blocks[above.block])


def needed_by(skill: Skill, edges: Iterable[Edge], texts: Sequence[str], headings: Sequence[bool]) -> list[int]:
    """The blocks that went and that kept text and headings need by a hard edge, those that these need, and so on."""
    needs = defaultdict[int, list[int]](list)
    for edge in edges:
        if edge.hard and not edge.mutual:
            needs[edge.source].append(edge.target)
    found = dict[int, None]()
    open_ = [block for block, text in enumerate(texts) if text]
    open_ += [heading_of(section) for section, stays in enumerate(headings) if stays]
    while open_:
        for target in needs.pop(open_.pop(), ()):
            if target < 0:
                fresh = () if headings[heading_of(target)] else anchors_of(skill, heading_of(target))
            else:
                fresh = () if texts[target] else (target,)
            open_ += [block for block in fresh if block not in found]
            open_ += [target] if target < 0 and fresh else []
            found |= dict.fromkeys(fresh)
    return list(found)


def anchors_of(skill: Skill, section: int) -> tuple[int, ...]:
    """The blocks that stand for a section when something must keep it: its own, else those below it."""
    own = skill.sections[section].blocks
    if own:
        return tuple(block.index for block in own)
    for at in range(section + 1, len(skill.sections)):  # a slice would copy all the rest for each section
        below = skill.sections[at]
        if below.level <= skill.sections[section].level:
            break
        if below.blocks:
            return tuple(block.index for block in below.blocks)
    return ()
