"""A skill as it was read: a verdict for each block, and everything worked out from skill and verdicts, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.language.fact import Fact
from skill_distiller.language.facts import Span, block_facts, locked_spans
from skill_distiller.skill.containers import Containers, find_containers, lead_ins
from skill_distiller.skill.model import PROSE, BlockKind, Skill
from skill_distiller.structure.edges import Edge, Piece
from skill_distiller.structure.find_edges import find_edges
from skill_distiller.structure.references import named_files


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


P = ParamSpec("P")
T = TypeVar("T")
_WORDED: Final = PROSE | {BlockKind.TABLE}


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: it is large
class Reading:
    """A skill with its analysis. It belongs to one run of one skill, and what it remembers goes with it.

    Whatever a floor above works out from a reading, and asks for more than once, is a function made
    with `once_per_reading`: its value is kept here, in `memo`, and in no cache of the process.
    """

    analysis: Analysis
    memo: dict[object, Any] = field(default_factory=dict, init=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Pickled without what is remembered: it is worked out again where it is asked for."""
        return {"analysis": self.analysis, "memo": {}}

    @property
    def skill(self) -> Skill:
        """The skill."""
        return self.analysis.skill

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """One verdict a block."""
        return self.analysis.verdicts

    @property
    def patterns(self) -> PatternSet:
        """The patterns that the verdicts were made with."""
        return self.analysis.patterns

    @cached_property
    def facts(self) -> tuple[tuple[Fact, ...], ...]:
        """For each block its facts, in order of position."""
        return tuple(block_facts(block) for block in self.skill.blocks)

    @cached_property
    def locked(self) -> tuple[tuple[Span, ...], ...]:
        """For each block of prose and each table the spans that no rendering may touch; for any other none."""
        return tuple(
            locked_spans(block.text, facts) if block.kind in _WORDED else ()
            for block, facts in zip(self.skill.blocks, self.facts, strict=True)
        )

    @cached_property
    def containers(self) -> Containers:
        """The containers of the skill."""
        return find_containers(self.skill)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """What of the skill needs what."""
        return find_edges(self.skill)

    @cached_property
    def files(self) -> dict[str, tuple[Piece, ...]]:
        """The bundled files that the skill names, with the pieces that name them."""
        return named_files(self.skill)

    @cached_property
    def lead_ins(self) -> frozenset[int]:
        """The indices of the blocks that only introduce the next one."""
        return lead_ins(self.skill)


def once_per_reading(build: Callable[Concatenate[Reading, P], T]) -> Callable[Concatenate[Reading, P], T]:
    """Work out a function of a reading (and of hashable arguments) once and keep the value with the reading."""

    @wraps(build)
    def look_up(reading: Reading, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (build, *args, *sorted(kwargs.items()))
        if key not in reading.memo:
            reading.memo[key] = build(reading, *args, **kwargs)
        value: T = reading.memo[key]
        return value

    return look_up
