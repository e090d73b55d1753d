"""A text that somebody wrote for some blocks: whether it says all that they say, and what of it does where not all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.language.forms import stem
from skill_distiller.language.words import content_words
from skill_distiller.meaning.accounting.account import account
from skill_distiller.meaning.accounting.places import Fault
from skill_distiller.meaning.units import VERBATIM, Unit, UnitKind
from skill_distiller.skill.model import Block, BlockKind, Section, Skill
from skill_distiller.skill.parse import LIST_MARKER

LIST_ITEM: Final = re.compile(rf"[ \t]*{LIST_MARKER}[ \t]")
_CODE: Final = 4  # blanks before a line of code
# From which part of a text's words on a section is what it says, and to which part one has hardly anything of it.
_SAID, _HARDLY = 0.8, 0.2
_ROUNDS: Final = 3  # in which what is at fault in a text is put back as it was


@dataclass(frozen=True, slots=True)
class Telling:
    """A text for some blocks of a skill (by index, in order); `home_of` says in whose place it stands."""

    blocks: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Retold:
    """What became of a telling: the text that says all that its blocks say ("" for none), and what was wrong with it.

    Where there are faults and a text all the same, what was at fault stands in it as it was. Of the `doubts` somebody
    has to say that they are none before the text may stand.
    """

    telling: Telling
    before: str
    text: str
    faults: tuple[Fault, ...] = ()
    doubts: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Leniency:
    """What may pass unsaid: with `doubting` what somebody else will be asked about.

    With `trusting` that in which no change of meaning is found. What stands `elsewhere` in what is left needs not to be
    said.
    """

    doubting: bool = False
    trusting: bool = False
    elsewhere: str = ""


STRICT: Final = Leniency()


def retell(skill: Skill, telling: Telling, leniency: Leniency = STRICT) -> Retold:
    """A telling held against its blocks."""

    def check(text: str) -> tuple[Fault, ...]:
        found = faults_of(skill, telling.blocks, text, elsewhere=leniency.elsewhere, trusting=leniency.trusting)
        return tuple(fault for fault in found if not (fault.doubt and leniency.doubting))

    def doubts(text: str) -> tuple[Fault, ...]:
        found = faults_of(skill, telling.blocks, text, elsewhere=leniency.elsewhere, trusting=leniency.trusting)
        return tuple(fault for fault in found if fault.doubt) if leniency.doubting else ()

    home = home_of(skill, telling.blocks, telling.text)
    before = told_before(skill, telling.blocks, home)
    text = fit(skill.blocks[home], telling.text)
    faults = check(text)
    if not faults:
        return Retold(telling, before, text, doubts=doubts(text))
    mended = _mended(before, text, faults, check)
    return Retold(telling, before, mended, faults, doubts(mended) if mended else ())


def faults_of(
    skill: Skill, blocks: Sequence[int], text: str, *, elsewhere: str = "", trusting: bool = False
) -> tuple[Fault, ...]:
    """What of some blocks a text does not say, or says besides, where it stands at its home."""
    home = skill.blocks[home_of(skill, blocks, text)]
    if home.kind is BlockKind.LIST_ITEM and not LIST_ITEM.match(text):
        return (Fault("form", "an item of a list", text),)
    around = " ".join(skill.heading_path(skill.section_of[home.index]))
    said = told_before(skill, blocks, home.index)
    return account(said, text, around=around, elsewhere=elsewhere, trusting=trusting)


def home_of(skill: Skill, blocks: Sequence[int], text: str) -> int:
    """The block, by index, in whose place a text for several stands: the first, or the first of a later section.

    That is one which has nearly all words of the text where the section of the first block has hardly any: there it
    would stand under a heading that says nothing of it.
    """
    words = set(map(stem, content_words(text)))
    said = dict[int, set[str]]()
    for block in blocks:
        said.setdefault(skill.section_of[block], set()).update(map(stem, content_words(skill.blocks[block].text)))
    shared = {section: len(words & own) for section, own in said.items()}
    most = max(shared, key=lambda section: shared[section])
    first = shared[skill.section_of[blocks[0]]]
    if not (shared[most] >= _SAID * len(words) > 0 and first <= _HARDLY * len(words)):
        return blocks[0]
    return next(block for block in blocks if skill.section_of[block] == most)


def told_before(skill: Skill, blocks: Sequence[int], home: int) -> str:
    """What some blocks say that are said in the place of one, with the headings that go with them."""
    going = {section.index for section in headings_going(skill, blocks, home)}
    pieces: list[str] = []
    last = -1
    for index in blocks:
        section = skill.section_of[index]
        if section != last and section in going:
            pieces.append(skill.sections[section].heading_source)
        last = section
        block = skill.blocks[index]
        own = block.text if block.text.endswith("\n") else f"{block.text}\n"
        pieces.append(block.text if index == blocks[-1] else own + block.gap)
    return "".join(pieces)


def headings_going(skill: Skill, blocks: Sequence[int], home: int) -> Iterator[Section]:
    """The sections whose headings go where some blocks are said in the place of one: all that is under them."""
    members = set(blocks)
    if len(blocks) == 1:
        return
    stays = _open_above(skill, skill.section_of[home])
    for section in skill.sections:
        below = [block for block in _below(skill, section) if block.kind is not BlockKind.RULE]
        if section.level and section.index not in stays and below and all(b.index in members for b in below):
            yield section


def _below(skill: Skill, section: Section) -> Iterator[Block]:
    """The blocks under a heading, those under smaller headings included."""
    yield from section.blocks
    for other in skill.sections[section.index + 1 :]:
        if other.level <= section.level:
            return
        yield from other.blocks


def _open_above(skill: Skill, home: int) -> set[int]:
    """The section that a block stands in and all around it."""
    found, level = {home}, skill.sections[home].level
    for section in reversed(skill.sections[:home]):
        if section.level < level:
            found.add(section.index)
            level = section.level
    return found


def fit(block: Block, text: str) -> str:
    """A new text with the outer white space and the line ends of the block in whose place it stands."""
    own = block.text
    ends = "\r\n" if "\r\n" in own else "\n"
    lines = text.strip("\r\n").rstrip().replace("\r\n", "\n").split("\n")
    if len(lines[0]) - len(lines[0].lstrip(" ")) < _CODE:
        lines[0] = own[: len(own) - len(own.lstrip(" \t"))] + lines[0].lstrip(" \t")
    return ends.join(lines) + own[len(own.rstrip("\r\n")) :]


def _mended(before: str, text: str, faults: Sequence[Fault], check: Callable[[str], tuple[Fault, ...]]) -> str:
    """The text with whatever is at fault as it was, "" where that can't be done or saves nothing."""
    for _ in range(_ROUNDS):
        changed = text
        for fault in faults:
            changed = _put_back(changed, fault)
        if changed == text:
            return ""
        text = changed
        faults = check(text)
        if not faults:
            return text if len(text) < len(before) else ""
    return ""


def _put_back(text: str, fault: Fault) -> str:
    """The text where what is at fault is as it was, or gone where it is new; what nothing stands for comes last."""
    old, new = fault.old, fault.new
    if any(text.count(unit.text) != 1 for unit in new):
        return text
    if not old:
        for unit in new:
            text = _without(text, unit)
        return text
    if old[0].kind in VERBATIM or (UnitKind.CELL in {unit.kind for unit in (*old, *new)} and len(old) != len(new)):
        return text
    if len(old) == len(new):
        for one, other in zip(old, new, strict=True):
            text = text.replace(other.text, one.text)
        return text
    said = " ".join(unit.text for unit in old)
    if not new:
        return text if old[0].number or said in text else append(text, said)
    text = text.replace(new[0].text, said)
    for unit in new[1:]:
        text = _without(text, unit)
    return text


def append(text: str, sentence: str) -> str:
    """A text with one more sentence at its end: an item where the text ends with one, else a paragraph."""
    body = text.rstrip()
    last = body.rpartition("\n")[2]
    bullet = _BULLET.match(last)
    return f"{body}\n{bullet.group()}{sentence}" if bullet else f"{body}\n\n{sentence}"


_BULLET: Final = re.compile(r"[ \t]*[-*+][ \t]+")


def _without(text: str, unit: Unit) -> str:
    """The text without a unit; a line of which nothing else is left goes."""
    at = text.index(unit.text)
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    line = text[start : end if end >= 0 else len(text)]
    if not any(character.isalnum() for character in line.replace(unit.text, "", 1).lstrip(" \t-*+0123456789.)")):
        return text[:start] + (text[end + 1 :] if end >= 0 else "")
    return text.replace(unit.text, "", 1).replace("  ", " ")
