"""Headings under which nothing stands any more, as one text says what several sections said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from skill_distiller.analysis.reading import Reading
from skill_distiller.language.forms import stem
from skill_distiller.language.words import content_words
from skill_distiller.planning.outline import needed_by
from skill_distiller.planning.plan import Plan
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import EdgeKind, heading_of


def without_bare_headings(reading: Reading, plan: Plan) -> Plan:
    """The plan without the headings whose sections are said in the text of another one, each with its words in it.

    Where that other one stands beside them and has nothing but that text, its heading would name a part of it only: so
    it goes as well, and the text stands below the heading of them all. A heading with a number, or one that something
    needs, stays.
    """
    if all(decision.rendering.text or decision.rendering.stands_in < 0 for decision in plan.decisions):
        return plan
    skill = reading.skill
    counted = {piece for e in reading.edges if e.kind is EdgeKind.SEQUENCE for piece in (e.source, e.target)}
    bare = {section: block for section, block in _bare(skill, plan).items() if heading_of(section) not in counted}
    narrow = (section for section in _too_narrow(skill, plan, bare) if heading_of(section) not in counted)
    gone = {*bare, *narrow}
    headings = tuple(stays and section not in gone for section, stays in enumerate(plan.headings))
    texts = [decision.rendering.text for decision in plan.decisions]
    if not gone or needed_by(skill, reading.edges, texts, headings):
        return plan
    return replace(plan, headings=headings)


def _bare(skill: Skill, plan: Plan) -> Mapping[int, int]:
    """The sections with a heading and without a text of their own or below, each with the block that says theirs."""
    said = defaultdict[int, set[int]](set)  # by section the blocks with the texts of all in it and below; -1: of none
    for section in skill.sections:
        own = {
            d.block if d.rendering.text else d.rendering.stands_in
            for d in (plan.decisions[b.index] for b in section.blocks)
        }
        place: int | None = section.index
        while place is not None:
            said[place] |= own
            place = skill.parents[place]
    found = dict[int, int]()
    for section in skill.sections:
        if section.level and plan.headings[section.index] and len(said[section.index]) == 1:
            (block,) = said[section.index]
            inside = block >= 0 and section.index in _above(skill, block)
            if block >= 0 and not inside and _has_words(skill, plan, section.index, block):
                found[section.index] = block
    return found


def _too_narrow(skill: Skill, plan: Plan, bare: Mapping[int, int]) -> Iterator[int]:
    """The sections that have nothing but a text that says sections beside them too."""
    for block in set(bare.values()):
        section = skill.section_of[block]
        above = skill.parents[section]
        texts = [one.index for one in skill.sections[section].blocks if plan.decisions[one.index].rendering.text]
        beside = all(skill.parents[other] == above for other, place in bare.items() if place == block)
        alone = texts == [block] and section not in skill.parents
        if above is not None and plan.headings[above] and alone and beside and _has_words(skill, plan, section, block):
            yield section


def _above(skill: Skill, block: int) -> Iterator[int]:
    """The sections that a block stands in, from its own up."""
    place: int | None = skill.section_of[block]
    while place is not None:
        yield place
        place = skill.parents[place]


def _has_words(skill: Skill, plan: Plan, section: int, block: int) -> bool:
    """Whether the text that is written for a block has the words of a heading, or the heading above has them."""
    above = skill.parents[section]
    known = plan.decisions[block].rendering.text
    if above is not None:
        known = f"{skill.sections[above].heading} {known}"
    return _stems(skill.sections[section].heading) <= _stems(known)


def _stems(text: str) -> set[str]:
    return set(map(stem, content_words(text)))
