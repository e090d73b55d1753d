"""What every analyzer finds by program: patterns that must survive, hard rules, and skills that make skills smaller."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.analysis.model import PROTECTED_IMPORTANCE, Analysis
from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.skill.model import BlockKind, FrontmatterState, Skill


class Safeguard(NamedTuple):
    """The patterns of a block and whether it lays down a hard rule."""

    protected: frozenset[str]
    advisory: frozenset[str]
    hard_rule: bool

    def floor(self, importance: float) -> float:
        """The importance of a block, at least what a protected pattern demands."""
        return max(importance, PROTECTED_IMPORTANCE) if self.protected else importance


def safeguards(skill: Skill, patterns: PatternSet = BUILT_IN) -> Iterator[Safeguard]:
    """One for each block of a skill, in order.

    A code block right after a block with a protected pattern is what the pattern speaks of, and
    protected with it. A pattern of the user's own that stands in a heading counts for the first block
    under it, with which the heading stays.
    """
    level, headed = 0, Safeguard(frozenset(), frozenset(), False)
    for section in skill.sections:
        own = patterns.find_own(section.heading) if patterns and section.level else None
        above = frozenset[str]()
        if section.level <= level:  # no block stands under the heading before
            headed = Safeguard(frozenset(), frozenset(), False)
        level = section.level
        if own:
            headed = Safeguard(headed.protected | own.protected, headed.advisory | own.advisory, False)
        for block in section.blocks:
            names = patterns.find(block.text)
            protected, advisory = names.protected | headed.protected, names.advisory | headed.advisory
            headed = Safeguard(frozenset(), frozenset(), False)
            if block.kind is BlockKind.CODE:
                # SQL says NOT NULL: code lays down no rule for the agent.
                yield Safeguard(protected | above, advisory, False)
            else:
                yield Safeguard(protected, advisory, names.hard_rule)
            above = names.protected


def with_patterns(analysis: Analysis, patterns: PatternSet) -> Analysis:
    """An analysis in which the user's own patterns count as well, whoever gave the verdicts."""
    guards = safeguards(analysis.skill, patterns)
    verdicts = (
        replace(
            verdict,
            importance=guard.floor(verdict.importance),
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


_SKILLS: Final = r"(?:agent[ _-]?)?skills?(?:[ ._-]?md)?"
# "skill-compressor", "SkillReducer", "distill-skills"; not "pdf-compressor-skill".
_NAME: Final = re.compile(
    rf"(?:\A|[^a-z]){_SKILLS}[ _-]{{0,3}}(?:distill?(?:er|ers|ing|ation|ate|s)?|compress(?:or|er|ing|ion)?"
    r"|reduc(?:er|ing|tion)|condens(?:er|ing|ation)|shrink(?:er|ing)?|slimm(?:er|ing)|minif(?:ier|y|ying|ication)"
    r"|shorten(?:er|ing)?|compact(?:or|er|ing|ion))(?![a-z])"
    r"|\A(?:distill?|compress|reduce|condense|shrink|slim|minify|shorten|compact)(?:ing)?[ _-]"
    rf"(?:(?:an?|the|my|your)[ _-])?{_SKILLS}(?![a-z]|[ _-](?:gap|level|tree|set))",
    re.IGNORECASE,
)
# "Compress verbose SKILL.md files", "shrinks an agent skill", "cut the token count of your skills"; not "compress files
# with this skill", nor "reduce skill gaps", nor "distill a skill from a conversation".
_VERB: Final = (
    r"(?:compress(?:es|ing)?|distill?(?:s|ing)?|shrink(?:s|ing)?|condens(?:e|es|ing)|minif(?:y|ies|ying)"
    r"|minimi[sz](?:e|es|ing)|squeez(?:e|es|ing)|tighten(?:s|ing)?"
    r"|reduc(?:e|es|ing)|shorten(?:s|ing)?|slim(?:s|ming)?(?: down)?|trim(?:s|ming)?(?: down)?)"
)
_BETWEEN: Final = (
    r"(?:(?:an?|any|the|this|that|these|your|my|our|their|all|other|given|existing|installed|verbose|long|large|big"
    r"|bloated|oversized|whole|own|size|length|token|tokens|count|cost|usage|footprint|context|window|of|in|agent"
    r"|agents['’]|ai|llm|claude|codex|code"
    r"|one|or|more|user['’]s)\s+){0,8}[`\"*]{0,3}"
)
_OBJECT: Final = (
    r"(?:skills?(?:[ .-]md)?\b(?!['’]?s?[ -](?:gaps?|levels?|trees?|sets?|shortages?|requirements?"
    r"|sections?|checks?|trigger\w*|lists?))"
    r"(?!\s+(?:from|out\s+of)\b))"
)
_SAYS: Final = re.compile(
    rf"\b{_VERB}\s+{_BETWEEN}{_OBJECT}"
    rf"|\bcut(?:s|ting)?\s+(?:down\s+)?{_BETWEEN}(?:tokens?|size|length|cost)(?:\s+(?:count|usage))?\s+of\s+{_BETWEEN}{_OBJECT}"
    rf"|\boptimi[sz](?:e|es|ing)\s+{_BETWEEN}{_OBJECT}\s+(?:for\s+(?:fewer\s+)?tokens?|token)\b"
    rf"|\bskill(?:[ .-]md)?\s+(?:files?\s+)?(?:compression|condensation|minification|compressor|distiller|reducer)\b"
    rf"|\bmak(?:e|es|ing)\s+{_BETWEEN}skills?(?:[ .-]md)?\s+(?:files?\s+)?(?:smaller|shorter|leaner)\b"
    r"|(?:压缩|精简|缩减|蒸馏)[^。，,.\n]{0,8}(?:技能|skill)",
    re.IGNORECASE,
)
_NOT: Final = re.compile(r"\b(?:not|never|no|without|unlike|isn['’]t|don['’]t|doesn['’]t|instead of)\b", re.IGNORECASE)
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
    if any(map(_is_title, map(_seen, _titles(skill)))):
        return SelfReference.TITLE
    broken = skill.frontmatter.state is not FrontmatterState.OK  # then nothing of it was read as fields
    if _says_so(_seen((skill.frontmatter.raw if broken else skill.description)[:_LONGEST])):
        return SelfReference.DESCRIPTION
    return SelfReference.OPENING if _says_so(_seen(skill.body[:_OPENING])) else None


def _seen(text: str) -> str:
    """The text as people see it: without characters that have no shape, and without emphasis."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf").replace("**", "")


def _titles(skill: Skill) -> list[str]:
    """The heading of the skill, and the line that stands in for one where there is none."""
    titles = [section.heading for section in skill.sections[:2] if section.level == 1]
    return titles + [block.text.partition("\n")[0] for block in skill.blocks[:1]]


def _is_title(line: str) -> bool:
    """Whether a line is such a name and little else."""
    return len(line) <= _TITLE and len(line.split()) <= 5 and _NAME.search(line) is not None


def _says_so(description: str) -> bool:
    for match in _SAYS.finditer(description):
        before = description[: match.start()]
        start = max((end.end() for end in _SENTENCE_END.finditer(before)), default=0)
        if not _NOT.search(before, start):
            return True
    return False


def is_formula(skill: Skill) -> bool:
    """Whether the body of a skill is written in formulas rather than in prose."""
    return symbol_density(skill.body) >= FORMULA_DENSITY
