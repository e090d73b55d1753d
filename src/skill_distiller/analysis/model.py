"""What an analyzer says of a skill: one verdict a block, its section type, and the phrases a language model quoted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.skill.model import Skill


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
    """SkillReducer's five classes, with `redundant` for what says nothing new.

    The labels have them, and the block model's weights have an output for each; no verdict says them.
    """

    CORE_RULE = "core_rule"
    BACKGROUND = "background"
    EXAMPLE = "example"
    TEMPLATE = "template"
    REDUNDANT = "redundant"


REQUIRED_TYPES: Final = frozenset({SectionType.TRIGGER, SectionType.CORE_INSTRUCTION})
PROTECTED_IMPORTANCE: Final = 0.85  # protected patterns are boosted to at least this
LEAST_IMPORTANCE: Final = 0.01  # nothing is worth nothing: a threshold of 1 means every block

# One and many, as the report says them.
TYPE_NAMES: Final = {kind: (name := kind.lower().replace("_", " "), f"{name}s") for kind in SectionType}


def floored(importance: float, protected: Collection[str]) -> float:
    """The importance of a block, at least what any block has and what a protected pattern demands."""
    return max(importance, PROTECTED_IMPORTANCE if protected else LEAST_IMPORTANCE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a block is and how much it matters; `importance` and `confidence` (in the type) are 0-1.

    `protected` and `advisory` name the patterns the block holds; `hard_rule` is True where its author
    laid down a rule in capitals (MUST, NEVER, DO NOT).
    """

    type: SectionType
    importance: float
    confidence: float
    protected: frozenset[str] = frozenset()
    advisory: frozenset[str] = frozenset()
    hard_rule: bool = False

    @property
    def protected_by_kind(self) -> bool:
        """Whether the type, a protected pattern or a hard rule speaks for the block, whatever its importance.

        A type alone makes no block required: the planner lets those of little importance go.
        """
        return self.type in REQUIRED_TYPES or bool(self.protected) or self.hard_rule


@dataclass(frozen=True, slots=True)
class Phrases:
    """What was said of the wording of a block: phrases that stand in it, verbatim."""

    essential: tuple[str, ...]
    redundant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelPart:
    """The part that a language model had in an analysis, by index of the block.

    `unanswered` are the blocks it gave no usable answer for: theirs are embedded verdicts. `quotes`
    are what it said of the wording of others. `repeats` names for a block one that says all of it, `known` are those
    that it takes for common knowledge, `alike` sets of blocks that share a form or a content. `asked` are those of the
    repeats of which a judge has to say so too, whatever a program finds.
    """

    unanswered: tuple[int, ...] = ()
    quotes: Mapping[int, Phrases] = field(default_factory=dict)
    repeats: Mapping[int, int] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    alike: tuple[tuple[int, ...], ...] = ()
    asked: frozenset[int] = frozenset()


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: it is large
class Analysis:
    """A skill with one verdict a block; `analyzer` names who gave them.

    `patterns` are those that the verdicts were made with: what is protected is looked up in them.
    """

    skill: Skill
    verdicts: tuple[Verdict, ...]
    analyzer: str
    patterns: PatternSet = field(default=BUILT_IN, kw_only=True)
    model_part: ModelPart | None = field(default=None, kw_only=True)  # None: no language model was asked

    def __post_init__(self) -> None:
        if len(self.verdicts) != len(self.skill.blocks):
            raise ValueError(f"{len(self.verdicts)} verdicts for {len(self.skill.blocks)} blocks")

    @property
    def confidence(self) -> float:
        """The mean confidence over the sections that hold a block, 0-1; 0 without any."""
        means = [
            mean([self.verdicts[block.index].confidence for block in section.blocks])
            for section in self.skill.sections
            if section.blocks
        ]
        return mean(means)


class Analyzer(Protocol):
    """The seam: whoever can give verdicts. The pipeline never asks whether there is a model behind it."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict for each block of the skill, in order."""


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, 0 for nothing."""
    return sum(values) / len(values) if values else 0.0
