"""What every analyzer finds by program, whoever gives the verdicts: patterns that must survive, and hard rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from skill_distiller.analysis.model import Analysis
from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.analysis.taxonomy import PROTECTED_IMPORTANCE
from skill_distiller.document import BlockKind, Skill


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
