"""One of two texts that are compared: its units, what they say, and what each of them stands under."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import chain
from typing import Final

from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.units import VERBATIM, Unit, block_units, heading_units
from skill_distiller.skill.containers import find_containers
from skill_distiller.skill.labels import labels_of
from skill_distiller.skill.model import BlockKind, Skill, once_per_skill

_WORD: Final = re.compile(r"\w+")


class Side:
    """One of two texts: its blocks, headings and units, and the tags and labels that each block stands under.

    It belongs to its skill (`side_of`), which may be compared with several others, at once too.
    """

    def __init__(self, skill: Skill) -> None:
        self.skill = skill
        self.headings = heading_units(skill)
        self._units: dict[int, list[Unit]] = {}
        self._words: dict[Unit, frozenset[str]] = {}
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
        tag = self.containers.around[block]
        found = (self.headings[self.containers.homes[block]], self.units(tag)[0] if tag >= 0 else None)
        return tuple(unit for unit in found if unit)

    def place(self, thing: int | Unit) -> tuple[int, int, int]:
        """Where a block, heading or unit stands: its section, block and number in that."""
        if isinstance(thing, int):
            return self.skill.section_of[thing], thing, 0
        return thing.section, thing.block, self._numbers.get(thing, 0)


@once_per_skill
def side_of(skill: Skill) -> Side:
    """A skill as one of two texts."""
    return Side(skill)


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
