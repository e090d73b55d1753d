"""What may go as nothing is lost: blocks that another one says or every agent knows, headings with nothing left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.forms import stem
from skill_distiller.language.modals import restricts, verifies
from skill_distiller.language.words import content_words
from skill_distiller.planning.outline import needed_by
from skill_distiller.planning.plan import Decision, Plan, Reason
from skill_distiller.rewriting.model import Doubt, RenderingKind
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.edges import EdgeKind, heading_of

KNOWN: Final = -1  # in place of the block that says the same


@once_per_reading
def excuses(reading: Reading) -> Mapping[int, int]:
    """The blocks, by index, of which a model says that nothing is lost without them, and which block says the same.

    KNOWN stands for what every agent knows. Its word is not taken for a protected pattern or a rule in capitals; where
    a program sees more than it says, the judge is asked too (`asked_excuses`).
    """
    part = reading.analysis.model_part
    if part is None:
        return {}
    found = dict.fromkeys(part.known, KNOWN) | dict(part.repeats)
    return {i: other for i, other in found.items() if _may_go(reading, i)}


@once_per_reading
def asked_excuses(reading: Reading) -> Mapping[int, int]:
    """Those of the excuses that are not plain: the block has a fact that the other one lacks.

    (Of what is known: any fact that stands nowhere else.) Or it has a restriction or a check that the other block does
    not lay down in full; or whoever read it was not sure.
    """
    known, part = excuses(reading), reading.analysis.model_part
    unsure = part.asked if part else frozenset[int]()
    return {i: other for i, other in known.items() if i in unsure or not _is_plain(reading, i, other)}


def _is_plain(reading: Reading, block: int, other: int) -> bool:
    return _is_harmless(reading, block) if other == KNOWN else _says_all(reading, other, block)


def _may_go(reading: Reading, block: int) -> bool:
    verdict = reading.verdicts[block]
    return not (verdict.protected or verdict.hard_rule)


def _says_all(reading: Reading, other: int, block: int) -> bool:
    """Whether a block has all facts of another one and, where that binds an agent, all that it says."""
    lost = _facts(reading, block) - _facts(reading, other)
    if lost:
        return False
    one, two = (reading.skill.blocks[i] for i in (block, other))
    from skill_distiller.meaning.accounting.account import lost_in  # a run without a model has no use for it

    binds = restricts(one.text) or verifies(one.text) or one.kind is BlockKind.CODE
    return not binds or not lost_in(one.text, two.text)


def _is_harmless(reading: Reading, block: int) -> bool:
    text = reading.skill.blocks[block].text
    elsewhere = frozenset[str]().union(*(_facts(reading, b.index) for b in reading.skill.blocks if b.index != block))
    return not (restricts(text) or verifies(text)) and _facts(reading, block) <= elsewhere


def _facts(reading: Reading, block: int) -> frozenset[str]:
    return frozenset(fact.key for fact in reading.facts[block] if fact.kind is not FactKind.MODAL)


def spoken_for(reading: Reading, *, drops: bool) -> Mapping[int, Reason]:
    """The blocks that stay as nobody says that nothing is lost without them.

    Without `drops` those are all but the ones that another block repeats; else, where a model read the skill, all but
    those with an excuse.
    """
    if drops and reading.analysis.model_part is None:
        return {}
    known = excuses(reading)
    may_go = {i for i, other in known.items() if drops or other != KNOWN}
    return dict.fromkeys((i for i in range(len(reading.skill.blocks)) if i not in may_go), Reason.UNSAID)


def widowed(reading: Reading, texts: Sequence[str]) -> Iterator[int]:
    """The blocks that have to stay as others went for them, given the texts of all: one of two that say the same."""
    needed: set[int] = set()
    for block, other in excuses(reading).items():
        if other != KNOWN and not texts[block] and not texts[other] and block not in needed:
            needed.add(other)
            yield other


def with_excuses(reading: Reading, plan: Plan) -> Plan:
    """The plan, where each block that went with an excuse says it, and which block says the same.

    Where that is not plain it is one of the plan's doubts.
    """
    known, asked = excuses(reading), asked_excuses(reading)
    doubts = list(plan.doubts)

    def excused(decision: Decision) -> Decision:
        other = known.get(decision.block)
        if other is None or decision.rendering.kind is not RenderingKind.DROPPED:
            return decision
        why = Reason.KNOWN if other == KNOWN else Reason.REPEATS
        if decision.block in asked:
            doubts.append(Doubt((decision.block,), reading.skill.blocks[decision.block].text, "", (str(why),)))
        return replace(decision, rendering=replace(decision.rendering, stands_in=other), reason=why)

    decisions = tuple(map(excused, plan.decisions))
    return replace(plan, decisions=decisions, doubts=tuple(doubts))


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
            inside = block >= 0 and section.index in skill.sections_above(block)
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


def _has_words(skill: Skill, plan: Plan, section: int, block: int) -> bool:
    """Whether the text that is written for a block has the words of a heading, or the heading above has them."""
    above = skill.parents[section]
    known = plan.decisions[block].rendering.text
    if above is not None:
        known = f"{skill.sections[above].heading} {known}"
    return _stems(skill.sections[section].heading) <= _stems(known)


def _stems(text: str) -> set[str]:
    return set(map(stem, content_words(text)))
