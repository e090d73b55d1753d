"""Find the examples of a skill that stand together: sub-sections of one heading, or pieces of one section."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from skill_distiller.analysis.cues import heading_promises
from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.rewriting.examples.foldable import is_foldable
from skill_distiller.rewriting.examples.labels import is_one_example, is_output, names_an_example
from skill_distiller.rewriting.examples.model import Example, ExampleSet
from skill_distiller.rewriting.examples.units import is_example, section_units
from skill_distiller.skill.model import BlockKind, Section

MOST: Final = 24  # examples of a set, and characters: it takes time to compare what each shows
LONGEST: Final = 20_000
_LEAST: Final = 2
_LEAST_UNNAMED: Final = 3  # where only the verdicts say that they are examples
_DEEPEST: Final = 6
# What stands under such a heading is done in order, or is a form to fill in, whatever it looks like.
_NO_EXAMPLES: Final = frozenset(
    {SectionType.CORE_INSTRUCTION, SectionType.CONSTRAINT, SectionType.TRIGGER, SectionType.OUTPUT_FORMAT}
)


@lru_cache(maxsize=2)
def find_sets(analysis: Analysis) -> tuple[ExampleSet, ...]:
    """The sets of two or more examples, in order; no block is in two of them."""
    sets: list[ExampleSet] = []
    taken: set[int] = set()
    for section in analysis.skill.sections:
        if section.index in taken:
            continue
        children = _with_outputs(_children(analysis.skill.sections, section))
        examples = [e for child in children if (e := _from_sections(analysis, section, child)) is not None]
        if len(examples) < _LEAST:
            examples = _from_blocks(analysis, section)
        if _LEAST <= len(examples) <= MOST and _length(analysis, examples) <= LONGEST:
            found = ExampleSet(section.index, _level(analysis, section, examples), tuple(examples))
            sets.append(found)
            taken.update(index for example in examples for index in example.sections)
    return tuple(sets)


def _length(analysis: Analysis, examples: Sequence[Example]) -> int:
    return sum(len(analysis.skill.blocks[i].text) for example in examples for i in example.blocks)


def promises_examples(heading: str) -> bool:
    """Whether a heading says that examples follow."""
    return any(kind is SectionType.EXAMPLE for kind, _ in heading_promises(heading))


def _children(sections: Sequence[Section], parent: Section) -> list[tuple[Section, ...]]:
    """The sections right below one, each with what is below it in turn."""
    if not parent.level:
        return []
    below: list[Section] = []
    for at in range(parent.index + 1, len(sections)):  # a slice would copy all the rest for each section
        if sections[at].level <= parent.level:
            break
        below.append(sections[at])
    highest = accumulate((section.level for section in below), min)
    starts = [i for i, (section, level) in enumerate(zip(below, highest, strict=True)) if section.level == level]
    return [tuple(below[a:b]) for a, b in pairwise([*starts, len(below)])]


def _with_outputs(children: Sequence[tuple[Section, ...]]) -> list[tuple[Section, ...]]:
    """The sub-sections, those that hold the output of the one before joined with it."""
    joined: list[tuple[Section, ...]] = []
    for child in children:
        if joined and is_output(child[0].heading):
            joined[-1] += child
        else:
            joined.append(child)
    return joined


def _from_sections(analysis: Analysis, parent: Section, child: tuple[Section, ...]) -> Example | None:
    """A sub-section with all below it as one example, None where it is none."""
    if not promises_examples(parent.heading) and not names_an_example(child[0].heading):
        return None
    blocks = tuple(block.index for section in child for block in section.blocks)
    if not is_example(analysis, blocks):
        return None
    sections = tuple(section.index for section in child)
    return Example(blocks, sections, is_foldable(analysis, blocks, sections, named=True))


def _from_blocks(analysis: Analysis, section: Section) -> list[Example]:
    """The examples inside one section, none where it is a single one in parts."""
    if all(analysis.verdicts[block.index].type is not SectionType.EXAMPLE for block in section.blocks):
        return []
    named = promises_examples(section.heading)
    if is_one_example(section.heading):
        return []
    if not named and any(kind in _NO_EXAMPLES for kind, _ in heading_promises(section.heading)):
        return []
    units = [_without_remarks(analysis, unit) for unit in section_units(section)]
    units = [unit for unit in units if is_example(analysis, unit, strictly=not named)]
    if len(units) < (_LEAST if named else _LEAST_UNNAMED):
        return []
    return [Example(unit, (), is_foldable(analysis, unit, (), named=named)) for unit in units]


def _without_remarks(analysis: Analysis, unit: tuple[int, ...]) -> tuple[int, ...]:
    """A unit without the paragraphs at its end that are no example: they may speak of all of them."""
    end = len(unit)
    while end > 1 and analysis.skill.blocks[unit[end - 1]].kind is BlockKind.PARAGRAPH:
        if analysis.verdicts[unit[end - 1]].type is SectionType.EXAMPLE:
            break
        end -= 1
    return unit[:end]


def _level(analysis: Analysis, parent: Section, examples: Sequence[Example]) -> int:
    """The level of a heading at the end of the examples, 0 where it would take in what follows them."""
    sections = analysis.skill.sections
    last = sections[analysis.skill.section_of[examples[-1].blocks[-1]]]
    level = sections[examples[-1].sections[0]].level if examples[-1].sections else parent.level + 1
    if level > _DEEPEST or not parent.level or last.blocks[-1].index != examples[-1].blocks[-1]:
        return 0
    following = sections[last.index + 1 : last.index + 2]
    return 0 if following and following[0].level > level else level
