"""An original beside what was made of it: the facts and patterns that the result no longer holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis import Analysis, Fact, FactKind, inventory
from skill_distiller.analysis.facts import sentence_around
from skill_distiller.analysis.headings import heading_key
from skill_distiller.analysis.patterns import PatternNames
from skill_distiller.document import Block, Section, Skill, count_line_ends
from skill_distiller.planning import Plan
from skill_distiller.renderings import RenderingKind

_NONE: Final = PatternNames(frozenset(), frozenset(), False)


@dataclass(frozen=True, slots=True)
class LostFact:
    """A fact of the original that the result no longer carries.

    `key` is what it is looked up by, `text` the fact as it stood (a modal word with its sentence),
    `line` where it first stood, counted from 1, `section` the index of that section.
    """

    kind: FactKind
    key: str
    text: str
    line: int
    section: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A plan, its result and what the result lost. The losses are found in the texts, not in the plan."""

    analysis: Analysis
    plan: Plan
    distilled: Skill
    lost_facts: tuple[LostFact, ...]
    protected_found: frozenset[str]
    protected_lost: frozenset[str]
    advisory_lost: frozenset[str]


def compare(analysis: Analysis, plan: Plan, distilled: Skill) -> Comparison:
    """Take the inventory of both texts and name what only the original has."""
    protected = frozenset[str]().union(*(verdict.protected for verdict in analysis.verdicts))
    advisory = frozenset[str]().union(*(verdict.advisory for verdict in analysis.verdicts))
    left = analysis.patterns.find_all(distilled) if protected or advisory else _NONE
    return Comparison(
        analysis,
        plan,
        distilled,
        _lost_facts(analysis, plan, frozenset(inventory(distilled))),
        protected,
        protected - left.protected,
        advisory - left.advisory,
    )


def _lost_facts(analysis: Analysis, plan: Plan, left: frozenset[str]) -> tuple[LostFact, ...]:
    lost: dict[str, LostFact] = {}
    for section in analysis.skill.sections:
        key = heading_key(section.heading)
        if section.level and key not in left and key not in lost:
            lost[key] = LostFact(FactKind.HEADING, key, section.heading, section.line, section.index)
        for block in section.blocks:
            kind = plan.decisions[block.index].rendering.kind
            if kind is RenderingKind.FULL:
                continue  # it stands in the result as it is
            facts = analysis.facts[block.index]
            if kind is RenderingKind.REWRITTEN:  # its negations and conditions were found again under other words
                facts = tuple(fact for fact in facts if fact.kind is not FactKind.MODAL)
            missing = [f for f in facts if f.key not in left and f.key not in lost]
            for fact in _lost(missing, block, section):
                lost.setdefault(fact.key, fact)
    return tuple(lost.values())


def _lost(facts: Sequence[Fact], block: Block, section: Section) -> Iterator[LostFact]:
    """The facts, given in order of position, with their lines."""
    line, at = block.line, 0
    for fact in facts:
        line += count_line_ends(block.text[at : fact.start])
        at = fact.start
        text = sentence_around(block.text, fact) if fact.kind is FactKind.MODAL else fact.text
        yield LostFact(fact.kind, fact.key, text, line, section.index)
