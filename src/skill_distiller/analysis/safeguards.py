"""What is found by program of any skill: patterns that must survive, hard rules, what a place in it says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, NO_PATTERNS, WORDS, PatternNames, PatternSet, join_names, one_of
from skill_distiller.analysis.reading import Analysis, SectionType, floored
from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import Block, BlockKind, FrontmatterState, Skill


def safeguards(skill: Skill, patterns: PatternSet = BUILT_IN) -> Iterator[PatternNames]:
    """One for each block of a skill, in order.

    A code block right after a block with a protected pattern is what the pattern speaks of, and
    protected with it. A pattern of the user's own that stands in a heading counts for the first block
    under it, with which the heading stays.
    """
    level, headed = 0, NO_PATTERNS
    for section in skill.sections:
        if section.level <= level:  # no block stands under the heading before
            headed = NO_PATTERNS
        level = section.level
        if level and patterns:
            headed = join_names([headed, patterns.find_own(section.heading)])
        above = NO_PATTERNS
        for block in section.blocks:
            names = patterns.find(block.text)
            if block.kind is BlockKind.CODE:
                # SQL says NOT NULL: code lays down no rule for the agent.
                guarded = names._replace(protected=names.protected | above.protected, hard_rule=False)
            else:
                guarded = names
            yield join_names([guarded, headed]) if headed is not NO_PATTERNS else guarded
            headed, above = NO_PATTERNS, names


def with_patterns(analysis: Analysis, patterns: PatternSet) -> Analysis:
    """An analysis in which the user's own patterns count as well, whoever gave the verdicts."""
    guards = safeguards(analysis.skill, patterns)
    verdicts = (
        replace(
            verdict,
            importance=floored(verdict.importance, guard.protected),
            protected=verdict.protected | guard.protected,
            advisory=verdict.advisory | guard.advisory,
        )
        for verdict, guard in zip(analysis.verdicts, guards, strict=True)
    )
    return replace(analysis, verdicts=tuple(verdicts), patterns=patterns)


_SYMBOL: Final = re.compile(r"[→←↔↦⇒⇐⇔⟹⟺∈∉∋∀∃∄¬∧∨⊕⊢⊨≥≤≠≡≈∪∩⊂⊆⊃⊇∅∑∏∖×ΣθλℕℝℤΘΛ]")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def symbol_density(text: str) -> float:
    """Symbols of logic and mathematics to those symbols and words of two letters and more, 0-1."""
    symbols = len(_SYMBOL.findall(text))
    return symbols / (symbols + len(_WORD.findall(text))) if symbols else 0.0


# Symbols to symbols and words. The densest of 320 real skills has 0.04, a skill written as formulas 0.19.
FORMULA_DENSITY: Final = 0.1


class SelfReference(StrEnum):
    """Where a skill says that it makes skills smaller."""

    NAME = "name"
    TITLE = "title"
    DESCRIPTION = "description"
    OPENING = "opening"


def _expression(lines: str) -> re.Pattern[str]:
    for name, part in WORDS["self_reference_parts"].items():
        lines = lines.replace(name, f"(?:{'|'.join(part.splitlines())})")
    return one_of(lines, any_case=True)


_NAME, _SAYS, _NEGATED = (_expression(WORDS["self_reference"][kind]) for kind in ("name", "says", "negated"))
_SENTENCE_END: Final = re.compile(r"[.!?;。！？]\s|\n")
_LONGEST: Final = 4000  # characters of a name or description that are looked at
_OPENING: Final = 1500  # and of the body: whatever it is about, it says so at the beginning
_TITLE: Final = 80  # characters and less are a title


def find_self_reference(skill: Skill) -> SelfReference | None:
    """Where a skill says that it makes skills smaller, None where it does not.

    A skill that compresses something else, or makes skills out of something, is none.
    """
    name = skill.frontmatter.fields.get("name")
    if isinstance(name, str) and _NAME.search(_seen(name[:_LONGEST])):
        return SelfReference.NAME
    titles = [section.heading for section in skill.sections[:2] if section.level == 1]
    titles += [block.text.partition("\n")[0] for block in skill.blocks[:1]]  # stands for a heading where there is none
    if any(map(_is_title, map(_seen, titles))):
        return SelfReference.TITLE
    broken = skill.frontmatter.state is not FrontmatterState.OK  # then nothing of it was read as fields
    if _says_so(_seen((skill.frontmatter.raw if broken else skill.description)[:_LONGEST])):
        return SelfReference.DESCRIPTION
    return SelfReference.OPENING if _says_so(_seen(skill.body[:_OPENING])) else None


def _seen(text: str) -> str:
    """The text as people see it: without characters that have no shape, and without emphasis."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf").replace("**", "")


def _is_title(line: str) -> bool:
    """Whether a line is such a name and little else."""
    return len(line) <= _TITLE and len(line.split()) <= 5 and _NAME.search(line) is not None


def _says_so(description: str) -> bool:
    for match in _SAYS.finditer(description):
        before = description[: match.start()]
        start = max((end.end() for end in _SENTENCE_END.finditer(before)), default=0)
        if not _NEGATED.search(before, start):
            return True
    return False


def is_formula(skill: Skill) -> bool:
    """Whether the body of a skill is written in formulas rather than in prose."""
    return symbol_density(skill.body) >= FORMULA_DENSITY


_PROMISES: Final = tuple(
    (SectionType(row["type"]), float(row["points"]), one_of(row["words"])) for row in WORDS["headings"]
)


@lru_cache(maxsize=1024)
def heading_promises(heading: str) -> tuple[tuple[SectionType, float], ...]:
    """The types that a heading's words speak for, with points. Cached: every block below asks again."""
    lowered = heading.lower()
    return tuple((kind, points) for kind, points, expression in _PROMISES if expression.search(lowered))


T = SectionType
Points = dict[SectionType, float]

IMPERATIVES: Final = frozenset(WORDS["instructions"]["imperatives"].split())
CONDITION: Final = one_of(WORDS["instructions"]["condition"])
_POINTER: Final = re.compile(r"\b(?i:see|refer|read|load|full|details?)\b[^\n]{0,200}\.md\b")
_ANCHOR_ITEM: Final = re.compile(r"[-*+\d.)\s]*\[[^\]]*\]\(#[^)]*\)")


class Place(NamedTuple):
    """A block where it stands: the headings above, and its neighbours in the section."""

    block: Block
    path: tuple[str, ...]
    first: bool
    leads_in: bool
    led_in_by: str


def places(skill: Skill) -> Iterator[Place]:
    """Every block of a skill in its place."""
    for section in skill.sections:
        path = skill.heading_path(section.index)
        led_in_by = ""
        for i, block in enumerate(section.blocks):
            leads_in = block.index in lead_ins(skill)
            yield Place(block, path, i == 0, leads_in, led_in_by)
            led_in_by = block.text if leads_in else ""


def heading_cue(place: Place) -> Points:
    """What the headings above promise; the nearest counts most."""
    return _path_promises(place.path)


@lru_cache(maxsize=1024)
def _path_promises(path: tuple[str, ...]) -> Points:
    points: Points = {}
    for depth, heading in enumerate(reversed(path[1:] or path)):
        share = 1.0 if depth == 0 else 0.4 / depth
        for kind, value in heading_promises(heading):
            points[kind] = points.get(kind, 0.0) + value * share
    return points


def lead_in_cue(place: Place) -> Points:
    """A bare lead-in says nothing, unless it carries a condition or an order."""
    if not place.leads_in:
        return {}
    text = place.block.text
    words = text.split()
    if len(words) > 12 or CONDITION.match(text) or (len(words) > 4 and words[0].strip("*_").lower() in IMPERATIVES):
        return {T.CORE_INSTRUCTION: 1.5}
    return {T.VERBOSE_DETAIL: 4.0}


def position_cue(place: Place) -> Points:
    """The first paragraph of a skill, or of its first section, says what it is about."""
    if place.block.kind is BlockKind.PARAGRAPH and place.block.index == 0 and not place.leads_in:
        return {T.EXPLANATION: 1.6}
    if place.first and place.block.kind is BlockKind.PARAGRAPH and len(place.path) == 1:
        return {T.EXPLANATION: 1.0}
    return {}


def pointer_cue(place: Place) -> Points:
    """Tables of contents, and pointers to other files."""
    text = place.block.text
    if "](#" in text and place.block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM) and _only_anchors(text):
        return {T.VERBOSE_DETAIL: 5.0}  # a table of contents
    if place.block.kind is BlockKind.PARAGRAPH and ".md" in text and _POINTER.search(text):
        return {T.VERBOSE_DETAIL: 1.2, T.CORE_INSTRUCTION: 0.4}
    return {}


def _only_anchors(text: str) -> bool:
    return all(_ANCHOR_ITEM.match(line) for line in text.split("\n") if line.strip())


CUES: Final[tuple[Callable[[Place], Points], ...]] = (heading_cue, lead_in_cue, position_cue, pointer_cue)


def place_points(place: Place) -> Points:
    """The points of all cues together."""
    points: Points = {}
    for cue in CUES:
        for kind, value in cue(place).items():
            points[kind] = points.get(kind, 0.0) + value
    return points
