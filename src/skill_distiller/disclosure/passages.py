"""Choose the passages that move: the least worth for each token, until no more may go.

The price of a text is Eq. 5 of SkillReducer (arXiv 2603.29919): in SKILL.md it is read at every use, in a reference
with the probability `load_rate`. For every price of worth the choice among nested sections is exact; the price is then
set so that enough worth stays, or the file is small enough.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, pairwise
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.branches import Branch, Unit, find_branches
from skill_distiller.disclosure.model import DEFAULT_LOAD_RATE, Passage
from skill_distiller.disclosure.pins import (
    Pin,
    all_branches,
    lost_code,
    lost_files,
    lost_formats,
    pinned_blocks,
    pinned_headings,
)
from skill_distiller.disclosure.signposts import SHOWN, is_main, leans
from skill_distiller.planning.worth import WorthModel, block_worths
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import PROSE, BlockKind
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, heading_of
from skill_distiller.tokens import TokenCounter

POINTER_TOKENS: Final = 22  # about what a pointer takes; what it really takes is counted in the end
HEADER_TOKENS: Final = 20  # about what a passage takes of the header of its file, with its own heading
MIN_SAVED: Final = 30  # tokens that a passage saves beyond its pointer: else the text had better stay
MIN_SAVED_IN_PART: Final = 40  # the same where a part of the section stays: it is then read in two places
_CHOICE: Final = 10  # tokens that a pointer is charged beside its own, for the choice that it puts before the reader
_PATIENCE, _MAX_ROUNDS = 8, 40  # rounds in which single pieces are pinned, and rounds in all
_PRICES: Final = tuple(0.02 * 1.25**step for step in range(40))  # of all the worth, as multiples of all tokens


@dataclass(frozen=True, slots=True)
class Aim:
    """What is aimed at: the least share (0-1) of the worth that stays, or the most tokens of SKILL.md.

    With `tokens` the share is not looked at. `keep` are blocks that stay, `core` those that somebody who read the skill
    calls core rules, `free` those that he calls anything else; `load_rate` is the probability (0-1) that a reference is
    read.
    """

    share: float = 0.0
    tokens: int | None = None
    load_rate: float = DEFAULT_LOAD_RATE
    keep: frozenset[int] = frozenset()
    core: frozenset[int] = frozenset()
    free: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Ground:
    """What a choice is made on: tokens and worths of blocks, tokens of headings, what is pinned so far.

    `ways` are the best ones found so far, by heading and price.
    """

    reading: Reading
    folder: SkillFolder
    branches: tuple[Branch, ...]
    tokens: Mapping[int, int]
    headings: Mapping[int, int]
    worths: Sequence[float]
    load_rate: float
    pinned: Mapping[int, str] = field(default_factory=dict)
    fixed: frozenset[int] = frozenset()

    @cached_property
    def ways(self) -> dict[tuple[int, float], _Way]:
        return {}

    def keeping(self, blocks: Iterable[int]) -> Ground:
        """The same with blocks that stay since somebody asks for it."""
        return self.with_pins(dict.fromkeys(blocks, Pin.ASKED.value), frozenset())

    def with_pins(self, blocks: Mapping[int, str], headings: frozenset[int]) -> Ground:
        """The same with blocks (with the reasons) and sections pinned too; ways are known where none of them stands."""
        made = replace(self, pinned={**self.pinned, **blocks}, fixed=self.fixed | headings)
        pinned = frozenset((*blocks, *map(heading_of, headings)))
        changed = {section for branch in self.branches for section in branch.holders(pinned)}
        made.ways.update({key: way for key, way in self.ways.items() if key[0] not in changed})
        return made

    @cached_property
    def total(self) -> int:
        return sum(self.tokens.values()) + sum(self.headings.values())

    def saved(self, passage: Passage) -> int:
        """Tokens that leave SKILL.md with a passage, its pointer counted against them."""
        return self.size(passage.blocks, passage.headings) - POINTER_TOKENS

    def size(self, blocks: Iterable[int], sections: Iterable[int]) -> int:
        return sum(self.tokens[block] for block in blocks) + sum(self.headings[section] for section in sections)

    def worth(self, blocks: Iterable[int]) -> float:
        return sum(self.worths[block] for block in blocks)


class Chosen(NamedTuple):
    """The passages in order, and why blocks stay that could not move."""

    passages: tuple[Passage, ...]
    pinned: Mapping[int, str]


def choose_passages(ground: Ground, aim: Aim, frontmatter: int) -> Chosen:
    """The passages that move from a skill; none breaks what hangs together, or leaves a pointer that leads nowhere.

    What would is pinned, and the choice made again: first single pieces, then whole passages, in the end all.
    `frontmatter` are its tokens.
    """
    for turn in range(_MAX_ROUNDS):
        passages = _choose(ground, aim, frontmatter)
        blocks, headings = _broken(ground, passages)
        if not blocks and not headings:
            return Chosen(passages, ground.pinned)
        if turn >= _PATIENCE:  # one piece a round would take as long as the skill has pieces
            torn = (p for p in passages if not blocks.keys().isdisjoint(p.blocks) or headings & {*p.headings})
            blocks = {block: Pin.NEEDED.value for passage in torn for block in passage.blocks}
        ground = ground.with_pins(blocks, headings)
    return Chosen((), ground.pinned)


def survey(reading: Reading, folder: SkillFolder, counter: TokenCounter, aim: Aim, model: WorthModel) -> Ground:
    """What a choice is made on: what the blocks are worth and take, and which of them stay whatever the price."""
    skill = reading.skill
    branches, tokens = find_branches(reading), {block.index: counter.count(block.source) for block in skill.blocks}
    pinned = {
        i: why for i, why in pinned_blocks(reading, folder, model).items() if why != Pin.STEP or i not in aim.free
    }
    pinned |= dict.fromkeys(_core_rules(branches, tokens, aim) - pinned.keys(), Pin.CORE.value)
    ground = Ground(
        reading,
        folder,
        branches,
        tokens,
        {section.index: counter.count(section.heading_source) for section in skill.sections},
        block_worths(reading, model),
        aim.load_rate,
        pinned,
        pinned_headings(skill, folder),
    )
    return ground.keeping(aim.keep)


def _core_rules(branches: Iterable[Branch], tokens: Mapping[int, int], aim: Aim) -> frozenset[int]:
    """The core rules that stay; what only leads to an example or a template goes with it."""
    found = set(aim.core)
    for branch in all_branches(branches):
        for unit in branch.units:
            other = sum(tokens[block] for block in unit.blocks if block in aim.free)
            if 2 * other > sum(tokens[block] for block in unit.blocks):
                found -= {*unit.blocks}
    return frozenset(found)


def _choose(ground: Ground, aim: Aim, frontmatter: int) -> tuple[Passage, ...]:
    """The passages at the lowest price of worth at which enough of it stays, or the highest at which it is enough.

    What moves falls as the price rises, so that the price is found by halving.
    """
    ways = dict[int, tuple[Passage, ...]]()

    def is_small(at: int) -> bool:
        """Whether no more moves at a price than may."""
        ways[at] = way = _at_price(ground, _PRICES[at])
        if aim.tokens is None:
            return sum(ground.worth(passage.blocks) for passage in way) <= (1 - aim.share) * sum(ground.worths)
        return frontmatter + ground.total - sum(map(ground.saved, way)) > aim.tokens

    found = bisect_left(range(len(_PRICES)), True, key=is_small)
    if aim.tokens is not None:  # the last price at which enough moves, else the lowest of all
        found = max(0, found - 1)
    elif found == len(_PRICES):
        return ()
    return ways[found] if found in ways else _at_price(ground, _PRICES[found])


class _Way(NamedTuple):
    """What is gained by some passages, in tokens, worth counted in."""

    gain: float
    passages: tuple[Passage, ...]


_NOTHING: Final = _Way(0.0, ())


def _at_price(ground: Ground, price: float) -> tuple[Passage, ...]:
    """The best passages where all the worth of the skill costs `price` times all of its tokens."""
    worth_price = price * ground.total / (sum(ground.worths) or 1.0)
    found = chain.from_iterable(_best(ground, branch, worth_price).passages for branch in ground.branches)
    return tuple(sorted(found, key=lambda passage: passage.section))


def _best(ground: Ground, branch: Branch, price: float) -> _Way:
    """The best way for a branch, looked for once."""
    key = branch.section, price
    if key not in ground.ways:
        ground.ways[key] = _find_best(ground, branch, price)
    return ground.ways[key]


def _find_best(ground: Ground, branch: Branch, price: float) -> _Way:
    """The best way for a branch: nothing of its own moves, parts of it do, or all of it."""
    below = [_best(ground, child, price) for child in branch.below]
    apart = _Way(sum(way.gain for way in below), tuple(p for way in below for p in way.passages))
    if branch.is_title:
        return apart
    units = [unit for unit in branch.units if _is_free(ground, unit) and _net(ground, unit, price) > 0]
    if branch.is_step:  # what is done is said first; what stands below would be left without it
        units = [unit for unit in units if unit is not branch.units[0]]
    lumped = [
        child
        for child, way in zip(branch.below, below, strict=True)
        if _moves(ground, child) and _net_of(ground, child, price) > way.gain
    ]
    torn = {child.sequence for child in branch.below if child not in lumped} - {-1}
    lumped = [child for child in lumped if child.sequence not in torn]  # a count goes as a whole
    whole = _wholly(ground, branch, price)
    moving = {*units}
    left = [block for unit in branch.units if unit not in moving for block in unit.blocks]
    begins = branch.units[:1] if is_main(ground.reading.skill.sections[branch.section].heading) else ()
    still = (unit for unit in branch.units if unit not in moving and unit not in begins)
    shown = _shown(ground, still, branch.section, price)
    apart = _Way(apart.gain + shown.gain, (*shown.passages, *apart.passages))
    if lumped and len(lumped) == len(branch.below) and ground.size(left, ()) < POINTER_TOKENS:
        return max((apart, whole), key=lambda way: way.gain)  # a lead-in over nothing but a pointer says nothing
    if len(lumped) == 1:  # its heading says more than a topic of a pointer does
        lumped = []
    parts = _partly(ground, branch, below, units, lumped, price) if units or lumped else _NOTHING
    parts = _Way(parts.gain + shown.gain, (*shown.passages, *parts.passages))
    return max((apart, parts, whole), key=lambda way: way.gain)


def _shown(ground: Ground, units: Iterable[Unit], section: int, price: float) -> _Way:
    """The best code or table that moves from behind its lead-in, where that stays: the pointer stands in its place.

    One of a section: of two under one heading nobody could tell which is which.
    """
    best = _NOTHING
    for block in (ground.reading.skill.blocks[index] for unit in units for index in unit.blocks):
        is_shown = block.kind in SHOWN and block.index - 1 in ground.reading.lead_ins
        if not (is_shown and _can_move(ground, (block.index,), ())):
            continue
        passage = Passage(section, (block.index,))
        gain = _value(ground, passage.blocks, (), price) - POINTER_TOKENS - ground.load_rate * HEADER_TOKENS
        if ground.saved(passage) >= MIN_SAVED_IN_PART and gain > best.gain:
            best = _Way(gain, (passage,))
    return best


def _partly(
    ground: Ground,
    branch: Branch,
    below: Sequence[_Way],
    units: Sequence[Unit],
    lumped: Sequence[Branch],
    price: float,
) -> _Way:
    """The units and whole branches that move from under a heading with one pointer, and what moves further down."""
    left = [way for child, way in zip(branch.below, below, strict=True) if child not in lumped]
    blocks = _without_rule(ground, sorted(chain(_blocks(units), *(child.blocks for child in lumped))))
    headings = sorted({*_headings(units), *(s for child in lumped for s in (child.section, *child.sections))})
    passage = Passage(branch.section, tuple(blocks), tuple(headings))
    gain = sum(_net(ground, unit, price) for unit in units) + sum(_net_of(ground, child, price) for child in lumped)
    gain -= POINTER_TOKENS + _CHOICE + ground.load_rate * HEADER_TOKENS
    if gain <= 0 or not blocks or ground.saved(passage) < MIN_SAVED_IN_PART:
        return _NOTHING
    return _Way(gain + sum(way.gain for way in left), (passage, *(p for way in left for p in way.passages)))


def _wholly(ground: Ground, branch: Branch, price: float) -> _Way:
    """All under a heading moves; never of one step of many."""
    blocks = _without_rule(ground, sorted(branch.blocks))
    passage = Passage(branch.section, tuple(blocks), tuple(sorted(branch.sections)), whole=True)
    can = not branch.is_step and passage.blocks and _can_move(ground, passage.blocks, passage.headings)
    if not can or ground.saved(passage) < MIN_SAVED:
        return _NOTHING
    gain = _value(ground, passage.blocks, passage.headings, price)
    return _Way(gain - POINTER_TOKENS - _CHOICE / 2 - ground.load_rate * HEADER_TOKENS, (passage,))


def _without_rule(ground: Ground, blocks: Sequence[int]) -> Sequence[int]:
    """The blocks without the rule that parts the last of them from the next section."""
    ends = blocks and ground.reading.skill.blocks[blocks[-1]].kind is BlockKind.RULE
    return blocks[:-1] if ends else blocks


def _value(ground: Ground, blocks: Collection[int], sections: Collection[int], price: float) -> float:
    """What is gained by the move of some blocks and headings, in tokens."""
    return (1 - ground.load_rate) * ground.size(blocks, sections) - price * ground.worth(blocks)


def _net(ground: Ground, unit: Unit, price: float) -> float:
    return _value(ground, unit.blocks, unit.headings, price)


def _net_of(ground: Ground, branch: Branch, price: float) -> float:
    return _value(ground, tuple(branch.blocks), (branch.section, *branch.sections), price)


def _moves(ground: Ground, branch: Branch) -> bool:
    """Whether a branch may move with its heading."""
    return not branch.is_step and _can_move(ground, tuple(branch.blocks), (branch.section, *branch.sections))


def _is_free(ground: Ground, unit: Unit) -> bool:
    return _can_move(ground, unit.blocks, unit.headings)


def _can_move(ground: Ground, blocks: Iterable[int], sections: Iterable[int]) -> bool:
    return ground.fixed.isdisjoint(sections) and not any(block in ground.pinned for block in blocks)


def _blocks(units: Iterable[Unit]) -> Iterable[int]:
    return (block for unit in units for block in unit.blocks)


def _headings(units: Iterable[Unit]) -> Iterable[int]:
    return (section for unit in units for section in unit.headings)


def _broken(ground: Ground, passages: Sequence[Passage]) -> tuple[dict[int, str], frozenset[int]]:
    """The blocks to pin, with the reasons, and the sections whose headings have to stay, of a choice that breaks."""
    reading = ground.reading
    place = {piece: number for number, passage in enumerate(passages) for piece in passage.pieces}
    pins = dict.fromkeys(lost_files(reading, ground.folder, place, ground.tokens), Pin.LAST_MENTION.value)
    pins |= dict.fromkeys(lost_formats(reading, place, dict(enumerate(ground.worths))), Pin.ONLY_FORMAT.value)
    pins |= dict.fromkeys(lost_code(reading, place), Pin.ONLY_CODE.value)
    for block in _leaning(reading, place):
        pins[block] = Pin.NEEDED.value
    fixed = set[int]()
    for edge in reading.edges if place else ():
        here, there = place.get(edge.source), place.get(edge.target)
        if here == there or not edge.hard or _is_met(reading, edge, passages, here is None):
            continue
        if edge.target < 0 and not edge.mutual:
            fixed |= {heading_of(edge.target)} - {-1} if there is not None else set()
        elif there is not None or edge.kind is not EdgeKind.SYMBOL:
            ends: list[Piece] = [edge.target] if edge.kind is EdgeKind.SYMBOL else [edge.source, edge.target]
            pins |= {end: Pin.NEEDED.value for end in ends if end >= 0 and end in place}
            fixed |= {heading_of(end) for end in ends if end < 0 and end in place}
    return pins, frozenset(fixed)


def _is_met(reading: Reading, edge: Edge, passages: Sequence[Passage], stays: bool) -> bool:
    """Whether a text that needs another one, and `stays` or not, finds a pointer there, or needs none.

    A pointer stands right where the text stood that is needed from above in its section ("as below:"), and under the
    heading of a section of which all moved. A label that several sections have ties no section to the others.
    """
    home, source, target = reading.skill.section_of, edge.source, edge.target
    if edge.mutual:
        return edge.kind is EdgeKind.LABEL and min(source, target) >= 0 and home[source] != home[target]
    if target < 0 or not stays:
        return False
    if source >= 0 and home[source] != home[target]:
        return edge.kind is EdgeKind.REFERS and any(p.whole and p.section == home[target] for p in passages)
    own = home[source] if source >= 0 else heading_of(source)
    return own == home[target] and source < target and any(p.blocks[0] == target for p in passages)


def _leaning(reading: Reading, place: Mapping[Piece, int]) -> Iterator[int]:
    """The blocks to keep since one below speaks of one above, and only one of the two would move."""
    for section in reading.skill.sections:
        for above, block in pairwise(section.blocks):
            parted = place.get(above.index) != place.get(block.index)
            if parted and block.kind in PROSE and leans(block.text):
                yield above.index if above.index in place else block.index
