"""Blocks that stay besides where nearly all of a skill is asked for: what its author would miss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType, once_per_reading
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.language.fact import SENTENCE_END, FactKind
from skill_distiller.language.modals import LIMIT, LIMITS, directs
from skill_distiller.language.words import words_in
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.required import ALL_FROM, PLAIN, TEXT, WHOLE_FROM, required_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.structure.pairs import names_examples, opening_label
from skill_distiller.structure.sequences import alike_blocks, in_most

_NAME: Final = re.compile(r"[^\W_]+")
_BOLD_SENTENCE: Final = re.compile(r"(?:\*\*|__)[^*_\n]{8,200}[.!。！](?:\*\*|__)")
_INSTRUCTING: Final = frozenset(
    {
        SectionType.CORE_INSTRUCTION,
        SectionType.CONSTRAINT,
        SectionType.EDGE_CASE,
        SectionType.OUTPUT_FORMAT,
        SectionType.ADVISORY_PATTERN,
    }
)
_COMMANDS: Final = frozenset({FactKind.CODE_SPAN, FactKind.FLAG, FactKind.ENV_VAR})
_DRAWN: Final = frozenset({"dot", "graphviz", "mermaid", "plantuml"})


@once_per_reading
def instructing_blocks(reading: Reading, threshold: float, model: WorthModel) -> Mapping[int, Reason]:
    """The blocks that stay besides, by index, where a threshold asks for nearly all of a skill: none below 0.85.

    From 0.9 on that is all text and code that tells an agent what to do or advises it, text with a sentence in bold,
    and every table but those of triggers: an author misses any of them, however little it is worth beside the rest.
    Down to 0.85 those of small importance may go. With them stay the one code of a section below one of them, and what
    has the same place as most of them in sections of one shape. Code that is itself a rule or a form stays too, what an
    opening alone names, a limit that an instruction sets, what a request gives back, workflows, and a diagram of when
    to use the skill.
    """
    if threshold < WHOLE_FROM:
        return {}
    skill = reading.skill
    bar = model.required_importance * max(0.0, ALL_FROM - threshold) / (ALL_FROM - WHOLE_FROM)
    pairs = zip(skill.blocks, reading.verdicts, strict=True)
    found = {b.index for b, v in pairs if v.importance >= bar and _instructs(b, v.type)}
    found = found.union(_ruling_code(skill), _openings(reading), _limits(skill))
    if threshold >= ALL_FROM:
        found = found.union(_diagrams(skill), _given_back(skill), _workflows(skill))
    required = found | required_blocks(reading, threshold, model).keys()
    shown = {code for code in _only_code(skill) if code - 1 in required}
    alike = in_most(alike_blocks(skill), required | shown)
    return dict.fromkeys(sorted(found.union(shown, *alike)), Reason.TYPE)


def _only_code(skill: Skill) -> Iterator[int]:
    """The code below another block, where a section has no more: "Use this as the template of all of them."."""
    for section in skill.sections:
        code = [block.index for block in section.blocks if block.kind is BlockKind.CODE]
        if len(code) == 1 and code[0] > section.blocks[0].index:
            yield code[0]


def _ruling_code(skill: Skill) -> Iterator[int]:
    """The one fence of a section, without a language, whose heading says that it is a rule or a form to go by."""
    for section in skill.sections:
        code = [block for block in section.blocks if block.kind is BlockKind.CODE]
        named = not words_in("ruling_names").isdisjoint(_NAME.findall(section.heading.casefold()))
        if len(code) == 1 and code[0].info in PLAIN and named and not names_examples(section.heading):
            yield code[0].index


def _instructs(block: Block, kind: SectionType) -> bool:
    if block.kind is BlockKind.TABLE:
        return kind is not SectionType.TRIGGER
    if block.kind is BlockKind.CODE:
        return kind in _INSTRUCTING
    said = kind in _INSTRUCTING or _BOLD_SENTENCE.search(block.text) is not None
    return block.kind in TEXT and (said or directs(block.text))


def _openings(reading: Reading) -> Iterator[int]:
    """The paragraphs that open a skill and name code that neither its description nor its rest has.

    That is a command of several words, or any name in a paragraph that orders something.
    """
    blocks = reading.skill.blocks
    for block in takewhile(lambda one: one.kind is BlockKind.PARAGRAPH, blocks[:_MOST_OPENINGS]):
        names = islice((fact.key for fact in reading.facts[block.index] if fact.kind in _COMMANDS), _MOST_NAMES)
        rest = (reading.skill.description, *(one.text for one in blocks if one is not block))
        alone = [name for name in names if all(name not in text for text in rest)]
        orders = any(map(_orders, SENTENCE_END.split(block.text)))
        if alone and (orders or any(_COMMAND.fullmatch(name) for name in alone)):
            yield block.index


_COMMAND: Final = re.compile(r"[a-z][\w-]*(?: [\w./:@=-]+)+")
_MOST_OPENINGS: Final = 3
_MOST_NAMES: Final = 20  # of an opening, each of which is looked for in all of the rest
_FIRST_WORDS: Final = 2  # of a sentence, one of which orders


def _orders(sentence: str) -> bool:
    """Whether a sentence opens by saying what to do."""
    return not words_in("imperatives").isdisjoint(_NAME.findall(sentence.casefold())[:_FIRST_WORDS])


def _limits(skill: Skill) -> Iterator[int]:
    """Text with a limit ("at most one line") in a sentence that orders something, or behind a label in bold."""
    for block in skill.blocks:
        found = LIMIT.finditer(block.text) if block.kind in PROSE else ()
        bounds = [match.start() for match in found if LIMITS[" ".join(match[0].casefold().split())] in _BOUNDS]
        before = (SENTENCE_END.split(block.text[max(0, at - _SENTENCE_CHARS) : at])[-1] for at in bounds)
        if bounds and (opening_label(block.text) or any(map(_orders, before))):
            yield block.index


_SENTENCE_CHARS: Final = 300  # before a limit
_BOUNDS: Final = frozenset("≤≥")  # other signs also compare two things


def _diagrams(skill: Skill) -> Iterator[int]:
    """Diagrams under a heading that says when to use the skill: they decide it."""
    for section in skill.sections:
        if any(kind is SectionType.TRIGGER for kind, _ in heading_promises(section.heading)):
            yield from (
                b.index for b in section.blocks if b.kind is BlockKind.CODE and b.info.lower().split(" ")[0] in _DRAWN
            )


def _given_back(skill: Skill) -> Iterator[int]:
    """Lead-ins that open with what comes of a request ("Response includes paging:"), and their code."""
    for index in lead_ins(skill):
        first = _NAME.search(skill.blocks[index].text)
        code = skill.blocks[index + 1].kind is BlockKind.CODE
        if code and first and first[0].casefold() in words_in("outcome_nouns"):
            yield from (index, index + 1)


def _workflows(skill: Skill) -> Iterator[int]:
    """The code in and below sections called workflows, without examples and what is put out; a title is no name."""
    named = set[int]()
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        words = _NAME.findall(section.heading.casefold())
        called = section.level > 1 and bool(words) and words[-1] in words_in("workflow_nouns")
        if (called or parent in named) and not names_examples(section.heading):
            named.add(section.index)
            code = (block.index for block in section.blocks if block.kind is BlockKind.CODE)
            yield from (index for index in code if not _shows_outcome(skill, index - 1))


def _shows_outcome(skill: Skill, above: int) -> bool:
    """Whether a block is a lead-in that names an outcome or examples: "**Output of the check**:"."""
    text = skill.blocks[above].text.casefold() if above in lead_ins(skill) else ""
    return names_examples(text) or not words_in("outcome_nouns").isdisjoint(_NAME.findall(text))
