"""One of two texts that are compared: its units, what each stands under, links and footnotes by whatever name."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.units import VERBATIM, Unit, block_units, heading_units
from skill_distiller.skill.containers import find_containers, labels_of
from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

_WORD: Final = re.compile(r"\w+")
_DEFINITION: Final = re.compile(
    r""" {0,3}\[(?P<label>[^\[\]\n^][^\[\]\n]{0,200})\]:[ \t]*<?(?P<url>[^\s<>]{1,2000})>?"""
    r"""(?:[ \t]+(?:"(?P<title>[^"\n]*)"|'(?P<single>[^'"\n]*)'))?[ \t]*\r?"""
)
# Code, which stays as it is, or a link: its text, and its label where that is another.
_REFERENCE: Final = re.compile(
    r"(?P<code>(?<!`)(`+)(?!`)[^`]*(?<!`)\2(?!`))"
    r"|(?<![\]\\])\[(?P<text>[^\[\]\n^][^\[\]\n]{0,300})\](?:\[(?P<label>[^\[\]\n]{0,200})\])?(?![\[(:])"
)
_NO_LINKS: Final = frozenset({BlockKind.CODE, BlockKind.HTML, BlockKind.DEFINITION})
_NOTE: Final = re.compile(r"\[\^([^\]\s]{1,80})\]")


class Side:
    """One of two texts: its blocks, headings and units, and the tags and labels that each block stands under.

    It belongs to its skill (`side_of`), which may be compared with several others, at once too.
    """

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self.headings = heading_units(skill)
        self._units: dict[int, list[Unit]] = {}
        self._words: dict[Unit, frozenset[str]] = {}
        self._around: dict[int, tuple[Unit, ...]] = {}
        self._numbers: dict[Unit, int] = {}  # of each among the units of its block
        self._places = dict(_places(skill))
        self.containers = find_containers(skill)
        tags = self.containers.partners
        self._labels = {block: own for section in skill.sections for block, own in labels_of(section.blocks, tags)}
        self.label_blocks = frozenset([*chain.from_iterable(self._labels.values()), *tags])

    def units(self, block: int) -> list[Unit]:
        """The units of a block."""
        if block not in self._units:
            section, labels = self.skill.section_of[block], self.labels(block)
            found = block_units(self.skill.blocks[block], section, labels, self._places[block])
            self._numbers.update((unit, number) for number, unit in enumerate(found))
            self._units.setdefault(block, found)  # of two threads that ask at once both get the units of one
        return self._units[block]

    def words(self, unit: Unit) -> frozenset[str]:
        """What a unit of this text says, as a set of values: its words and facts."""
        if unit not in self._words:
            self._words[unit] = _words_of(unit)
        return self._words[unit]

    def other_units(self, blocks: Container[int]) -> list[Unit]:
        """The units of all blocks but some."""
        return [unit for block in range(len(self.skill.blocks)) if block not in blocks for unit in self.units(block)]

    def labels(self, block: int) -> tuple[Unit, ...]:
        """What a block stands under besides its heading, from the outer one to the nearest."""
        return tuple(self.units(label)[-1] for label in self._labels.get(block, ()))

    def above(self, thing: int | Unit) -> tuple[Unit, ...]:
        """Whatever a block or a unit stands under, the heading first."""
        block, own = (thing, self.labels(thing)) if isinstance(thing, int) else (thing.block, thing.under)
        return (*self.around(block), *own)

    def around(self, block: int) -> tuple[Unit, ...]:
        """The heading that a block stands under, and the opening tag of the innermost container around it."""
        if block not in self._around:  # asked for each unit of a block
            tag = self.containers.around[block]
            found = (self.headings[self.containers.homes[block]], self.units(tag)[0] if tag >= 0 else None)
            self._around[block] = tuple(unit for unit in found if unit)
        return self._around[block]

    def place(self, thing: int | Unit) -> tuple[int, int, int]:
        """Where a block, heading or unit stands: its section, block and number in that."""
        if isinstance(thing, int):
            return self.skill.section_of[thing], thing, 0
        return thing.section, thing.block, self._numbers.get(thing, 0)


@once_per_skill
def side_of(skill: Skill) -> Side:
    """A skill as one of two texts, its links by reference as links with their addresses."""
    return Side(_with_addresses(skill))


def _places(skill: Skill) -> Iterator[tuple[int, int]]:
    """For the items of long lists, which are blocks by themselves, the place of each in its list; 0 for the others."""
    place = 0
    for block, before in zip(skill.blocks, (None, *skill.blocks), strict=False):
        follows = block.kind is BlockKind.LIST_ITEM and before is not None and before.kind is block.kind
        place = place + 1 if follows else 0
        yield block.index, place


def _words_of(unit: Unit) -> frozenset[str]:
    if unit.kind in VERBATIM:
        return frozenset(_WORD.findall(unit.text))
    return frozenset(token.value for token in read_tokens(unit.text) if token.kind <= TokenKind.WORD)


def _with_addresses(skill: Skill) -> Skill:
    """The skill with the address of each link where it is used; a definition that nothing uses stays where it is."""
    definitions = [block for block in skill.blocks if block.kind is BlockKind.DEFINITION]
    if not definitions:
        return skill
    targets: dict[str, str] = {}
    for label, target in (found for block in definitions for _, *found in _definitions(block)):
        targets.setdefault(label, target)
    used: set[str] = set()
    sections = [
        [block if block.kind in _NO_LINKS else _inlined(block, targets, used) for block in section.blocks]
        for section in skill.sections
    ]
    blocks = [tuple(_without(block, targets, used) for block in row) for row in sections]
    return replace(skill, sections=tuple(replace(s, blocks=row) for s, row in zip(skill.sections, blocks, strict=True)))


def _definitions(block: Block) -> Iterator[tuple[str, str, str]]:
    """Each line of a block that defines a link and nothing else, with the label and what stands for it."""
    for line in block.text.split("\n"):
        if match := _DEFINITION.fullmatch(line):
            title = match["title"] or match["single"]
            yield line, _name(match["label"]), f'{match["url"]} "{title}"' if title else match["url"]


def _name(label: str) -> str:
    return " ".join(label.split()).casefold()


def _inlined(block: Block, targets: Mapping[str, str], used: set[str]) -> Block:
    def written(match: re.Match[str]) -> str:
        name = _name(match["label"] or match["text"] or "")
        if match["code"] or name not in targets:
            return match.group()
        used.add(name)
        return f"[{match['text']}]({targets[name]})"

    return replace(block, text=_REFERENCE.sub(written, block.text))


def _without(block: Block, targets: Mapping[str, str], used: set[str]) -> Block:
    """A block of definitions without those that are written where they are used."""
    if block.kind is not BlockKind.DEFINITION:
        return block
    gone = {line for line, label, target in _definitions(block) if label in used and targets[label] == target}
    lines = block.text.split("\n")
    return replace(block, text="\n".join("" if line in gone else line for line in lines))


def renamed_notes(
    before: Skill, after: Skill, edits: Sequence[tuple[Sequence[Token], Sequence[Token]]]
) -> dict[str, str]:
    """The footnotes that have another name throughout, and their old names: none stands on both sides."""
    old, new = ({name.casefold() for name in _NOTE.findall(skill.body)} for skill in (before, after))
    pairs = {
        (one[1], other[1])
        for lost, come in edits
        for a, b in zip(lost, come, strict=False)
        if (one := _NOTE.match(a.value)) and (other := _NOTE.match(b.value))
    }
    sides = [[pair[i] for pair in pairs] for i in (0, 1)]
    return {
        b: a for a, b in pairs if a not in new and b not in old and sides[0].count(a) == 1 and sides[1].count(b) == 1
    }


def with_old_names(tokens: Sequence[Token], names: Mapping[str, str]) -> list[str]:
    """The values of tokens, footnotes by their old names."""
    return [_NOTE.sub(lambda match: f"[^{names.get(match[1], match[1])}]", token.value) for token in tokens]
