"""A skill as it was read: what the analyzer says of it, and everything worked out from both, each once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from skill_distiller.analysis.model import Analysis, Verdict
from skill_distiller.analysis.patterns import PatternSet
from skill_distiller.language.fact import Fact
from skill_distiller.language.facts import Span, block_facts, locked_spans
from skill_distiller.skill.containers import Containers, find_containers, lead_ins
from skill_distiller.skill.model import PROSE, BlockKind, Skill
from skill_distiller.structure.edges import Edge, Piece
from skill_distiller.structure.files import named_files
from skill_distiller.structure.find_edges import find_edges

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
