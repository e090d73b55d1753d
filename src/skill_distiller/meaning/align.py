"""Find for every unit of an original what stands for it in another text, wherever it has gone."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from skill_distiller.meaning.sentence_tokens import TokenKind, read_tokens
from skill_distiller.meaning.units import Unit, UnitKind, block_units, heading_units
from skill_distiller.skill.labels import labels_of
from skill_distiller.skill.model import Block, BlockKind, Skill

_LIKE: Final = 0.5  # of the words and facts of the longer one: so much is shared by two units that stand for each other
_LIKE_IN_PLACE: Final = 0.25  # the same between two neighbors that are the same
_MOST_HOLDERS: Final = 40  # units that share a word; it tells nothing then
_FEW: Final = 3  # words of a unit that is taken for the one in its place, whatever it says
_PART: Final = 0.5  # of the words and facts of a unit that went into another one
_MARKS: Final = re.compile(r"[\s*_`]+")


class Side:
    """One of two texts: its blocks and headings, and the label that each block stands under."""

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self.headings = heading_units(skill)
        self.blocks = skill.blocks
        self.section_of = skill.section_of
        self._units: dict[int, list[Unit]] = {}
        self._places = dict(_places(skill))
        self._labels = {block: own for section in skill.sections for block, own in labels_of(section.blocks)}

    @property
    def label_blocks(self) -> frozenset[int]:
        """The blocks that are labels of others."""
        return frozenset(label for own in self._labels.values() for label in own)

    def labels(self, block: int) -> tuple[Unit, ...]:
        """What a block stands under besides its heading, from the outer one to the nearest."""
        return tuple(self.units(label)[-1] for label in self._labels.get(block, ()))

    def units(self, block: int) -> list[Unit]:
        """The units of a block."""
        if block not in self._units:
            own = self.blocks[block]
            self._units[block] = block_units(own, self.section_of[block], self.labels(block), self._places.get(block, 0))
        return self._units[block]


def _places(skill: Skill) -> Iterator[tuple[int, int]]:
    """For the items of long lists, which are blocks by themselves, the place of each in its list."""
    place = 0
    for block, before in zip(skill.blocks, (None, *skill.blocks), strict=False):
        follows = block.kind is BlockKind.LIST_ITEM and before is not None and before.kind is block.kind
        place = place + 1 if follows else 0
        yield block.index, place


@dataclass
class Match:
    """Units of the original and those that stand for them; several on one side were joined or parted."""

    before: list[Unit]
    after: list[Unit]


@dataclass
class Alignment:
    """What stands for what: blocks that are the same, headings, units of the other blocks; and what is left over."""

    old: Side
    new: Side
    blocks: list[tuple[int, int]] = field(default_factory=list)
    headings: list[tuple[Unit, Unit]] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    gone: list[Unit] = field(default_factory=list)
    come: list[Unit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.of_old: dict[Unit, Unit] = {}
        self.of_new: dict[Unit, Unit] = {}

    def pair(self, old: Unit, new: Unit) -> None:
        """Note that one unit stands for another."""
        self.of_old[old], self.of_new[new] = new, old


def align(before: Skill, after: Skill) -> Alignment:
    """The alignment of two skills."""
    found = Alignment(Side(before), Side(after))
    _align_headings(found)
    _align_blocks(found)
    _align_units(found)
    return found


def plain(text: str) -> str:
    """A text without white space and marks of emphasis, in small letters: to find it again."""
    return _MARKS.sub(" ", text).strip().casefold()


def words_of(unit: Unit) -> frozenset[str]:
    """What a unit says, as a set of values: its words and facts."""
    if unit.kind in (UnitKind.CODE, UnitKind.FENCE, UnitKind.MARKUP):
        return frozenset(re.findall(r"\w+", unit.text))
    return frozenset(token.value for token in read_tokens(unit.text) if token.kind <= TokenKind.WORD)


def _align_headings(found: Alignment) -> None:
    old = [unit for unit in found.old.headings if unit]
    new = [unit for unit in found.new.headings if unit]
    paths = {unit: _path(found.old, unit) for unit in old} | {unit: _path(found.new, unit) for unit in new}
    pairs = _pair_up(old, new, [lambda u: paths[u], lambda u: (u.depth, plain(u.text)), lambda u: plain(u.text)])
    pairs += _pair_alike(*_left(old, new, pairs), pairs, old, new)
    for one, other in sorted(pairs, key=lambda pair: pair[0].section):
        found.headings.append((one, other))
        found.pair(one, other)
    left, come = _left(old, new, pairs)
    found.gone += left
    found.come += come


def _path(side: Side, unit: Unit) -> tuple[str, ...]:
    return tuple(plain(heading) for heading in side.skill.heading_path(unit.section))


def _align_blocks(found: Alignment) -> None:
    """The blocks that are the same, byte for byte; of several the ones under the same heading first."""
    old, new = found.old, found.new

    def home(side: Side, block: Block) -> Hashable:
        heading = side.headings[side.section_of[block.index]]
        return (found.of_new.get(heading, heading) if side is new else heading) if heading else None

    keys: list[tuple[Callable[[Block], Hashable], Callable[[Block], Hashable]]] = [
        (lambda b: (home(old, b), b.text.rstrip()), lambda b: (home(new, b), b.text.rstrip())),
        (lambda b: b.text.rstrip(), lambda b: b.text.rstrip()),
    ]
    taken_old, taken_new = set[int](), set[int]()
    for key_old, key_new in keys:
        places = defaultdict[Hashable, list[int]](list)
        for block in reversed(new.blocks):
            if block.index not in taken_new:
                places[key_new(block)].append(block.index)
        for block in old.blocks:
            if block.index not in taken_old and (there := places.get(key_old(block))):
                place = there.pop()
                taken_old.add(block.index)
                taken_new.add(place)
                found.blocks.append((block.index, place))
    found.blocks.sort()
    labels = old.label_blocks | {i for i, j in found.blocks if j in new.label_blocks}
    for i, j in found.blocks:
        if i in labels:
            for one, other in zip(old.units(i), new.units(j), strict=True):
                found.pair(one, other)


def _align_units(found: Alignment) -> None:
    same_old, same_new = {i for i, _ in found.blocks}, {j for _, j in found.blocks}
    old = [unit for b in found.old.blocks if b.index not in same_old for unit in found.old.units(b.index)]
    new = [unit for b in found.new.blocks if b.index not in same_new for unit in found.new.units(b.index)]
    heads_old = {unit: _home(found.old, unit) for unit in old}
    heads_new = {unit: _home(found.new, unit) for unit in new}
    heads = heads_old | heads_new

    def context(unit: Unit) -> Hashable:
        return tuple(plain(one.text) for one in unit.under), heads[unit], unit.kind

    pairs = _pair_up(
        old,
        new,
        [
            lambda u: (" ".join(u.text.split()), context(u)),
            lambda u: (plain(u.text), context(u)),
            lambda u: (plain(u.text), heads[u]),
            lambda u: plain(u.text),
        ],
    )
    firsts = [[unit for unit in left if unit.kind is UnitKind.CELL and not unit.depth] for left in _left(old, new, pairs)]
    pairs += _pair_alike(*firsts, pairs, old, new)
    pairs += _pair_cells(found, *_left(old, new, pairs), pairs)
    pairs += _pair_alike(*_left(old, new, pairs), pairs, old, new)
    for one, other in pairs:
        found.pair(one, other)
    matches = {one: Match([one], [other]) for one, other in pairs}
    left, come = _left(old, new, pairs)
    gone = _join(left, old, found.of_old, matches)
    new_left = _join(come, new, found.of_new, {match.after[0]: match for match in matches.values()}, parted=True)
    found.gone += gone
    found.come += new_left
    found.matches += sorted({id(match): match for match in matches.values()}.values(), key=lambda match: (match.before[0].block, match.before[0].line))


def _home(side: Side, unit: Unit) -> str:
    heading = side.headings[unit.section]
    return plain(heading.text) if heading else ""


def _left(old: Iterable[Unit], new: Iterable[Unit], pairs: Iterable[tuple[Unit, Unit]]) -> tuple[list[Unit], list[Unit]]:
    taken = {unit for pair in pairs for unit in pair}
    return [unit for unit in old if unit not in taken], [unit for unit in new if unit not in taken]


def _pair_up(
    old: Sequence[Unit], new: Sequence[Unit], keys: Iterable[Callable[[Unit], Hashable]]
) -> list[tuple[Unit, Unit]]:
    """The units with equal keys, for each key those that are left; of equal ones the first with the first."""
    pairs: list[tuple[Unit, Unit]] = []
    for key in keys:
        left, come = _left(old, new, pairs)
        places = defaultdict[Hashable, list[Unit]](list)
        for unit in reversed(come):
            places[key(unit)].append(unit)
        for unit in left:
            if there := places.get(key(unit)):
                pairs.append((unit, there.pop()))
    return pairs


def _pair_cells(
    found: Alignment, old: Sequence[Unit], new: Sequence[Unit], pairs: Sequence[tuple[Unit, Unit]]
) -> list[tuple[Unit, Unit]]:
    """Cells of a row and a column that are known on both sides: whatever stands there now stands for the other."""
    known = dict(pairs)
    places = {tuple(unit.under): unit for unit in new if unit.kind is UnitKind.CELL and unit.depth}
    cells = []
    for unit in old:
        if unit.kind is UnitKind.CELL and unit.depth:
            there = places.pop(tuple(known.get(one, found.of_old.get(one, one)) for one in unit.under), None)
            if there:
                cells.append((unit, there))
    return cells


def _pair_alike(
    left: Sequence[Unit],
    come: Sequence[Unit],
    pairs: Sequence[tuple[Unit, Unit]],
    old: Sequence[Unit],
    new: Sequence[Unit],
) -> list[tuple[Unit, Unit]]:
    """The units that share most of what they say; between neighbors that are known a good part is enough."""
    if not left or not come:
        return []
    words = {unit: words_of(unit) for unit in (*left, *come)}
    holders = defaultdict[str, list[Unit]](list)
    for unit in come:
        for word in words[unit]:
            holders[word].append(unit)
    near = _neighbors(pairs, old, new)
    place = {unit: number for number, unit in enumerate((*old, *new))}
    offers = []
    for one in left:
        others = {other for word in words[one] if len(holders[word]) <= _MOST_HOLDERS for other in holders[word]}
        others.update(near.get(one, ()))
        for other in others:
            if (one.kind is UnitKind.CODE) is not (other.kind is UnitKind.CODE) or (
                one.kind is UnitKind.CELL
            ) is not (other.kind is UnitKind.CELL):
                continue
            share = len(words[one] & words[other]) / max(len(words[one]), len(words[other]), 1)
            beside = other in near.get(one, ())
            alone = near.get(one) == (other,) and one.kind is other.kind and max(map(len, (words[one], words[other]))) <= _FEW
            if share >= (_LIKE_IN_PLACE if beside else _LIKE) or alone or (beside and one.kind is other.kind is UnitKind.CODE):
                offers.append((share + 0.3 * beside, -abs(place[one] - place[other]), place[one], one, other))
    found, taken = [], set[Unit]()
    for _, _, _, one, other in sorted(offers, key=lambda offer: (-offer[0], -offer[1], offer[2], place[offer[4]])):
        if one not in taken and other not in taken:
            taken.update((one, other))
            found.append((one, other))
    return found


def _neighbors(
    pairs: Iterable[tuple[Unit, Unit]], old: Sequence[Unit], new: Sequence[Unit]
) -> dict[Unit, tuple[Unit, ...]]:
    """For each unit that is left, those that are left between what stands for its neighbors before and behind it."""
    known = dict(pairs)
    place = {unit: number for number, unit in enumerate(new)}
    taken = {other for _, other in pairs}
    near: dict[Unit, tuple[Unit, ...]] = {}
    at = -1
    run: list[Unit] = []
    for unit in (*old, None):
        there = known.get(unit) if unit else None
        if unit is None or there is not None:
            until = place[there] if there is not None else len(new)
            between = [other for other in new[at + 1 : until] if other not in taken] if until > at else []
            if len(between) == len(run):
                near.update({one: (other,) for one, other in zip(run, between, strict=True)})
            elif len(between) <= 2 * len(run) + 4:
                near.update({one: tuple(between) for one in run})
            at, run = (until, []) if there is not None else (at, run)
        else:
            run.append(unit)
    return near


def _join(
    left: Sequence[Unit], order: Sequence[Unit], known: dict[Unit, Unit], matches: dict[Unit, Match], *, parted: bool = False
) -> list[Unit]:
    """What is left after whatever went into the neighbor of its neighbor was joined to that."""
    place = {unit: number for number, unit in enumerate(order)}
    rest = []
    for unit in left:
        for beside in (place[unit] - 1, place[unit] + 1):
            neighbor = order[beside] if 0 <= beside < len(order) else None
            match = matches.get(neighbor) if neighbor is not None and neighbor in known else None
            if match is None:
                continue
            mine, theirs = (match.after, match.before) if parted else (match.before, match.after)
            there = frozenset[str]().union(*map(words_of, theirs)) - frozenset[str]().union(*map(words_of, mine))
            own = words_of(unit)
            if own and len(own & there) >= _PART * len(own):
                mine.append(unit)
                mine.sort(key=lambda one: place[one])
                matches[unit] = match
                known[unit] = theirs[0]
                break
        else:
            rest.append(unit)
    return rest


def longest_run(numbers: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """The places of a longest run of numbers that do not fall (patience sorting)."""
    ends: list[int] = []  # for each length the place where the best run of that length ends
    lowest: list[tuple[tuple[int, ...], int]] = []  # and the number there
    above: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(lowest, (number, at))
        above.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        lowest[length : length + 1] = [(number, at)]
    run = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(at)
        at = above[at]
    return frozenset(run)


def in_order(found: Alignment) -> Iterator[tuple[int | Unit, int | Unit, bool]]:
    """Everything that has a counterpart, in the order of the original: a block or unit, and whether it kept its place."""
    place_old = _numbers(found.old)
    place_new = _numbers(found.new)
    things: list[tuple[tuple[int, ...], tuple[int, ...], int | Unit, int | Unit]] = []
    things += ((place_old(i), place_new(j), i, j) for i, j in found.blocks)
    things += ((place_old(one), place_new(other), one, other) for one, other in found.headings)
    things += (
        (place_old(match.before[0]), place_new(match.after[0]), match.before[0], match.after[0])
        for match in found.matches
    )
    things.sort(key=lambda thing: thing[0])
    run = longest_run([thing[1] for thing in things])
    for number, (_, _, one, other) in enumerate(things):
        yield one, other, number in run


def _numbers(side: Side) -> Callable[[int | Unit], tuple[int, ...]]:
    """The place of a block, heading or unit in its text."""
    order = {unit: number for units in side._units.values() for number, unit in enumerate(units)}

    def number(thing: int | Unit) -> tuple[int, ...]:
        if isinstance(thing, int):
            return side.section_of[thing], 1, thing, 0
        if thing.kind is UnitKind.HEADING:
            return thing.section, 0, 0, 0
        return thing.section, 1, thing.block, order[thing]

    return number
