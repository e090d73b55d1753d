"""The receipt: what was removed or changed, section by section, and every fact the result no longer carries."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.document import BlockKind
from skill_distiller.document.piece_ids import piece_ids
from skill_distiller.evaluation.comparison import Comparison, LostFact
from skill_distiller.planning import Plan, Reason
from skill_distiller.renderings import RenderingKind


@dataclass(frozen=True, slots=True)
class Change:
    """A block that is not written as in the original; lines count from 1 in the original file.

    `id` is what `--keep` knows it by.
    """

    id: str
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
class SectionReceipt:
    """What happened in one section: its changes, whether its heading went, the facts lost there.

    `id` is what `--keep` knows the heading by, "" for section 0.
    """

    id: str
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


def write_receipt(comparison: Comparison) -> Receipt:
    """The receipt of a comparison: only the sections where something changed or went missing."""
    analysis, plan = comparison.analysis, comparison.plan
    lost: dict[int, list[LostFact]] = {}
    for fact in comparison.lost_facts:
        lost.setdefault(fact.section, []).append(fact)
    ids = piece_ids(analysis.skill)
    sections = []
    for section in analysis.skill.sections:
        changes = tuple(
            _change(analysis, plan, block.index, ids.blocks[block.index])
            for block in section.blocks
            if plan.decisions[block.index].rendering.kind is not RenderingKind.FULL
        )
        gone = not plan.headings[section.index]
        missing = tuple(lost.get(section.index, ()))
        if changes or gone or missing:
            piece = ids.headings[section.index]
            sections.append(
                SectionReceipt(piece, section.index, section.level, section.heading, gone, changes, missing)
            )
    return Receipt(tuple(sections))


def _change(analysis: Analysis, plan: Plan, index: int, piece: str) -> Change:
    block, decision = analysis.skill.blocks[index], plan.decisions[index]
    return Change(
        piece,
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
