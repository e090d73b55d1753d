"""Find for every unit of an original what stands for it in another text, wherever it has gone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import chain, pairwise, takewhile
from typing import Final, NamedTuple, TypeVar

from skill_distiller.meaning.side import Side, side_of
from skill_distiller.meaning.statements import longest_run, pair_in_order, pair_rising
from skill_distiller.meaning.units import Unit, UnitKind, anchors
from skill_distiller.skill.containers import match_tags
from skill_distiller.skill.model import Block, Skill

_LIKE: Final = 0.5  # of the words and facts of the longer one: so much is shared by two units that stand for each other
_LIKE_IN_PLACE: Final = 0.25  # the same between two neighbors that are the same
_FEW: Final = 3  # words of a unit that is taken for the one in its place, whatever it says
_BESIDE: Final = 0.3  # what standing in its place is worth beside the words that are shared
_MOST_NAMESAKES: Final = 10_000  # pairs of headings of one path; of more the first is taken for the first
_OUTWEIGHS: Final = 1_000_000  # what a word that two texts share counts beside a whole block that they share
_MOST_HOLDERS: Final = 40  # units that share a word; it tells nothing then
_MOST_NEAR: Final = 12  # units that may stand in one place
_PART: Final = 0.5  # of the words and facts of a unit that went into another one
_MARKS: Final = re.compile(r"(?<!\w)[*_`]+|[*_`]+(?!\w)")
_WORD: Final = re.compile(r"\w+")

Pair = tuple[Unit, Unit]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Match:
    """Units of the original and those that stand for them; several on one side were joined or parted."""

    before: list[Unit]
    after: list[Unit]


class Counterpart(NamedTuple):
    """A block, heading or unit and what stands for it; `kept` is False where it left the order of the others."""

    old: int | Unit
    new: int | Unit
    kept: bool


@dataclass
class Alignment:
    """What stands for what: blocks that are the same, headings, units of the other blocks; and what is left over."""

    old: Side
    new: Side
    blocks: list[tuple[int, int]] = field(default_factory=list)
    headings: list[Pair] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    gone: list[Unit] = field(default_factory=list)
    come: list[Unit] = field(default_factory=list)
    of_old: dict[Unit, Unit] = field(default_factory=dict)
    of_new: dict[Unit, Unit] = field(default_factory=dict)

    @cached_property
    def anchors(self) -> Mapping[int, Hashable]:
        """For each heading, by `id`, the nearest block or heading above it that there is once on both sides."""
        return anchors(list(_in_order(self.old)), list(_in_order(self.new)), lambda thing: thing.text)

    def pair(self, pairs: Iterable[Pair]) -> None:
        """Note that units stand for others."""
        for old, new in pairs:
            self.of_old[old], self.of_new[new] = new, old

    def counterparts(self) -> Iterator[Counterpart]:
        """Everything that has a counterpart, in the order of the original."""
        firsts = ((match.before[0], match.after[0]) for match in self.matches)
        things: list[tuple[int | Unit, int | Unit]] = [*self.blocks, *self.headings, *firsts]
        things.sort(key=lambda thing: self.old.place(thing[0]))
        run = longest_run([self.new.place(other) for _, other in things])
        yield from (Counterpart(one, other, number in run) for number, (one, other) in enumerate(things))


def align(before: Skill, after: Skill) -> Alignment:
    """The alignment of two skills: headings by their paths, blocks by their bytes, units by what they say."""
    found = Alignment(side_of(before), side_of(after))
    _align_headings(found)
    _align_blocks(found)
    _align_units(found)
    return found


@lru_cache(maxsize=65536)  # a long file has so many texts, which are asked for in order each time
def plain(text: str) -> str:
    """A text without white space and marks of emphasis, in small letters: to find it again."""
    marked = "*" in text or "_" in text or "`" in text
    return " ".join((_MARKS.sub("", text) if marked else text).split()).casefold()


def _in_order(side: Side) -> Iterator[Unit | Block]:
    """The headings and blocks of a text."""
    for section, heading in zip(side.skill.sections, side.headings, strict=True):
        yield from (heading,) if heading else ()
        yield from section.blocks


def _align_headings(found: Alignment) -> None:
    old = [unit for unit in found.old.headings if unit]
    new = [unit for unit in found.new.headings if unit]
    paths = {unit: _path(side.skill, unit) for side, units in ((found.old, old), (found.new, new)) for unit in units}
    pairs = _pair_namesakes(found, old, new, paths)
    keys: list[Callable[[Unit], Hashable]] = [lambda u: (u.depth, plain(u.text)), lambda u: plain(u.text)]
    pairs += _pair_up(*_left(old, new, pairs), keys)
    pairs += _pair_alike(found, old, new, pairs)
    found.headings = sorted(pairs, key=lambda pair: pair[0].section)
    found.pair(pairs)
    found.gone, found.come = _left(old, new, pairs)


def _pair_namesakes(
    found: Alignment, old: Sequence[Unit], new: Sequence[Unit], paths: dict[Unit, tuple[str, ...]]
) -> list[Pair]:
    """The headings of equal paths, from the top level down: those first that stand below two that are a pair."""
    known: dict[Unit, Unit] = {}

    def below(unit: Unit) -> Hashable:
        side = found.new if unit in fresh else found.old
        parent = side.skill.parents[unit.section]
        above = None if parent is None else side.headings[parent]
        return above and known.get(above, above), paths[unit][-1]

    fresh = frozenset(new)
    levels = defaultdict[int, tuple[list[Unit], list[Unit]]](lambda: ([], []))
    for unit in chain(old, new):
        levels[len(paths[unit])][unit in fresh].append(unit)
    for _, (mine, theirs) in sorted(levels.items(), key=lambda level: level[0]):
        for key in (below, paths.__getitem__):
            for group in _groups(*_left(mine, theirs, known.items()), key):
                known.update(_pair_equal(found, *group))
    return list(known.items())


def _groups(
    old: Sequence[Unit], new: Sequence[Unit], key: Callable[[Unit], Hashable]
) -> Iterable[tuple[list[Unit], list[Unit]]]:
    """The units of both sides with equal keys."""
    groups = defaultdict[Hashable, tuple[list[Unit], list[Unit]]](lambda: ([], []))
    for side, units in enumerate((old, new)):
        for unit in units:
            groups[key(unit)][side].append(unit)
    return groups.values()


def _pair_equal(found: Alignment, mine: Sequence[Unit], theirs: Sequence[Unit]) -> Iterable[Pair]:
    """Headings of one name, in order: those whose texts share most words, of these such as hold and follow the same."""
    if len(mine) == len(theirs) or not mine or not theirs:
        return zip(mine, theirs, strict=False)
    sides, after = ((found.old, mine), (found.new, theirs)), found.anchors
    held = {unit: _texts_below(side, unit) for side, units in sides for unit in units}
    if len(mine) * len(theirs) > _MOST_NAMESAKES:
        pairs = list[Pair]()
        keys: list[Callable[[Unit], Hashable]] = [lambda unit: tuple(held[unit]), lambda unit: after[id(unit)], bool]
        for key in keys:
            for ours, others in list(_groups(*_left(mine, theirs, pairs), key)):
                pairs += zip(ours, others, strict=False)
        return pairs
    words = {unit: _words_below(side, unit) for side, units in sides for unit in units}

    def weight(one: Unit, other: Unit) -> int:
        shared = 2 * (words[one] & words[other]).total() + (words[one] == words[other])
        return _OUTWEIGHS * shared + 2 * (held[one] & held[other]).total() + (after[id(one)] == after[id(other)])

    return [(mine[i], theirs[j]) for i, j in pair_in_order([[weight(one, other) for other in theirs] for one in mine])]


def _texts_below(side: Side, heading: Unit) -> Counter[str]:
    """The blocks under a heading and under all below it."""
    below = takewhile(lambda section: section.level > heading.depth, side.skill.sections[heading.section + 1 :])
    return Counter(block.text for one in (side.skill.sections[heading.section], *below) for block in one.blocks)


def _words_below(side: Side, heading: Unit) -> Counter[str]:
    return Counter(word for block in side.skill.sections[heading.section].blocks for word in _WORD.findall(block.text))


def _path(skill: Skill, unit: Unit) -> tuple[str, ...]:
    return tuple(plain(heading) for heading in skill.heading_path(unit.section))


def _align_blocks(found: Alignment) -> None:
    """The blocks that are the same, byte for byte; of several those after the same block, under the same heading."""
    old, new = found.old.skill.blocks, found.new.skill.blocks
    after = anchors(old, new, lambda block: block.text)

    def home(side: Side, block: Block) -> Hashable:
        around = side.around(block.index)
        return tuple(found.of_new.get(unit, unit) if unit.kind is UnitKind.HEADING else unit.text for unit in around)

    homes = {id(b): home(side, b) for side, blocks in ((found.old, old), (found.new, new)) for b in blocks}
    tags = dict(match_tags(found.old.containers, found.new.containers))
    taken = set(tags.values())
    rest = [b for b in old if b.index not in tags], [b for b in new if b.index not in taken]
    keys: list[Callable[[Block], Hashable]] = [lambda b: (homes[id(b)], b.text.rstrip()), lambda b: b.text.rstrip()]
    pairs = _pair_up(*rest, [lambda b: (after[id(b)], homes[id(b)], b.text.rstrip()), *keys])
    if any(one.index > other.index for (_, one), (_, other) in pairwise(sorted(pairs, key=lambda p: p[0].index))):
        pairs = pair_rising(*rest, keys[0], len(pairs)) or pairs
    for i, j in sorted([*tags.items(), *((one.index, other.index) for one, other in pairs)]):
        labels = i in found.old.label_blocks or j in found.new.label_blocks
        one, other = (found.old.units(i), found.new.units(j)) if labels else ((), ())
        if len(one) == len(other):  # else read otherwise: the end of a container whose begin has gone
            found.pair(zip(one, other, strict=True))
            found.blocks.append((i, j))


def _align_units(found: Alignment) -> None:
    old = found.old.other_units({i for i, _ in found.blocks})
    new = found.new.other_units({j for _, j in found.blocks})
    both = {plain(unit.text) for unit in new}.intersection([plain(unit.text) for unit in old])
    again = [[unit for unit in units if plain(unit.text) in both] for units in (old, new)]
    homes = {
        unit: _home(side, unit) for side, units in zip((found.old, found.new), again, strict=True) for unit in units
    }

    def context(unit: Unit) -> Hashable:
        return tuple([plain(one.text) for one in unit.under]), homes[unit], unit.kind

    keys: list[Callable[[Unit], Hashable]] = [
        lambda u: (u.text, context(u)),
        lambda u: (plain(u.text), context(u)),
        lambda u: (plain(u.text), homes[u]),
        lambda u: plain(u.text),
    ]
    pairs = _pair_up(again[0], again[1], keys)
    # The first cells tell which rows are the same; what stands in a row and a column that are known is known.
    pairs += _pair_alike(found, old, new, pairs, of=lambda unit: unit.kind is UnitKind.CELL and not unit.depth)
    pairs += _pair_cells(found, old, new, pairs)
    pairs += _pair_alike(found, old, new, pairs)
    found.pair(pairs)
    matches = {one: Match([one], [other]) for one, other in pairs}
    left, come = _left(old, new, pairs)
    found.gone += _join(found, left, old, matches)
    found.come += _join(found, come, new, {match.after[0]: match for match in matches.values()}, parted=True)
    for match in matches.values():
        found.pair((one, match.after[0]) for one in match.before[1:])
        found.pair((match.before[0], other) for other in match.after[1:])
        found.pair([(match.before[0], match.after[0])])
    found.matches = [match for one, match in matches.items() if match.before[0] is one]


def _home(side: Side, unit: Unit) -> tuple[str, ...]:
    """The heading and the tag that a unit of a block stands under."""
    return tuple([plain(one.text) for one in side.around(unit.block)]) if unit.block >= 0 else ()


def _left(old: Sequence[Unit], new: Sequence[Unit], pairs: Iterable[Pair]) -> tuple[list[Unit], list[Unit]]:
    taken = set(chain.from_iterable(pairs))
    return [unit for unit in old if unit not in taken], [unit for unit in new if unit not in taken]


def _pair_up(old: Sequence[_T], new: Sequence[_T], keys: Iterable[Callable[[_T], Hashable]]) -> list[tuple[_T, _T]]:
    """The things with equal keys, for each key those that are left; of equal ones the first with the first."""
    pairs: list[tuple[_T, _T]] = []
    for key in keys:
        places = defaultdict[Hashable, list[_T]](list)
        for thing in reversed(new):
            places[key(thing)].append(thing)
        found = [(thing, there.pop()) for thing in old if new and (there := places.get(key(thing)))]
        taken = {id(thing) for pair in found for thing in pair}
        old, new = ([thing for thing in side if id(thing) not in taken] for side in (old, new))
        pairs += found
    return pairs


def _pair_cells(found: Alignment, old: Sequence[Unit], new: Sequence[Unit], pairs: Sequence[Pair]) -> Iterator[Pair]:
    """Cells of a row and a column that are known on both sides: whatever stands there now stands for the other."""
    known = dict(pairs)
    left, come = _left(old, new, pairs)
    places = {unit.under: unit for unit in come if unit.kind is UnitKind.CELL and unit.depth}
    for unit in left:
        if unit.kind is UnitKind.CELL and unit.depth:
            there = places.pop(tuple(known.get(one, found.of_old.get(one, one)) for one in unit.under), None)
            if there:
                yield unit, there


def _pair_alike(
    found: Alignment,
    old: Sequence[Unit],
    new: Sequence[Unit],
    pairs: Sequence[Pair],
    of: Callable[[Unit], bool] = bool,
) -> list[Pair]:
    """Of the units that are left those that share most of what they say; in its place a good part is enough.

    Of several that share as much the one under the same heading.
    """
    left, come = ([unit for unit in side if of(unit)] for side in _left(old, new, pairs))
    sorts = {_sort_of(unit) for unit in come}
    left = [unit for unit in left if _sort_of(unit) in sorts]  # all others have not to be read
    if not left or not come:
        return []
    words = {unit: side.words(unit) for side, units in ((found.old, left), (found.new, come)) for unit in units}
    holders = defaultdict[str, list[Unit]](list)
    for unit in come:
        for word in words[unit]:
            holders[word].append(unit)
    telling = {word: units for word, units in holders.items() if len(units) <= _MOST_HOLDERS}
    near = _neighbors(pairs, old, new)
    place = {unit: number for side in (old, new) for number, unit in enumerate(side)}
    offers = []
    for one in left:
        others = {other for word in words[one] & telling.keys() for other in telling[word]}
        beside = near.get(one, ())
        for other in others.union(unit for unit in beside if of(unit)):
            score = _likeness(one, other, words, in_place=other in beside, alone=beside == (other,))
            if score:
                elsewhere = _home(found.old, one) != _home(found.new, other)
                offers.append((-score, elsewhere, abs(place[one] - place[other]), place[one], place[other], one, other))
    alike: list[Pair] = []
    taken = set[Unit]()
    for *_, one, other in sorted(offers, key=lambda offer: offer[:5]):
        if one not in taken and other not in taken:
            taken.update((one, other))
            alike.append((one, other))
    return alike


_SORTS: Final = frozenset({UnitKind.CODE, UnitKind.CELL, UnitKind.HEADING})


def _sort_of(unit: Unit) -> UnitKind | None:
    """The kind of a unit that stands only for others of its kind, None for one that may stand for another kind."""
    return unit.kind if unit.kind in _SORTS else None


def _likeness(one: Unit, other: Unit, words: dict[Unit, frozenset[str]], *, in_place: bool, alone: bool) -> float:
    """How much two units have in common, 0 where one can't stand for the other.

    `in_place`: whether the other stands between what stands for the neighbors of the first, `alone` there.
    """
    if _sort_of(one) is not _sort_of(other):
        return 0
    shorter, longer = sorted((len(words[one]), len(words[other])))
    if not in_place and shorter < _LIKE * longer:
        return 0
    share = len(words[one] & words[other]) / max(longer, 1)
    enough = share >= (_LIKE_IN_PLACE if in_place else _LIKE)
    short = alone and longer <= _FEW and one.kind is not UnitKind.HEADING
    replaced = one.kind is other.kind and (short or (in_place and one.kind is UnitKind.CODE))
    return share + _BESIDE * in_place if enough or replaced else 0


def _neighbors(pairs: Iterable[Pair], old: Sequence[Unit], new: Sequence[Unit]) -> dict[Unit, tuple[Unit, ...]]:
    """For each unit that is left, those that are left between what stands for its neighbors before and behind it."""
    known = dict(pairs)
    place = {unit: number for number, unit in enumerate(new)}
    taken = set(known.values())
    near: dict[Unit, tuple[Unit, ...]] = {}
    run: list[Unit] = []
    at = -1
    for unit in (*old, None):
        there = known.get(unit) if unit else None
        if unit is not None and there is None:
            run.append(unit)
            continue
        until = place[there] if there else len(new)
        between = [other for other in new[at + 1 : until] if other not in taken] if run else []
        if len(between) == len(run):
            near.update((one, (other,)) for one, other in zip(run, between, strict=True))
        elif len(between) <= _MOST_NEAR:
            near.update((one, tuple(between)) for one in run)
        at, run = until, []
    return near


def _join(
    found: Alignment, left: Sequence[Unit], order: Sequence[Unit], matches: dict[Unit, Match], *, parted: bool = False
) -> list[Unit]:
    """What is left after whatever went into the counterpart of its neighbor was joined to that."""
    side, other = (found.new, found.old) if parted else (found.old, found.new)
    place = {unit: number for number, unit in enumerate(order)}
    rest = []
    for unit in left:
        for beside in (place[unit] - 1, place[unit] + 1):
            match = matches.get(order[beside]) if 0 <= beside < len(order) else None
            if match is None:
                continue
            mine, theirs = (match.after, match.before) if parted else (match.before, match.after)
            if [(one.kind, plain(one.text)) for one in theirs] == [(one.kind, plain(one.text)) for one in mine]:
                continue  # nothing went into it
            fresh = frozenset[str]().union(*map(other.words, theirs)) - frozenset[str]().union(*map(side.words, mine))
            own = side.words(unit) if fresh else ()
            if own and len(fresh & own) >= _PART * len(own):
                mine.append(unit)
                mine.sort(key=place.__getitem__)
                matches[unit] = match
                break
        else:
            rest.append(unit)
    return rest
