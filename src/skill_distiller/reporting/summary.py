"""Numbers about a distillation that both the report and the JSON record show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from skill_distiller.analysis import SectionType
from skill_distiller.analysis.model import mean
from skill_distiller.analysis.taxonomy import TYPE_NAMES
from skill_distiller.document import BlockKind, Section
from skill_distiller.pipeline import Distillation
from skill_distiller.renderings import RenderingKind

SEPARATORS = ("separator", "separators")  # rules such as `---`


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """One section of the original and what became of it; tokens are those of its blocks."""

    section: Section
    type: SectionType
    importance: float
    confidence: float
    outcome: str
    removed: int
    rewritten: int
    phrases: int  # pieces of several words that went from the blocks that stay
    tokens_before: int
    tokens_after: int


def removed_counts(distillation: Distillation) -> dict[tuple[str, str], int]:
    """How many blocks of each type were removed, by (singular, plural), most important type first."""
    counts = Counter(_name(distillation, d.block) for d in distillation.plan.decisions if d.dropped)
    order = [*TYPE_NAMES.values(), SEPARATORS]
    return {name: counts[name] for name in order if counts[name]}


def kept_whole(distillation: Distillation) -> list[str]:
    """The types of which every block was kept, as plurals, most important first."""
    present = {_name(distillation, block.index) for block in distillation.original.blocks}
    removed = removed_counts(distillation)
    return [name[1] for name in TYPE_NAMES.values() if name in present and name not in removed]


def _name(distillation: Distillation, block: int) -> tuple[str, str]:
    if distillation.original.blocks[block].kind is BlockKind.RULE:
        return SEPARATORS
    return TYPE_NAMES[distillation.analysis.verdicts[block].type]


def summarize_sections(distillation: Distillation) -> list[SectionSummary]:
    """Every section of the original that holds a block, in order."""
    return [_summarize(distillation, section) for section in distillation.original.sections if section.blocks]


def _summarize(distillation: Distillation, section: Section) -> SectionSummary:
    verdicts = [distillation.analysis.verdicts[block.index] for block in section.blocks]
    decisions = [distillation.plan.decisions[block.index] for block in section.blocks]
    by_type: Counter[SectionType] = Counter()
    for verdict, decision in zip(verdicts, decisions, strict=True):
        by_type[verdict.type] += decision.full_tokens
    kind = max(by_type, key=lambda t: by_type[t])
    removed = sum(d.dropped for d in decisions)
    rewritten = sum(not d.dropped and d.rendering.kind is not RenderingKind.FULL for d in decisions)
    if removed == len(decisions):
        outcome = "REMOVED"
    elif removed or any(d.rendering.kind is RenderingKind.PRUNED for d in decisions):
        outcome = "TOKEN-SCORED"
    else:
        outcome = "KEPT"
    return SectionSummary(
        section,
        kind,
        mean([v.importance for v in verdicts]),
        mean([v.confidence for v in verdicts]),
        outcome,
        removed,
        rewritten,
        sum(len(d.rendering.phrases) for d in decisions if not d.dropped),
        sum(d.full_tokens for d in decisions),
        sum(d.rendering.tokens for d in decisions),
    )
