"""Whether a skill is one that makes skills smaller: compressing it needs more care than any other."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from skill_distiller.analysis.symbol_density import symbol_density
from skill_distiller.document import Skill

# Symbols to symbols and words. The densest of 320 real skills has 0.04, a skill written as formulas 0.19.
FORMULA_DENSITY: Final = 0.1


class SelfReference(StrEnum):
    """Where a skill says that it makes skills smaller."""

    NAME = "name"
    TITLE = "title"
    DESCRIPTION = "description"


_SKILLS: Final = r"(?:agent[ _-]?)?skills?(?:[ ._-]?md)?"
_SMALLER: Final = (
    r"(?:distill?(?:er|ers|ing|ation|ate|s)?|compress(?:or|er|ing|ion|es)?|reduc(?:er|ing|tion|es)?|reduce"
    r"|condens(?:er|ing|ation|es)?|condense|shrink(?:er|ing|s)?|slimm(?:er|ing)|minif(?:ier|y|ying|ication)"
    r"|shorten(?:er|ing|s)?|compact(?:or|er|ing|ion)?)"
)
_NAME: Final = re.compile(
    rf"(?:\A|[^a-z]){_SKILLS}[ _-]{{1,3}}{_SMALLER}(?![a-z])|(?:\A|[^a-z]){_SMALLER}[ _-]{{1,3}}{_SKILLS}(?![a-z])",
    re.IGNORECASE,
)
# "Compress verbose SKILL.md files", "shrinks an agent skill", "cut the token count of your skills"; not "compress files
# with this skill", nor "reduce skill gaps", nor "distill a skill from a conversation".
_VERB: Final = (
    r"(?:compress(?:es|ing)?|distill?(?:s|ing)?|shrink(?:s|ing)?|condens(?:e|es|ing)|minif(?:y|ies|ying)"
    r"|minimi[sz](?:e|es|ing)|reduc(?:e|es|ing)|shorten(?:s|ing)?|slim(?:s|ming)?(?: down)?|trim(?:s|ming)?(?: down)?)"
)
_BETWEEN: Final = (
    r"(?:(?:an?|any|the|this|that|these|your|my|our|their|all|other|given|existing|installed|verbose|long|large|big"
    r"|bloated|oversized|whole|own|size|length|token|tokens|count|cost|usage|footprint|context|window|of|in|agent"
    r"|agents['’]|ai|llm|claude|codex|code)\s+){0,8}"
)
_OBJECT: Final = (
    r"(?:skills?(?:[ .-]md)?\b(?!['’]?s?[ -](?:gaps?|levels?|trees?|sets?|shortages?|requirements?))"
    r"(?!\s+(?:from|out\s+of)\b))"
)
_SAYS: Final = re.compile(
    rf"\b{_VERB}\s+{_BETWEEN}{_OBJECT}"
    rf"|\bskill(?:[ .-]md)?\s+(?:files?\s+)?(?:compression|condensation|minification|compressor|distiller|reducer)\b"
    rf"|\bmak(?:e|es|ing)\s+{_BETWEEN}skills?(?:[ .-]md)?\s+(?:files?\s+)?(?:smaller|shorter|leaner)\b"
    r"|(?:压缩|精简|缩减|蒸馏)[^。，,.\n]{0,8}(?:技能|skill)",
    re.IGNORECASE,
)
_NOT: Final = re.compile(r"\b(?:not|never|no|without|unlike|isn['’]t|don['’]t|doesn['’]t|instead of)\b", re.IGNORECASE)
_SENTENCE_END: Final = re.compile(r"[.!?;。！？]\s|\n")
_LONGEST: Final = 4000  # characters of a description that are looked at


def find_self_reference(skill: Skill) -> SelfReference | None:
    """Where a skill says that it makes skills smaller, None where it does not.

    A skill that compresses something else, or makes skills out of something, is none.
    """
    name = skill.frontmatter.fields.get("name")
    if isinstance(name, str) and _NAME.search(name[:_LONGEST]):
        return SelfReference.NAME
    if any(section.level == 1 and _is_title(section.heading) for section in skill.sections[:2]):
        return SelfReference.TITLE
    return SelfReference.DESCRIPTION if _says_so(skill.description[:_LONGEST]) else None


def _is_title(heading: str) -> bool:
    """Whether a heading is such a name and little else."""
    return len(heading.split()) <= 5 and _NAME.search(heading[:_LONGEST]) is not None


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
