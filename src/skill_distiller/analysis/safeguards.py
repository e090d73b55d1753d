"""What every analyzer finds by program: patterns that must survive, hard rules, and skills that make skills smaller."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

from skill_distiller.analysis.model import Analysis, floored
from skill_distiller.analysis.patterns import (
    BUILT_IN,
    NO_PATTERNS,
    WORDS,
    PatternNames,
    PatternSet,
    join_names,
    one_of,
)
from skill_distiller.skill.model import BlockKind, FrontmatterState, Skill


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
