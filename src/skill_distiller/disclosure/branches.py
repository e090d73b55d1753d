"""The units of a skill that move whole or not at all, section by section."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading, SectionType, once_per_reading
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.disclosure.signposts import is_choice, is_main
from skill_distiller.language.words import words_in
from skill_distiller.planning.groups import items_of
from skill_distiller.planning.outline import HEADING, SEQUENCE, Node, outline
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.edges import EdgeKind, Piece, heading_of
from skill_distiller.structure.sequences import read_place

_FEWEST_PARTS: Final = 2  # that a heading names, of which the first words are those of the headings below it
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Unit:
    """Blocks and headings (sections) that make sense only together, by index: a lead-in with its list, a container."""

    blocks: tuple[int, ...]
    headings: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A heading with the units right under it, and the branches of the headings below.

    `is_step`: every run goes through it, as through each of several steps, and it never moves as a whole;
    `in_steps` as well as what is below one. `is_title`: it stands for the whole skill; nothing right under it moves.
    `sequence` is the same number for headings that are counted one after the other, -1 for others.
    """

    section: int
    units: tuple[Unit, ...]
    below: tuple[Branch, ...]
    is_step: bool = False
    in_steps: bool = False
    is_title: bool = False
    sequence: int = -1

    @property
    def blocks(self) -> Iterator[int]:
        """Every block under the heading."""
        own = (block for unit in self.units for block in unit.blocks)
        return chain(own, *(branch.blocks for branch in self.below))

    @property
    def sections(self) -> Iterator[int]:
        """Every section under the heading, its own left out."""
        own = (section for unit in self.units for section in unit.headings)
        return chain(own, *(chain((branch.section,), branch.sections) for branch in self.below))

    @property
    def pieces(self) -> frozenset[Piece]:
        """All under the heading, which is left out itself."""
        return frozenset((*self.blocks, *map(heading_of, self.sections)))

    def holders(self, pieces: frozenset[Piece]) -> Iterator[int]:
        """The sections of this branch and of those below that have some pieces under or as their headings."""
        below = [section for branch in self.below for section in branch.holders(pieces)]
        own = (piece for unit in self.units for piece in (*unit.blocks, *map(heading_of, unit.headings)))
        yield from below
        if below or not pieces.isdisjoint((heading_of(self.section), *own)):
            yield self.section


@once_per_reading
def find_branches(reading: Reading) -> tuple[Branch, ...]:
    """The skill as branches, those of its first headings at the top."""
    ends = (piece for edge in reading.edges if edge.kind is EdgeKind.SEQUENCE for piece in (edge.source, edge.target))
    known = _Known(_titles(reading.skill), frozenset(heading_of(piece) for piece in ends if piece < 0))
    return tuple(_branches(reading.skill, outline(reading.skill), known))


class _Known(NamedTuple):
    """Sections that stand for the skill, and those that are counted, by index; variants stand together uncounted."""

    titles: frozenset[int]
    counted: frozenset[int]


def _titles(skill: Skill) -> frozenset[int]:
    """The sections that stand for the skill: its title, headings in the words of that, and of when it applies.

    "When to gate" below a section is of the subject of that.
    """
    found = {0}
    levels = [section.level for section in skill.sections if section.level]
    first = next((section for section in skill.sections if section.level), None)
    known = {*_WORD.findall(skill.name.casefold())}
    if first and levels.count(first.level) == 1 and first.level == min(levels):
        found.add(first.index)
        known |= {*_WORD.findall(first.heading.casefold())}
    for section in skill.sections:
        words, above = {*_WORD.findall(section.heading.casefold())}, skill.parents[section.index]
        calls = any(kind is SectionType.TRIGGER for kind, _ in heading_promises(section.heading))
        if (words and words <= known) or (calls and (above is None or above in found)):
            found.add(section.index)
    return frozenset(found)


def _branches(
    skill: Skill, nodes: Sequence[Node], known: _Known, *, sequence: int = -1, in_steps: bool = False
) -> Iterator[Branch]:
    for node in nodes:
        if node.block == SEQUENCE:
            yield from _branches(skill, node.children, known, sequence=node.section, in_steps=in_steps)
        elif node.block == HEADING:
            inner = [child for child in node.children if not _holds_heading(child)]
            heading, above = skill.sections[node.section].heading, skill.parents[node.section]
            is_step = is_main(heading) or (node.section in known.counted and _is_step(skill, node.section, in_steps))
            is_step = is_step or _names_its_parts(skill, node.section)
            is_step = is_step or (above is not None and _names_its_parts(skill, above))
            below = tuple(_branches(skill, node.children, known, in_steps=in_steps or is_step))
            is_title = node.section in known.titles
            units = tuple(_units(skill, inner))
            yield Branch(node.section, units, below, is_step, in_steps or is_step, is_title, sequence)


def _is_step(skill: Skill, section: int, in_steps: bool) -> bool:
    """Whether a counted heading is something to do, and not one of several ways, rules or subjects.

    "Step 2" is one; a bare number is where the heading begins with a verb, or the one above promises a procedure; and
    below a step whatever is counted, but for what one chooses from.
    """
    place = read_place(skill.sections[section].heading, heading=True)
    if place is None or place.form in words_in("step_words"):
        return True
    if in_steps and not is_choice(place.form):
        return True
    if place.form not in ("number", "letter"):
        return False
    words = _WORD.findall(skill.sections[section].heading.casefold())
    above = skill.heading_path(section)[-2:-1]
    does = any(kind is SectionType.CORE_INSTRUCTION for name in above for kind, _ in heading_promises(name))
    return does or bool(words and words[0] in words_in("imperatives"))


def _names_its_parts(skill: Skill, section: int) -> bool:
    """Whether a heading lists the ones below it, as "Red-Green-Refactor" does: they are gone through in turn."""
    heading = skill.sections[section].heading.casefold()
    words = _WORD.findall(heading)
    if not len(words) == len(set(words)) >= _FEWEST_PARTS:
        return False
    below = [own for own in skill.sections if skill.parents[own.index] == section]
    firsts = {found[0] for own in below if (found := _WORD.findall(own.heading.casefold()))}
    return set(words) <= firsts


def _holds_heading(node: Node) -> bool:
    return node.block == HEADING or (node.block == SEQUENCE and any(map(_holds_heading, node.children)))


def _units(skill: Skill, nodes: Sequence[Node]) -> Iterator[Unit]:
    """One unit a node; the items of a list that was cut are one."""
    items = list[int]()
    for node in nodes:
        blocks, headings = items_of(node)
        is_item = not node.children and node.block >= 0 and skill.blocks[node.block].kind is BlockKind.LIST_ITEM
        if is_item and (not items or items[-1] + 1 == node.block):
            items.append(node.block)
            continue
        if items:
            yield Unit(tuple(items))
        items = [node.block] if is_item else []
        if not is_item:
            yield Unit(tuple(sorted(blocks)), tuple(sorted(headings)))
    if items:
        yield Unit(tuple(items))
