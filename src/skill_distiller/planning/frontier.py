"""The frontier: every best trade of tokens against worth, from the original down to what must stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import is_
from typing import Final, NamedTuple

from skill_distiller.planning.groups import GROUP, ROOT, group_outline, items_of
from skill_distiller.planning.hull import Curve, Step, best_of, close_hull, ladder_steps, merge_steps
from skill_distiller.planning.outline import HEADING, SEQUENCE, Node
from skill_distiller.rewriting.ladder import Joint, Ladder, unused

_OVERSHOOT: Final = (1.0, 1.5, 2.0, 4.0)  # how much more than is needed a step may save on the way to a budget
_BACK: Final = (1.02, 1.05, 1.1)  # where to begin on that way, as multiples of the budget


@dataclass(frozen=True, slots=True)
class Choice:
    """One rung for every block, and whether each section's heading stays."""

    rungs: tuple[int, ...]
    headings: tuple[bool, ...]


class Pick(NamedTuple):
    """A choice with its price: the tokens of blocks and headings, and the worth kept."""

    choice: Choice
    tokens: int
    worth: float


@dataclass(frozen=True)
class Frontier:
    """The points of the trade, as steps from the original.

    `tokens` is the count of all blocks and headings (the frontmatter is not part of it), `worth`
    the worth of all blocks. Point 0 is the original; point k is after the first k steps. Tokens
    fall and worth does not rise from point to point.
    """

    tokens: int
    worth: float
    steps: tuple[Step, ...]
    blocks: int
    sections: int

    @cached_property
    def points(self) -> tuple[tuple[int, float], ...]:
        """(tokens, worth) of each point."""
        found = [(self.tokens, self.worth)]
        for step in self.steps:
            found.append((found[-1][0] - step.saved, max(0.0, found[-1][1] - step.lost)))
        return tuple(found)

    def cheapest(self, share: float) -> int:
        """The point with the fewest tokens that keeps at least `share` (0-1) of the worth."""
        floor = share * self.worth - 1e-9 * max(1.0, self.worth)
        return max(i for i, (_, worth) in enumerate(self.points) if worth >= floor or i == 0)

    def first_within(self, tokens: int) -> int:
        """The first point with at most `tokens` tokens, else the last of all."""
        return next((i for i, (count, _) in enumerate(self.points) if count <= tokens), len(self.points) - 1)

    def pick(self, point: int) -> Pick:
        """A point as a choice with its price."""
        return self._pick(self.steps[:point])

    def keeping(self, share: float) -> Pick:
        """The cheapest choice that keeps a share (0-1) of the worth."""
        return self.pick(self.cheapest(share))

    def within(self, tokens: int) -> Pick:
        """The most worth that was found for at most `tokens` tokens (as few as possible where that can't be had).

        The last point above the budget, then further steps until it is met: the next one, or those
        after it that do not overshoot by much. What is left of the budget brings back what fits into
        it. Of all these ways the best is taken.
        """
        point = self.first_within(tokens)
        if point == 0:
            return self.pick(0)
        ways = [list(self.steps[:point])]
        for start in dict.fromkeys((point - 1, *(self._before(tokens * more) for more in _BACK))):
            need = self.points[start][0] - tokens
            for overshoot in _OVERSHOOT:
                way = self._down(start, need, overshoot)
                if way and way not in ways:
                    ways.append(way)
        saved = [sum(step.saved for step in way) for way in ways]
        full = [_undo_steps(way, tokens - self.tokens + s) for way, s in zip(ways, saved, strict=True)]
        return max(map(self._pick, full), key=lambda pick: pick.worth)

    def _before(self, tokens: float) -> int:
        """The last point with at least so many tokens."""
        return max(0, next((i for i, (count, _) in enumerate(self.points) if count < tokens), len(self.points)) - 1)

    def _down(self, start: int, need: int, overshoot: float) -> list[Step] | None:
        """The steps to a point and those that save `need` tokens more, none of which is much larger than needed."""
        taken, passed = list(self.steps[:start]), set[int]()
        for step in self.steps[start:]:
            if need <= 0:
                break
            if step.saved > overshoot * need or (passed and any(item in passed for item, _ in step.changes)):
                passed.update(item for item, _ in step.changes)
                continue
            taken.append(step)
            need -= step.saved
        return taken if need <= 0 else None

    def _pick(self, steps: Sequence[Step]) -> Pick:
        state = [0] * (self.blocks + self.sections)
        for step in steps:
            for item, rung in step.changes:
                state[item] = rung
        choice = Choice(tuple(state[: self.blocks]), tuple(rung == 0 for rung in state[self.blocks :]))
        tokens, worth = self.tokens - sum(s.saved for s in steps), self.worth - sum(s.lost for s in steps)
        return Pick(choice, tokens, max(0.0, worth))


def _undo_steps(taken: Sequence[Step], slack: int) -> list[Step]:
    """The steps without those whose tokens fit into `slack`, the greatest loss first.

    A step that a later one goes on from has to stay.
    """
    later: dict[int, list[int]] = {}
    for i, step in enumerate(taken):
        for item, _ in step.changes:
            later.setdefault(item, []).append(i)
    undone = set[int]()
    for i in sorted(range(len(taken)), key=lambda i: -taken[i].lost):
        items = [item for item, _ in taken[i].changes]
        if taken[i].saved <= slack and all(later[item][-1] == i for item in items):
            undone.add(i)
            slack -= taken[i].saved
            for item in items:
                later[item].pop()
    return [step for i, step in enumerate(taken) if i not in undone]


class Hull(NamedTuple):
    """A node's hull with its totals; `gone` are the changes that drop all of it, None if something must stay."""

    tokens: int
    worth: float
    steps: list[Step]
    gone: tuple[tuple[int, int], ...] | None


class _Known(NamedTuple):
    """The hull of a node, and what it was made from: worths, blocks and their ladders."""

    node: Node
    worths: Sequence[float]
    blocks: tuple[int, ...]
    ladders: list[Ladder]
    hull: Hull


class Hulls:
    """What was worked out for the outline of a skill: most of it holds for ladders of which a few are other ones."""

    def __init__(self) -> None:
        self._hulls: dict[tuple[int, int, int, bool], _Known] = {}
        self._root: tuple[Sequence[Node], list[Joint], Node] | None = None

    def root(self, nodes: Sequence[Node], joints: list[Joint]) -> Node:
        """The outline with what the bundles touch under groups."""
        if self._root is None or self._root[0] is not nodes or self._root[1] != joints:
            self._root = nodes, joints, group_outline(nodes, joints)
        return self._root[2]

    def hull(self, tree: _Tree, node: Node, *, bound: bool) -> Hull:
        """The hull of a node with children."""
        key = node.section, node.block, node.closing, bound
        known = self._hulls.get(key)
        if known and known.node is node and known.worths is tree.worths:
            blocks, ladders = known.blocks, [tree.ladders[block] for block in known.blocks]
            if all(map(is_, known.ladders, ladders)):
                return known.hull
        else:
            blocks = tuple(items_of(node)[0])
            ladders = [tree.ladders[block] for block in blocks]
        found = _hull_below(tree, node, bound=bound)
        self._hulls[key] = _Known(node, tree.worths, blocks, ladders, found)
        return found


class _Tree(NamedTuple):
    """What the recursion needs: ladders, worths and the tokens of headings, by index, and what is known."""

    ladders: Sequence[Ladder]
    worths: Sequence[float]
    headings: Sequence[int]
    known: Hulls


def trace_frontier(
    nodes: Sequence[Node],
    ladders: Sequence[Ladder],
    worths: Sequence[float],
    heading_tokens: Sequence[int],
    joints: Sequence[Joint] = (),
    known: Hulls | None = None,
) -> Frontier:
    """The frontier of a skill's ladders under the rules of its outline `nodes`; exact where no bundle is offered.

    `worths` holds one number a block, `heading_tokens` one count a section. A heading goes with the
    last block under it; a lead-in goes with what it introduces, and so do numbered steps together.
    `joints` are bundles, of which those that a required block forbids are passed over. `known` is what was worked out
    for the same outline and headings.
    """
    known = known or Hulls()
    root = known.root(nodes, [joint for joint in joints if not unused(ladders, joint)])
    whole = _hull(_Tree(ladders, worths, heading_tokens, known), root)
    return Frontier(whole.tokens, whole.worth, tuple(whole.steps), len(ladders), len(heading_tokens))


def _hull(tree: _Tree, node: Node, *, bound: bool = False) -> Hull:
    """A node's hull; one that is `bound` goes with the node above it or not at all."""
    if node.block >= 0 and not node.children and node.closing < 0:
        return _own(tree, node, stays=bound)
    return tree.known.hull(tree, node, bound=bound)


def _hull_below(tree: _Tree, node: Node, *, bound: bool) -> Hull:
    own = _own(tree, node, stays=bound or bool(node.children))
    tied = _tied(tree, node, bound=bound)
    parts = [own, *(_hull(tree, child, bound=at in tied) for at, child in enumerate(node.children))]
    tokens, worth = sum(part.tokens for part in parts), sum(part.worth for part in parts)
    steps = merge_steps(part.steps for part in parts)
    alone = node.block == HEADING and not node.children  # a heading with nothing under it is all there is to say
    stays = alone or node.block == ROOT or any(part.gone is None for part in parts)
    gone = None if stays else tuple(change for part in parts for change in part.gone or ())
    if node.block == GROUP:
        steps = best_of([Curve(0, 0.0, (), steps), *_joint_curves(tree, node, parts[1:], gone)])
    elif gone is not None and not bound and tokens:
        steps = close_hull(steps, tokens, worth, gone)
    return Hull(tokens, worth, steps, gone)


def _joint_curves(
    tree: _Tree, node: Node, parts: Sequence[Hull], gone: tuple[tuple[int, int], ...] | None
) -> Iterator[Curve]:
    """For each bundle of a group: what it saves, then what is not in it goes, then all."""
    tokens, worth = sum(part.tokens for part in parts), sum(part.worth for part in parts)
    for joint in node.joints:
        start = [(len(tree.ladders) + section, 1) for section in joint.headings]
        saved, lost = sum(tree.headings[section] for section in joint.headings), joint.lost or 0.0
        for block, place in joint.members:
            ladder = tree.ladders[block]
            start.append((block, len(ladder.rungs) + place))
            saved += ladder.rungs[0].tokens - ladder.joint[place].tokens
            lost += tree.worths[block] * (1 - ladder.joint[place].share) if joint.lost is None else 0.0
        taken = {block for block, _ in joint.members}
        apart = [
            part.steps
            for child, part in zip(node.children, parts, strict=True)
            if not taken & items_of(child)[0] and not set(joint.headings) & items_of(child)[1]
        ]
        steps = merge_steps(apart)
        if gone is not None:
            steps = close_hull(steps, tokens - saved, worth - lost, gone)
        yield Curve(saved, lost, tuple(start), steps)


def _tied(tree: _Tree, node: Node, *, bound: bool) -> Collection[int]:
    """The children, by place, that go only with the node: the tied ones; else of a lead-in or a step the best one.

    So it leads somewhere. What a required lead-in introduces is required too.
    """
    places = range(len(node.children))
    if node.block >= 0 and node.closing < 0 and not tree.ladders[node.block].droppable:
        return places
    tied = {at for at, child in enumerate(node.children) if child.tied}
    if tied or not node.children or (node.block < 0 and not (bound and node.block == HEADING)):
        return tied
    if node.closing >= 0:  # what is between tags may go piece by piece, unless that leaves an empty shell
        blocks = (block for child in node.children for block in items_of(child)[0])
        return () if not all(tree.ladders[block].droppable for block in blocks) else (_best(tree, node),)
    return (_best(tree, node),)


def _best(tree: _Tree, node: Node) -> int:
    return max(range(len(node.children)), key=lambda at: _worth(tree, node.children[at]))


def _worth(tree: _Tree, node: Node) -> float:
    own = tree.worths[node.block] if node.block >= 0 else 0.0
    return own + sum(_worth(tree, child) for child in node.children)


def _own(tree: _Tree, node: Node, *, stays: bool) -> Hull:
    """The node without its children; with `stays` its own dropped rung is left to the node as a whole."""
    if node.block in (SEQUENCE, GROUP, ROOT):
        return Hull(0, 0.0, [], ())
    if node.block == HEADING:
        item = len(tree.ladders) + node.section
        return Hull(tree.headings[node.section], 0.0, [], ((item, 1),))
    if node.closing >= 0:
        tags = (node.block, node.closing)
        tokens = sum(tree.ladders[block].rungs[0].tokens for block in tags)
        gone = tuple((block, len(tree.ladders[block].rungs) - 1) for block in tags)
        free = all(tree.ladders[block].droppable for block in tags)
        return Hull(tokens, sum(tree.worths[block] for block in tags), [], gone if free else None)
    rungs = tree.ladders[node.block].rungs
    worth = tree.worths[node.block]
    last = len(rungs) - 1
    droppable = tree.ladders[node.block].droppable
    offered = rungs[:last] if droppable and stays else rungs
    steps = ladder_steps(node.block, [r.tokens for r in offered], [worth * r.share for r in offered])
    return Hull(rungs[0].tokens, worth, steps, ((node.block, last),) if droppable else None)
