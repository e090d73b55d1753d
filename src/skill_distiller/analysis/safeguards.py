"""What every analyzer finds by program, whoever gives the verdicts: patterns that must survive, and hard rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from skill_distiller.analysis.patterns import find_patterns
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


def safeguards(skill: Skill) -> Iterator[Safeguard]:
    """One for each block of a skill, in order.

    A code block right after a block with a protected pattern is what the pattern speaks of, and
    protected with it.
    """
    for section in skill.sections:
        above = frozenset[str]()
        for block in section.blocks:
            names = find_patterns(block.text)
            if block.kind is BlockKind.CODE:
                # SQL says NOT NULL: code lays down no rule for the agent.
                yield Safeguard(names.protected | above, names.advisory, False)
            else:
                yield Safeguard(*names)
            above = names.protected
