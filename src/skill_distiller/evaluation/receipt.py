"""The receipt: what was removed or changed, section by section, and every fact the result no longer carries."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.analysis import Analysis, FactKind, SectionType, inventory
from skill_distiller.analysis.facts import heading_key, referred_headings
from skill_distiller.document import BlockKind, Skill
from skill_distiller.planning import Plan, Reason
from skill_distiller.renderings import RenderingKind


@dataclass(frozen=True, slots=True)
class Change:
    """A block that is not written as in the original; lines count from 1 in the original file."""

    block: int
    kind: BlockKind
    type: SectionType
    rendering: RenderingKind
    reason: Reason
    first_line: int
    last_line: int
    saved: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LostFact:
    """A fact of the original that the result no longer carries; `line` is where it first stood."""

    kind: FactKind
    key: str
    line: int


@dataclass(frozen=True, slots=True)
class SectionReceipt:
    """What happened in one section: its changes, whether its heading went, the facts lost there."""

    section: int
    level: int
    heading: str
    heading_dropped: bool
    changes: tuple[Change, ...]
    lost: tuple[LostFact, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The sections where anything changed, in order."""

    sections: tuple[SectionReceipt, ...]

    @property
    def lost(self) -> tuple[LostFact, ...]:
        """Every fact that the result no longer carries."""
        return tuple(fact for section in self.sections for fact in section.lost)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every block that is not written as in the original."""
        return tuple(change for section in self.sections for change in section.changes)


def write_receipt(analysis: Analysis, plan: Plan, distilled: Skill) -> Receipt:
    """The receipt of a plan. The lost facts are found by taking the inventory of both texts."""
    left = inventory(distilled)
    lost: dict[int, list[LostFact]] = {}
    seen: set[str] = set()
    referred = referred_headings(analysis.skill)
    for section in analysis.skill.sections:
        key = heading_key(section.heading)
        if section.index in referred and key not in left and key not in seen:
            seen.add(key)
            lost.setdefault(section.index, []).append(LostFact(FactKind.HEADING, key, section.line))
        for block in section.blocks:
            for fact in analysis.facts[block.index]:
                if fact.key not in left and fact.key not in seen:
                    seen.add(fact.key)
                    line = block.line + block.text.count("\n", 0, fact.start)
                    lost.setdefault(section.index, []).append(LostFact(fact.kind, fact.key, line))
    sections = []
    for section in analysis.skill.sections:
        changes = tuple(
            _change(analysis, plan, block.index)
            for block in section.blocks
            if plan.decisions[block.index].rendering.kind is not RenderingKind.FULL
        )
        gone = not plan.headings[section.index]
        missing = tuple(lost.get(section.index, ()))
        if changes or gone or missing:
            sections.append(SectionReceipt(section.index, section.level, section.heading, gone, changes, missing))
    return Receipt(tuple(sections))


def _change(analysis: Analysis, plan: Plan, index: int) -> Change:
    block, decision = analysis.skill.blocks[index], plan.decisions[index]
    return Change(
        index,
        block.kind,
        analysis.verdicts[index].type,
        decision.rendering.kind,
        decision.reason,
        block.line,
        block.last_line,
        decision.saved,
        block.text,
        decision.rendering.text.removesuffix(block.gap),
    )
