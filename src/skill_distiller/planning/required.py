"""Blocks that have to stay, and repairs of a plan that lost one or left text without its heading."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.analysis.reading import REQUIRED_TYPES, Reading, SectionType, Verdict, once_per_reading
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.language.fact import FactKind
from skill_distiller.language.modals import restricts, verifies
from skill_distiller.language.words import words_in
from skill_distiller.planning.groups import settle_headings, with_companions
from skill_distiller.planning.outline import needed_by
from skill_distiller.planning.plan import Decision, Plan, Reason
from skill_distiller.planning.worth import WorthModel
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind, in_full
from skill_distiller.skill.containers import lead_ins, opening_tag
from skill_distiller.skill.model import LISTS, PROSE, Block, BlockKind, Skill
from skill_distiller.structure.find_edges import find_edges
from skill_distiller.structure.pairs import opening_label, runs_command
from skill_distiller.structure.sequences import read_place
from skill_distiller.tokens import TokenCounter

_NO_LANGUAGE: Final = frozenset({"", "text", "txt", "plaintext"})
PLAIN: Final = _NO_LANGUAGE | {"markdown", "md"}
# A place to fill in, which opens with a letter and is no link: "<what they saw>", "{{name}}", "[reason]".
_BLANK: Final = re.compile(r"<[^\W\d_][^<>\n/=]{1,80}>|\{[^\W\d_][^{}\n:\"]{1,80}\}|\[[^\W\d_][^\[\]\n]{2,80}\](?!\()")
_FEWEST_BLANKS: Final = 3
_FEWEST_SHOUTED: Final = 4  # words of a line in capitals that is a rule
# Notices, not talk of them: "(MIT License)", "Copyright (c) 2025", "licensed under CC BY-SA 4.0".
_RIGHTS: Final = re.compile(
    # The first character in front, so that most places of a text are passed over at once.
    r"[Ss](?i:pdx-license-identifier)|©|C(?<!\wC)opyright \(?[cC©\d]|[Ll](?<!\w[Ll])(?i:icensed under)\b"
    r"|\(MIT License\)|C(?<!\wC)C[ -]BY\b"
)
_BOX: Final = re.compile(r"^[ \t>]*[-*+] \[ \] ", re.MULTILINE)
_ORDERED: Final = re.compile(r"[ \t]{0,3}\d{1,3}[.)][ \t]")
TEXT: Final = PROSE | {BlockKind.QUOTE, BlockKind.TABLE, BlockKind.HTML}
RELAXED_BELOW: Final = 0.8  # the threshold from which on down ever more important blocks may go
ALL_FROM: Final = 0.9  # the one from which on up every instruction stays, however small its importance
WHOLE_FROM: Final = 0.85  # and the one from which on up each block stays whole or goes whole
_SLOPE: Final = 0.5  # and how fast: at a threshold of 0, of nearly any importance


@once_per_reading
def required_blocks(reading: Reading, threshold: float, model: WorthModel) -> Mapping[int, Reason]:
    """The required blocks by index.

    Protected patterns and hard rules are required at every threshold. So is a block of a required type (TRIGGER,
    CORE_INSTRUCTION), or one of an uncertain type, as long as its importance is not small; what counts as small grows
    as the threshold falls below 0.8, because who asks for half of a skill can't be given all of its instructions. Text
    that forbids or demands something, asks for approval or says what is checked, in whatever words, or stands under a
    heading that does, is required down to there too, and so are numbered steps, forms to fill in and the only section
    on how the result is to look. Without a description every trigger is required.
    """
    bar = model.required_importance + _SLOPE * max(0.0, RELAXED_BELOW - threshold)
    reasons = ((i, _reason(verdict, bar, model.low_confidence)) for i, verdict in enumerate(reading.verdicts))
    required = {i: reason for i, reason in reasons if reason}
    required |= {i: reason for i, reason in _kept_by_form(reading.skill) if i not in required}
    if threshold >= RELAXED_BELOW:
        known = required.keys() | reading.containers.partners
        names = _names_demands
        required |= dict.fromkeys(_held(reading.skill, known, restricts, names), Reason.RESTRICTION)
        required |= dict.fromkeys(ruled_blocks(reading) - required.keys(), Reason.RESTRICTION)
        required |= dict.fromkeys(_only_output(reading.skill) - required.keys(), Reason.OUTPUT)
        known = required.keys() | reading.containers.partners
        required |= dict.fromkeys(_held(reading.skill, known, _checks, verifies), Reason.VERIFIER)
        required |= dict.fromkeys(_numbered(reading.skill) - required.keys(), Reason.STEPS)
        required |= {b.index: Reason.FORM for b in reading.skill.blocks if b.index not in required and _is_form(b)}
    if not reading.skill.description:  # nothing else says when the skill is for the case at hand
        triggers = (i for i, verdict in enumerate(reading.verdicts) if verdict.type is SectionType.TRIGGER)
        required |= {i: Reason.TYPE for i in triggers if i not in required}
    return required


def _checks(text: str) -> bool:
    """Whether a text says what is checked: in words, or as boxes to tick."""
    return verifies(text) or _BOX.search(text) is not None


def _held(
    skill: Skill, required: Collection[int], holds: Callable[[str], bool], names: Callable[[str], bool]
) -> list[int]:
    """The blocks of text that hold something, or stand under a heading or label that names it, besides some."""
    held = []
    for section in skill.sections:
        blocks = [block for block in section.blocks if block.kind in TEXT and block.index not in required]
        whole = bool(blocks) and names(section.heading)
        held += [block.index for block in blocks if whole or holds(block.text) or names(_label(skill, block))]
    return held


def _names_demands(text: str) -> bool:
    """Whether a heading or a label says that what stands below it is forbidden, demanded or needed beforehand."""
    return restricts(text, heading=True) or names_needs(text)


def _label(skill: Skill, block: Block) -> str:
    """What a block opens with in bold, else the lead-in right above it."""
    above = block.index - 1
    return opening_label(block.text) or (skill.blocks[above].text if above in lead_ins(skill) else "")


def _kept_by_form(skill: Skill) -> Iterator[tuple[int, Reason]]:
    """Rules in capitals, and what states a licence or an author's right.

    Such rules stand in a fence without a language, or in a list under a heading or label: "MUST NOT DO".
    """
    for block in skill.blocks:
        if block.kind in LISTS:
            over = (skill.sections[skill.section_of[block.index]].heading, _label(skill, block))
            if any(name.isupper() and restricts(name) for name in over):
                yield block.index, Reason.HARD_RULE
        if block.kind is BlockKind.CODE and block.info in _NO_LANGUAGE:
            lines = (line.strip() for line in block.text.splitlines())
            if any(len(line.split()) >= _FEWEST_SHOUTED and line.isupper() and restricts(line) for line in lines):
                yield block.index, Reason.HARD_RULE
        elif block.kind is not BlockKind.CODE and _RIGHTS.search(block.text):
            yield block.index, Reason.RIGHTS


def _only_output(skill: Skill) -> frozenset[int]:
    """The blocks under the one heading that says how the result is to look."""
    found = [
        section
        for section in skill.sections
        if section.blocks and any(kind is SectionType.OUTPUT_FORMAT for kind, _ in heading_promises(section.heading))
    ]
    return frozenset(block.index for block in found[0].blocks) if len(found) == 1 else frozenset()


def _numbered(skill: Skill) -> frozenset[int]:
    """What is to be done one after the other: lists that are numbered, in fences without a language too.

    Under a heading that is numbered it is the commands, in text or in a fence.
    """
    steps = frozenset(section.index for section in skill.sections if read_place(section.heading, heading=True))
    return frozenset(
        block.index
        for block in skill.blocks
        if _is_numbered(block)
        or (skill.section_of[block.index] in steps and (block.kind is BlockKind.TABLE or runs_command(block)))
    )


def _is_numbered(block: Block) -> bool:
    if block.kind is BlockKind.CODE and block.info in _NO_LANGUAGE:
        lines = [line for line in block.text.splitlines()[1:-1] if line.strip()]
        return len(lines) > 1 and all(map(_ORDERED.match, lines))
    return block.kind in LISTS and _ORDERED.match(block.text) is not None


def _is_form(block: Block) -> bool:
    """Whether a fence shows a form to fill in: text with places like "<date>", "{name}" or "[reason]"."""
    return block.kind is BlockKind.CODE and block.info in PLAIN and len(_BLANK.findall(block.text)) >= _FEWEST_BLANKS


_NAME: Final = re.compile(r"[^\W_]+")


def names_rules(text: str) -> bool:
    """Whether a heading, a lead-in or the name of a tag says that rules follow: "Hard rules", "review-rules"."""
    return not words_in("rule_tags").isdisjoint(_NAME.findall(text.casefold()))


def names_needs(text: str) -> bool:
    """Whether a heading or a lead-in says that what is needed beforehand follows: "Prerequisites", "Requires:"."""
    return not words_in("need_names").isdisjoint(_NAME.findall(text.casefold()))


@once_per_reading
def ruled_blocks(reading: Reading) -> frozenset[int]:
    """The blocks in tags whose name says that rules stand between them: "<rules>"."""
    found = set[int]()
    partners = reading.containers.partners
    for block in reading.skill.blocks:
        if (tag := opening_tag(block)) and names_rules(tag):
            between = range(block.index + 1, partners.get(block.index, 0))
            found |= {*between} if block.index in partners else {block.index}
    return frozenset(found)


_NAMING: Final = frozenset({FactKind.URL, FactKind.LINK, FactKind.PATH, FactKind.CODE_SPAN, FactKind.ENV_VAR})


@once_per_reading
def named_twice(reading: Reading) -> Mapping[str, frozenset[int]]:
    """Addresses, paths and code that more than one block has, each with these blocks.

    Each place was worth little as there was another one, and what an author writes twice is not meant to go.
    """
    found = defaultdict[str, set[int]](set)
    for block, facts in enumerate(reading.facts):
        for fact in facts:
            if fact.kind in _NAMING and fact.key in reading.skill.blocks[block].text:
                found[fact.key].add(block)
    return {name: frozenset(blocks) for name, blocks in found.items() if len(blocks) > 1}


def _reason(verdict: Verdict, bar: float, low_confidence: float) -> Reason | None:
    if verdict.protected:
        return Reason.PATTERN
    if verdict.hard_rule:
        return Reason.HARD_RULE
    if verdict.importance < bar:
        return None
    if verdict.type in REQUIRED_TYPES:
        return Reason.TYPE
    return Reason.UNSURE if verdict.confidence < low_confidence else None


def carriers(skill: Skill, decisions: Sequence[Decision]) -> dict[int, int]:
    """For each block whose text stands with another one, by index, that other one.

    It is the one that the plan names, else the nearest above that is written in the same way, else the nearest below.
    """
    together = (d for d in decisions if d.rendering.stands_in >= 0 and RENDERINGS[d.rendering.kind].anew)
    found = {decision.block: decision.rendering.stands_in for decision in together}
    for order in (decisions, decisions[::-1]):
        last: dict[RenderingKind, int] = {}
        for decision in order:
            kind, text = decision.rendering.kind, decision.rendering.text
            if not RENDERINGS[kind].anew or text == skill.blocks[decision.block].source:
                continue
            if text:
                last[kind] = decision.block
            elif kind in last:
                found.setdefault(decision.block, last[kind])
    return found


def hand_over(
    skill: Skill,
    decisions: Sequence[Decision],
    texts: Mapping[int, str],
    stands_with: Mapping[int, int],
    counter: TokenCounter,
) -> tuple[Decision, ...]:
    """The decisions, where each text that is written no more stands with the first of the other blocks it is for.

    `texts` are those of carriers that are written otherwise now, without the blank lines after them.
    """
    found = list(decisions)
    left = dict(texts)
    for block in sorted(stands_with):
        decision, carrier = found[block], stands_with[block]
        if carrier in left and RENDERINGS[decision.rendering.kind].anew and not decision.rendering.text:
            text = left.pop(carrier) + skill.blocks[block].gap
            rendering = replace(decision.rendering, text=text, tokens=counter.count(text))
            found[block] = replace(decision, rendering=rendering)
    return tuple(found)


def _stands(skill: Skill, decision: Decision) -> bool:
    """Whether a block stands in full above the lines that it has for others."""
    rendering = decision.rendering
    return rendering.kind is RenderingKind.ONE_LINERS and skill.blocks[decision.block].text.strip() in rendering.text


def put_in_full(skill: Skill, plan: Plan, blocks: Collection[int]) -> Plan:
    """The plan with some blocks, by index, as they are in the original, and the headings above them; nothing else."""
    decisions = tuple(
        Decision(d.block, in_full(skill.blocks[d.block], d.full_tokens), d.full_tokens, Reason.ASKED)
        if d.block in blocks
        else d
        for d in plan.decisions
    )
    headings = settle_headings(skill, [decision.rendering for decision in decisions], plan.headings)
    return replace(plan, decisions=decisions, headings=headings)


def bring_back(
    skill: Skill, plan: Plan, blocks: Collection[int], counter: TokenCounter, why: Reason = Reason.ASKED
) -> Plan:
    """The plan with some blocks, by index, as they are in the original, for a reason; all other decisions stay.

    With them come the headings above them, and those dropped blocks that belong to them: lead-ins, the rest of a
    numbered sequence, and whatever they need. Where a block held the text for others too, these have it now.
    """
    stands_with = carriers(skill, plan.decisions)
    # What a line sums up together with others is not said in full: a label that comes back brings what it names.
    dropped = {d.block for d in plan.decisions if d.dropped and RENDERINGS[d.rendering.kind].partial}
    left = {carrier for block, carrier in stands_with.items() if block not in blocks}  # the lines stay for others
    standing = {block for block in blocks if block in left and _stands(skill, plan.decisions[block])}
    reasons = dict.fromkeys((block for block in blocks if block not in standing), why)
    kept = frozenset(range(len(plan.decisions))) - dropped
    edges = find_edges(skill)
    companions = with_companions(skill, blocks, kept)
    while True:
        reasons |= dict.fromkeys((companions & dropped) - reasons.keys(), Reason.COMPANION)
        decisions = tuple(
            Decision(d.block, in_full(skill.blocks[d.block], d.full_tokens), d.full_tokens, reasons[d.block])
            if d.block in reasons
            else d
            for d in plan.decisions
        )
        headings = settle_headings(skill, [d.rendering for d in decisions], plan.headings)
        kept_texts = [d.rendering.text or " " * (d.block in stands_with) for d in decisions]
        targets = [i for i in needed_by(skill, edges, kept_texts, headings) if i not in reasons]
        if not targets:
            carried = reasons.keys() & stands_with.values()
            texts = {i: plan.decisions[i].rendering.text.removesuffix(skill.blocks[i].gap) for i in carried}
            decisions = hand_over(skill, decisions, texts, stands_with, counter)
            return replace(plan, decisions=decisions, headings=headings)
        reasons |= dict.fromkeys(targets, Reason.PROMOTED)
        companions = with_companions(skill, targets, kept)
