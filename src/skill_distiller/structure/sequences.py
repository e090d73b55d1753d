"""Sequences and sets: what is numbered one after the other, the steps of a cycle, what is alike, an index."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from skill_distiller.language.words import small, words_in
from skill_distiller.skill.containers import is_label, lead_ins
from skill_distiller.skill.model import LISTS, PROSE, Block, BlockKind, Section, Skill, once_per_skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, chained, heading_of

_MAX_CHARS: Final = 60  # of a line that are looked at
_SIGNS: Final = "①-⑳⑴-⒇❶-❿➀-➉"
_BEFORE: Final = re.compile(rf"[^\w#№§{_SIGNS}]{{0,20}}")  # marks of emphasis, brackets, an emoji
_SIGN: Final = re.compile(rf"(?P<number>[{_SIGNS}]|\d\uFE0F?\u20E3)")
_DIGITS: Final = r"\d{1,9}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九]"
_NUMBER: Final = rf"(?P<above>(?:\d{{1,4}}\.)*)(?P<number>{_DIGITS})(?P<letter>[a-z])?(?![a-z\d_%]|[.,]\d)"
_BARE: Final = re.compile(rf"(?:{_NUMBER}|(?P<alone>[a-z]))[.:)）、](?=\s|[*_]|\Z|[^\x00-\x7F])")
_BARE_IN_HEADING: Final = re.compile(
    rf"(?:{_NUMBER}(?=[\s.:)）、—–-]|\Z|[^\x00-\x7F])|(?P<alone>[a-z])[.:)）](?=\s|\Z))"
)
# Any words before a number: they count where the next number stands beside it ("Mistake 1", "Faz 2").
_COUNTED: Final = re.compile(
    rf"(?P<word>[^\W\d_]+(?:[ -][^\W\d_]+){{0,2}})\s[#№]?{_NUMBER}(?=\s*[*_]{{0,3}}\s*(?:[.:)（(：、—–-]|\n|\Z))"
)
_ITEM: Final = re.compile(r"^ {0,3}(\d{1,9})[.)](?=\s)", re.MULTILINE)
_BULLET: Final = re.compile(r" {0,3}[-*+]\s+")


class Place(NamedTuple):
    """A place in a count: its form, what stands above it ("2." of "2.1"), and its number; `last` of a whole list."""

    form: str
    above: str
    number: int
    last: int


class _Run(NamedTuple):
    """A count so far: its pieces, the last of its numbers, and its form."""

    pieces: list[Piece]
    last: int
    form: str


_Runs = dict[tuple[int | None, str, str], _Run]


def find_sequences(skill: Skill) -> Iterator[Edge]:
    """The edges of each sequence of headings beside each other, and of blocks, also over blocks between them."""
    yield from _headings(skill)
    yield from _cycles(skill)
    yield from _blocks(skill)


def _headings(skill: Skill) -> Iterator[Edge]:
    runs: _Runs = {}
    found = list[_Run]()
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        place = read_place(section.heading, heading=True) if section.level else None
        if place:
            # In headings "1." goes on as "Step 2".
            form = "" if place.form in words_in("counting") or place.form in _PLAIN_FORMS else place.form
            _count((parent, str(section.level) + form, place.above), place, heading_of(section.index), runs, found)
    for run in found:
        yield from _joined(run, run.pieces, "numbered headings")


_FEWEST_STEPS: Final = 3  # that are named above the sections they are told in
_ARROW: Final = re.compile(r"-->|->|=>|[→►➜➔▶⟶]")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
# What may be a step: the first word of a line, of a quote, in brackets or behind an arrow.
_NODE: Final = re.compile(r"(?:^[ \t]*(?:[-*+]|\d{1,2}[.)])?|[\"'\[({>|→►➜➔▶⟶│])[ \t*_`]*([^\W\d_]{2,})", re.MULTILINE)


def _cycles(skill: Skill) -> Iterator[Edge]:
    """Headings beside each other that are steps of one round: those named above them as steps, and "Repeat".

    They are named in a diagram, in a text with arrows or a numbered list, or in the heading: "Red-Green-Refactor".
    """
    beside = defaultdict[tuple[int | None, int], list[Section]](list)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        beside[parent, section.level].append(section)
    for (above, level), own in beside.items():
        if len(own) < _FEWEST_STEPS or not level:
            continue
        named = _named_steps(skill.sections[above]) if above is not None else frozenset[str]()
        first = [match[0].casefold() if (match := _WORD.search(one.heading)) else "" for one in own]
        known = named.intersection(first) if len(named.intersection(first)) >= _FEWEST_STEPS else frozenset[str]()
        again = {at for at, word in enumerate(first) if at and word in words_in("repeat_words")}
        steps = {at for at, word in enumerate(first) if word in known}.union(again, (at - 1 for at in again))
        yield from chained(EdgeKind.SEQUENCE, (heading_of(own[at].index) for at in sorted(steps)), "steps of one cycle")


def _named_steps(section: Section) -> frozenset[str]:
    """The first words, in small letters, of what a section may name as steps."""
    found = _WORD.findall(section.heading) if "-" in section.heading or "→" in section.heading else []
    for block in section.blocks:
        drawn = block.kind in (BlockKind.CODE, BlockKind.PARAGRAPH) and len(_ARROW.findall(block.text)) > 1
        if drawn or (block.kind in LISTS and _ITEM.match(block.text)):
            found += _NODE.findall(block.text)
    return frozenset(map(str.casefold, found))


def _blocks(skill: Skill) -> Iterator[Edge]:
    runs: _Runs = {}
    found = list[_Run]()
    for section in skill.sections:
        for block in section.blocks:
            place = block_place(block)
            if place:
                # Only the numbers of lists go on under the next heading.
                scope = None if place.form == "item" else section.index
                _count((scope, place.form, place.above), place, block.index, runs, found)
    for run in found:
        yield from _joined(run, _with_contents(skill, run.pieces), "numbered steps")


_PLAIN_FORMS: Final = frozenset({"number", "#", "№", "§"})


def _joined(run: _Run, pieces: Sequence[Piece], why: str) -> Iterator[Edge]:
    """The edges of a count; none between examples, of which some may stand for all."""
    if run.form.split(" ")[-1] in words_in("example_nouns"):
        return iter(())
    return chained(EdgeKind.SEQUENCE, pieces, why)


def _count(
    key: tuple[int | None, str, str],
    place: Place,
    piece: Piece,
    runs: _Runs,
    found: list[_Run],
) -> None:
    """Put a piece into the count that it goes on or stands within ("1.5"), else into a new one."""
    run = runs.get(key)
    if run and place.number == run.last + 1:
        run.pieces.append(piece)
        runs[key] = run._replace(last=place.last)
        return
    if place.above.endswith(".") and place.number > 1 and not run:
        above, _, number = place.above[:-1].rpartition(".")
        around = runs.get((*key[:2], f"{above}." if above else ""))
        if around and number == str(around.last):
            around.pieces.append(piece)
            return
    if place.form == "letter" and place.number > 1:
        return  # a word that begins with a letter and a dot
    runs[key] = _Run([piece], place.last, place.form)
    found.append(runs[key])


_HELD: Final = frozenset({BlockKind.CODE, BlockKind.TABLE, BlockKind.LIST})


def _with_contents(skill: Skill, pieces: Sequence[Piece]) -> list[Piece]:
    """The steps, with the code, tables and lists that stand between two of them in one section."""
    if len(pieces) < 2:
        return []
    wanted = list[Piece]()
    steps = frozenset(pieces)
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        wanted.append(piece)
        section = skill.sections[skill.section_of[piece]]
        start = piece - section.blocks[0].index + 1
        if following is not None and skill.section_of[following] == section.index:
            between = section.blocks[start : following - section.blocks[0].index]
            wanted += [block.index for block in between if block.kind in _HELD and block.index not in steps]
        elif following is None and start < len(section.blocks) and section.blocks[start].kind is BlockKind.CODE:
            wanted.append(section.blocks[start].index)
    return wanted


def block_place(block: Block) -> Place | None:
    """The place of a block in a count: of a numbered list, or of a paragraph or bullet that opens with a number."""
    if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        items = _ITEM.findall(block.text) if _ITEM.match(block.text) else []
        if items:
            first = int(items[0])
            # Renderers count up from the first, whatever the numbers are.
            return Place("item", "", first, max(first, int(items[-1])))
        bullet = _BULLET.match(block.text) if block.kind is BlockKind.LIST_ITEM else None
        return read_place(block.text[bullet.end() :]) if bullet else None
    return read_place(block.text) if block.kind is BlockKind.PARAGRAPH else None


@lru_cache(maxsize=4096)  # sequences, pointers and parts all ask it of the same blocks
def read_place(text: str, *, heading: bool = False) -> Place | None:
    """The place in a count that a text opens with, None where it opens with none.

    >>> read_place("**Step 2.1: Build**")
    Place(form='step', above='2.', number=1, last=1)
    >>> [read_place(text).number for text in ("#6: Six", "第三步", "B) Or so", "Option C", "4️⃣ Four", "(e) Five")]
    [6, 3, 2, 3, 4, 5]
    """
    before = _BEFORE.match(text)
    start = before.end() if before else 0
    line = small(text[start : start + _MAX_CHARS])
    match = _SIGN.match(line) or _worded(heading).match(line) or (_BARE_IN_HEADING if heading else _BARE).match(line)
    match = match or _COUNTED.match(line)
    if not match:
        return None
    word, above, number, letter = (match.groupdict().get(name) or "" for name in ("word", "above", "number", "letter"))
    alone = match.groupdict().get("alone")
    form = word.casefold() or ("letter" if alone else "number")
    if letter := letter or alone:
        above, value = above + number, ord(letter.casefold()) - ord("a") + 1
    else:
        value = _value(number)
    return Place(form, above, value, value)


def _value(number: str) -> int:
    """The value of a number in digits, in Chinese ones up to 99, or of a sign such as ③."""
    if number[0].isdecimal():
        return int("".join(filter(str.isdecimal, number)))
    tens, ten, ones = number.rpartition("十")
    return (10 * int(unicodedata.numeric(tens or "一")) if ten else 0) + int(unicodedata.numeric(ones or "〇"))


@lru_cache(maxsize=2)
def _worded(heading: bool) -> re.Pattern[str]:
    """A number or letter behind a word that counts: "Step 2.1", "Option B", "第3"; in text a mark follows it."""
    words = "|".join(sorted(map(re.escape, map(small, words_in("counting"))), key=len, reverse=True))
    end = "" if heading else r"(?=\s*(?:[.:)(）：、—–*_\n-]|\Z|[^\x00-\x7F]))"
    number = rf"(?:{_NUMBER}|(?<=\s)(?P<alone>[a-z])(?!\w))"
    return re.compile(rf"(?P<word>{words}|[#№§])\s{{0,3}}[#№]?{number}{end}")


_FEWEST_ALIKE: Final = 3  # sections of one shape, entries of an index
_ENTRY: Final = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ ]", re.MULTILINE)
_POINTER: Final = re.compile(r"\]\((?!\w+:)[^()\s]+\)|(?<!\[)`[\w./-]+\.[a-z]{1,4}`")
_ENTRY_CHARS: Final = 240  # with its link


@once_per_skill
def alike_blocks(skill: Skill) -> tuple[tuple[int, ...], ...]:
    """The blocks, by index, at each place of three sections or more beside each other that have blocks of one shape.

    A shape is two blocks or more, or one of code: one paragraph or list says little of what it is. The items of a long
    list are such a set too, and so is the code of a section that stands under several labels.
    """
    found = list[Sequence[Block]]()
    for section in skill.sections:
        code = [b for b in section.blocks if b.kind is BlockKind.CODE and b.index - 1 in lead_ins(skill)]
        found += [code] if len(code) >= _FEWEST_ALIKE else []
    lists = (groupby(section.blocks, lambda block: block.kind is BlockKind.LIST_ITEM) for section in skill.sections)
    items = [list(run) for runs in lists for is_item, run in runs if is_item]
    alike = defaultdict[tuple[object, ...], list[list[Block]]](list)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        blocks = [block for block in section.blocks if block.kind is not BlockKind.RULE]
        kinds = [block.kind for block in blocks]
        if len(kinds) > 1 or BlockKind.CODE in kinds:
            alike[parent, section.level, *kinds].append(blocks)
    places = (zip(*group, strict=True) for group in alike.values() if len(group) >= _FEWEST_ALIKE)
    sets = (*(own for group in places for own in group), *found, *items)
    return tuple(tuple(block.index for block in own) for own in sets)


def in_most(sets: Iterable[Sequence[int]], kept: Collection[int]) -> Iterator[Sequence[int]]:
    """Those of some sets of blocks of which more than half are kept."""
    return (own for own in sets if 2 * sum(index in kept for index in own) > len(own))


@once_per_skill
def index_blocks(skill: Skill) -> tuple[tuple[int, ...], ...]:
    """The blocks, by index, of each index: places beside each other that do nothing but name a file or section each.

    These are three sections or more ("How do I ring it?", and a link), or three paragraphs or lists of one section that
    has little else. Half an index is a wrong one: who finds nothing in it looks no further.
    """
    found = list[list[int]]()
    beside = defaultdict[tuple[int | None, int], list[list[int]]](list)  # of each section, if it is of an index
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        blocks = [block for block in section.blocks if block.kind is not BlockKind.RULE]
        said = [block for block in blocks if block.index not in lead_ins(skill)]
        pointing = [block.index for block in said if _only_points(block)]
        alone = section.level > 0 and len(pointing) == len(said)
        beside[parent, section.level].append([block.index for block in blocks] if alone and pointing else [])
        if len(pointing) >= _FEWEST_ALIKE and 2 * len(pointing) > len(said):
            found.append(pointing)
    for group in beside.values():
        runs = (list(run) for points, run in groupby(group, bool) if points)
        found += [[index for own in run for index in own] for run in runs if len(run) >= _FEWEST_ALIKE]
    return tuple(map(tuple, found))


def _only_points(block: Block) -> bool:
    """Whether a text is links, or names of files, with a few words on each."""
    if block.kind not in PROSE:
        return False
    entries = len(_ENTRY.findall(block.text)) or 1
    return len(_POINTER.findall(block.text)) >= entries and len(block.text) <= entries * _ENTRY_CHARS


@once_per_skill
def way_blocks(skill: Skill) -> tuple[tuple[int, ...], ...]:
    """The blocks, by index, of each set of ways: all of the sections that a sentence or a heading says are ways of one.

    "Bells ring in three ways:", "Sources"; also of the places with labels in bold behind such a sentence, which is one
    of the set. With one way left a reader takes it for the only one.
    """
    below = defaultdict[int, list[Section]](list)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        if parent is not None:
            below[parent].append(section)
    found = list[list[int]]()
    for section in skill.sections:
        under = [
            block.index for one in below[section.index] for block in one.blocks if block.kind is not BlockKind.RULE
        ]
        last = section.blocks[-1:] if under and section.blocks else ()
        announcing = [block.index for block in last if _announces(block)]
        if len(below[section.index]) > 1 and (announcing or _names_ways(section.heading)):
            found.append(announcing + under)
        opening = next((a.index for a, b in pairwise(section.blocks) if is_label(b) and _announces(a)), None)
        labels = [block.index for block in section.blocks if is_label(block) and block.index > (opening or 0)]
        if opening is not None and len(labels) > 1:
            found.append([*range(opening, labels[-1] + 1)])
    return tuple(map(tuple, found))


def _announces(block: Block) -> bool:
    """Whether a paragraph says that there are several ways: "Bells ring in three ways.", "the following modes"."""
    return block.kind is BlockKind.PARAGRAPH and _several_ways().search(small(block.text)) is not None


@lru_cache(maxsize=1)
def _several_ways() -> re.Pattern[str]:
    several = words_in("numerals") | words_in("near_ahead") | words_in("pointing_ahead_at_nouns")
    count, nouns = ("|".join(map(re.escape, sorted(words))) for words in (several, words_in("way_nouns")))
    return re.compile(
        rf"\b(?:{count}|[2-9])\W{{1,4}}(?:[^\W\d_]+[ -]){{0,2}}?(?:{nouns})\b[^.!?\n]{{0,120}}[.:]\W{{0,4}}\Z"
    )


def _names_ways(heading: str) -> bool:
    words = _WORD.findall(heading.casefold())
    return bool(words) and words[-1] in words_in("way_nouns")
