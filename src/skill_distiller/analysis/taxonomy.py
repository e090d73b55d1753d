"""The nine section types of the reference and the five classes of SkillReducer; what may become of a block."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class SectionType(StrEnum):
    """What a block does for the agent that reads it."""

    TRIGGER = "TRIGGER"
    CORE_INSTRUCTION = "CORE_INSTRUCTION"
    CONSTRAINT = "CONSTRAINT"
    OUTPUT_FORMAT = "OUTPUT_FORMAT"
    ADVISORY_PATTERN = "ADVISORY_PATTERN"
    EXAMPLE = "EXAMPLE"
    EDGE_CASE = "EDGE_CASE"
    EXPLANATION = "EXPLANATION"
    VERBOSE_DETAIL = "VERBOSE_DETAIL"


class Taxonomy(StrEnum):
    """What a block is to the agent: SkillReducer's five classes, with `redundant` for what says nothing new."""

    CORE_RULE = "core_rule"
    BACKGROUND = "background"
    EXAMPLE = "example"
    TEMPLATE = "template"
    REDUNDANT = "redundant"


# The class that most labeled blocks of a type have.
TYPE_TAXONOMY: Final = {
    SectionType.TRIGGER: Taxonomy.CORE_RULE,
    SectionType.CORE_INSTRUCTION: Taxonomy.CORE_RULE,
    SectionType.CONSTRAINT: Taxonomy.CORE_RULE,
    SectionType.OUTPUT_FORMAT: Taxonomy.TEMPLATE,
    SectionType.ADVISORY_PATTERN: Taxonomy.CORE_RULE,
    SectionType.EXAMPLE: Taxonomy.EXAMPLE,
    SectionType.EDGE_CASE: Taxonomy.CORE_RULE,
    SectionType.EXPLANATION: Taxonomy.BACKGROUND,
    SectionType.VERBOSE_DETAIL: Taxonomy.REDUNDANT,
}

# Skill Distiller reference, "Classify Sections".
TYPE_IMPORTANCE: Final = {
    SectionType.TRIGGER: 1.0,
    SectionType.CORE_INSTRUCTION: 1.0,
    SectionType.CONSTRAINT: 0.9,
    SectionType.OUTPUT_FORMAT: 0.8,
    SectionType.ADVISORY_PATTERN: 0.7,
    SectionType.EXAMPLE: 0.5,
    SectionType.EDGE_CASE: 0.4,
    SectionType.EXPLANATION: 0.3,
    SectionType.VERBOSE_DETAIL: 0.2,
}
REQUIRED_TYPES: Final = frozenset({SectionType.TRIGGER, SectionType.CORE_INSTRUCTION})
PROTECTED_IMPORTANCE: Final = 0.85  # protected patterns are boosted to at least this

# One and many, as the report says them.
TYPE_NAMES: Final = {
    SectionType.TRIGGER: ("trigger", "triggers"),
    SectionType.CORE_INSTRUCTION: ("core instruction", "core instructions"),
    SectionType.CONSTRAINT: ("constraint", "constraints"),
    SectionType.OUTPUT_FORMAT: ("output format", "output formats"),
    SectionType.ADVISORY_PATTERN: ("advisory pattern", "advisory patterns"),
    SectionType.EXAMPLE: ("example", "examples"),
    SectionType.EDGE_CASE: ("edge case", "edge cases"),
    SectionType.EXPLANATION: ("explanation", "explanations"),
    SectionType.VERBOSE_DETAIL: ("verbose detail", "verbose details"),
}
