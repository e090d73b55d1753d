"""What of each block may go without the rest, that first which is worth least for its length."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise
from math import fsum
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType, Verdict
from skill_distiller.language.modals import directs, restricts, verifies
from skill_distiller.language.words import words_in
from skill_distiller.planning.hull import Step, close_hull, merge_steps
from skill_distiller.planning.required import names_needs, names_rules, required_blocks, ruled_blocks
from skill_distiller.planning.worth import WorthModel, part_values, skill_parts
from skill_distiller.rewriting.extract import ONLY_IF
from skill_distiller.rewriting.ladder import Trim
from skill_distiller.rewriting.parts import Part, PartKind, Unit, deletions, units_of
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.structure.edges import EdgeKind
from skill_distiller.structure.sequences import read_place

_CUT: Final = PROSE | {BlockKind.TABLE}
# Of the items of a list or the rows of a table, the share that may go while the rest stays: what has less left is
# another list.
_MOST_GONE: Final = 1 / 2
_PAIR: Final = 2  # items or rows: what is said of the one is said beside the other
_MAX_TRIMS: Final = 8  # of a block: what is between two of them is hardly worth a rung
_WORD: Final = re.compile(r"[^\W\d_]+")
_NAME: Final = re.compile(r"[^\W\d]\w{3,}")
_EXPLAINED: Final = re.compile(r"(?<=\|)[ \t*_]*`([^\W\d]\w{3,})`[ \t*_]*(?=\|)")  # a name that is all of a cell
_NAME_END: Final = re.compile(r"[:：(（]|\s[-–—]\s")
_WORDS: Final = re.compile(r"[^\W_]+")
_Names = dict[tuple[str, str], list[str]]  # of sections, by the first two words
_MOST_ALIKE: Final = 8  # names that begin with the same two words: of more, one is looked for in vain now and then
_COUNT: Final = re.compile(r"(?<![\w.])\d+(?![\w.%]*\d)")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<!--|:::|\[\^")


def find_trims(reading: Reading, model: WorthModel) -> dict[int, tuple[Trim, ...]]:
    """For each block, by index, what may go of it: each time more, of a list or table never more than half.

    Of two items or rows none goes alone. Parts that hold a protected pattern, a hard rule, a prohibition or a check
    stay, those that name a section, and rows that explain a name which text that has to stay uses. A block that another
    one can't do without stays whole, and so do labels, lead-ins, lists that the text above them counts, tables that it
    names ("find the change in this table"), lists of rules, and those that say when the skill is for the case at hand:
    one case of six would be another scope.
    """
    needed = _needed_whole(reading)
    values = part_values(reading, model)
    used = _used_names(reading, model)
    named = _named_sections(reading.skill)
    found = {}
    for block, parts, verdict in zip(reading.skill.blocks, skill_parts(reading), reading.verdicts, strict=True):
        if block.kind not in _CUT or len(parts) < 2 or block.index in needed or _TAG.search(block.text):
            continue
        above = _above(reading.skill, block)
        whole = verdict.type is SectionType.TRIGGER or _is_counted(above, parts) or _is_ruled(reading, block, above)
        whole = whole or (block.kind is BlockKind.TABLE and _is_named(above))
        if whole and block.kind is not BlockKind.PARAGRAPH:
            continue
        units = units_of(block, parts, _what_stays(reading, block, verdict, used, named))
        if trims := tuple(_trims(block, parts, units, values[block.index])):
            found[block.index] = trims
    return found


def _needed_whole(reading: Reading) -> frozenset[int]:
    """The blocks that others can't do without, both halves of pairs, and what only introduces."""
    needed = set(reading.lead_ins) | reading.containers.bound | reading.containers.partners.keys()
    for edge in reading.edges:
        if edge.hard and not edge.mutual:
            needed.add(edge.target)
        elif edge.hard and edge.kind is not EdgeKind.SEQUENCE:
            needed |= {edge.source, edge.target}
    return frozenset(needed)


def _used_names(reading: Reading, model: WorthModel) -> frozenset[tuple[str, int]]:
    """The names that a row of a table explains and a block that has to stay uses, each with the block of its row."""
    blocks = reading.skill.blocks
    explained = [(name, b.index) for b in blocks if b.kind is BlockKind.TABLE for name in _EXPLAINED.findall(b.text)]
    if not explained:
        return frozenset()
    names = {name for name, _ in explained}
    users = defaultdict[str, set[int]](set)
    for block in (blocks[i] for i in required_blocks(reading, 1.0, model)):
        for word in names.intersection(_NAME.findall(block.text)):
            users[word].add(block.index)
    return frozenset((name, home) for name, home in explained if users[name] - {home})


def _named_sections(skill: Skill) -> _Names:
    """The names of several words by which a row or an item leads to a section: "Form B" of "Form B: a loan"."""
    found: _Names = defaultdict(list)
    for section in skill.sections:
        name = _NAME_END.split(section.heading)[0].strip()
        words = _WORDS.findall(name)
        if len(words) > 1 and len(found[words[0], words[1]]) < _MOST_ALIKE:
            found[words[0], words[1]].append(name)
    return found


def _leads_to_one(text: str, named: _Names) -> bool:
    return any(name in text for pair in pairwise(_WORDS.findall(text)) for name in named.get(pair, ()))


def _what_stays(
    reading: Reading, block: Block, verdict: Verdict, used: Collection[tuple[str, int]], named: _Names
) -> Callable[[str], bool]:
    """Whether a part of a block stays for what it says."""
    ruled = bool(verdict.protected) or verdict.hard_rule
    explains = block.kind is BlockKind.TABLE and any(home == block.index for _, home in used)
    restricted, checked = restricts(block.text), verifies(block.text)  # most blocks have none of it

    def stays(text: str) -> bool:
        if (restricted and restricts(text)) or (checked and verifies(text)) or directs(text) or ONLY_IF.search(text):
            return True
        if _leads_to_one(text, named):
            return True
        if explains and any((name, block.index) in used for name in _EXPLAINED.findall(text)):
            return True
        names = reading.patterns.find(text) if ruled else None
        return names is not None and bool(names.protected or names.hard_rule)

    return stays


def _above(skill: Skill, block: Block) -> str:
    """The heading of a block's section and the block above it."""
    section = skill.sections[skill.section_of[block.index]]
    place = block.index - section.blocks[0].index
    return f"{section.heading}\n{section.blocks[place - 1].text if place else ''}"


def _is_counted(above: str, parts: Sequence[Part]) -> bool:
    """Whether what stands above says how many items or rows there are."""
    count = sum(part.above < 0 and part.kind in (PartKind.ITEM, PartKind.ROW) for part in parts)
    return str(count) in _COUNT.findall(above)


def _is_named(above: str) -> bool:
    """Whether what stands above a table sends the reader into it, or is a step: who misses a row takes another."""
    nouns = words_in("table_nouns")
    return any(word.casefold() in nouns for word in _WORD.findall(above)) or bool(read_place(above, heading=True))


def _is_ruled(reading: Reading, block: Block, above: str) -> bool:
    """Whether what a block stands under makes a rule of each of its parts: "## Hard rules", "ALWAYS before:"."""
    heading, _, lead_in = above.partition("\n")
    lead_in = lead_in if block.index - 1 in reading.lead_ins else ""
    named = any(names_rules(name) or names_needs(name) for name in (heading, lead_in))
    ruled = block.index in ruled_blocks(reading) or restricts(heading, heading=True)
    return named or ruled or restricts(lead_in)


def _trims(block: Block, parts: Sequence[Part], units: Sequence[Unit], values: Sequence[float]) -> Iterator[Trim]:
    lengths = [part.end - part.start for part in parts]
    whole = fsum(values)
    steps = merge_steps(_steps(unit, lengths, values) for unit in units)
    most = sum(lengths[part] for unit in units for part in unit.all_parts)
    gone = set[int]()
    taken, listed_gone, lost = 0, 0, 0.0
    listed = {at for at, part in enumerate(parts) if part.above < 0 and part.kind in (PartKind.ITEM, PartKind.ROW)}
    # A long list has thousands of steps, each with all that went before: only those that are offered are written out.
    last = _steps_short_of(most, steps, lengths) if whole > 0 else 0
    pace = -(-last // _MAX_TRIMS) or 1
    for number, step in enumerate(steps[:last]):
        fresh = {part for part, _ in step.changes} - gone
        gone |= fresh
        taken += sum(lengths[part] for part in fresh)
        lost += step.lost
        listed_gone += len(fresh & listed)
        if listed_gone > (_MOST_GONE * len(listed) if len(listed) > _PAIR else 0):
            return
        if number % pace == 0 and taken < most:
            yield Trim(deletions(block.text, parts, gone), max(0.0, 1 - lost / whole))


def _steps_short_of(most: int, steps: Sequence[Step], lengths: Sequence[int]) -> int:
    """How many of the steps, one after the other, take fewer than so many characters together."""
    gone = set[int]()
    taken = 0
    for number, step in enumerate(steps):
        fresh = {part for part, _ in step.changes} - gone
        gone |= fresh
        taken += sum(lengths[part] for part in fresh)
        if taken >= most:
            return number
    return len(steps)


def _steps(unit: Unit, lengths: Sequence[int], values: Sequence[float]) -> list[Step]:
    """The ways down a unit: what hangs on it piece by piece, then all of it where that may go."""
    steps = merge_steps(_steps(child, lengths, values) for child in unit.children)
    if unit.title and unit.children and all(child.removable for child in unit.children):
        steps = steps[:-1]  # the last one would leave a title over nothing
    if not unit.removable:
        return steps
    own = unit.all_parts
    saved, lost = sum(lengths[part] for part in own), fsum(values[part] for part in own)
    return close_hull(steps, saved, lost, [(part, 1) for part in own])
