"""Numbers about a distillation that both the report and the JSON record show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis import SectionType
from skill_distiller.analysis.model import mean
from skill_distiller.analysis.taxonomy import TYPE_NAMES
from skill_distiller.document import BlockKind, Section
from skill_distiller.pipeline import Distillation
from skill_distiller.planning.plan import Decision
from skill_distiller.renderings import RenderingKind
from skill_distiller.renderings.examples import ExampleSelection, find_sets, selection_of

SEPARATORS: Final = ("separator", "separators")  # rules such as `---`
_WRITTEN_TOGETHER: Final = frozenset({RenderingKind.ONE_LINERS, RenderingKind.SUMMARIZED})
_SUMMED_UP: Final = frozenset({RenderingKind.SUMMARIZED, RenderingKind.EXTRACTED})


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """One section of the original and what became of it; tokens are those of its blocks.

    `examples` are those under its heading, where some of them were written as one line each.
    """

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
    examples: ExampleSelection | None = None


def removed_counts(distillation: Distillation) -> dict[tuple[str, str], int]:
    """How many blocks of each type were removed, by (singular, plural), most important type first."""
    counts = Counter(_name(distillation, d.block) for d in distillation.plan.decisions if _removed(d))
    order = [*TYPE_NAMES.values(), SEPARATORS]
    return {name: counts[name] for name in order if counts[name]}


def kept_whole(distillation: Distillation) -> list[str]:
    """The types of which every block was kept, as plurals, most important first."""
    present = {_name(distillation, block.index) for block in distillation.original.blocks}
    gone = {_name(distillation, d.block) for d in distillation.plan.decisions if d.dropped}
    return [name[1] for name in TYPE_NAMES.values() if name in present and name not in gone]


def _removed(decision: Decision) -> bool:
    """Whether nothing is left of a block, not even in a text that stands for several."""
    return decision.dropped and decision.rendering.kind not in _WRITTEN_TOGETHER


def _name(distillation: Distillation, block: int) -> tuple[str, str]:
    if distillation.original.blocks[block].kind is BlockKind.RULE:
        return SEPARATORS
    return TYPE_NAMES[distillation.analysis.verdicts[block].type]


def example_selections(distillation: Distillation) -> dict[int, ExampleSelection]:
    """What became of the sets of examples of which any was written as a line, by the index of their section."""
    decisions = distillation.plan.decisions
    if all(d.rendering.kind is not RenderingKind.ONE_LINERS for d in decisions):
        return {}
    analysis = distillation.analysis
    return {
        examples.section: selection_of(analysis, examples, {i: decisions[i].rendering.text for i in examples.blocks})
        for examples in find_sets(analysis)
        if any(decisions[i].rendering.kind is RenderingKind.ONE_LINERS for i in examples.blocks)
    }


def summarize_sections(distillation: Distillation) -> list[SectionSummary]:
    """Every section of the original that holds a block, or examples that were made shorter, in order."""
    selections = example_selections(distillation)
    return [
        _summarize(distillation, section, selections.get(section.index))
        for section in distillation.original.sections
        if section.blocks or section.index in selections
    ]


def _summarize(distillation: Distillation, section: Section, examples: ExampleSelection | None) -> SectionSummary:
    blocks = [block.index for block in section.blocks] or _example_blocks(distillation, section)
    verdicts = [distillation.analysis.verdicts[i] for i in blocks]
    decisions = [distillation.plan.decisions[i] for i in blocks]
    own = decisions if section.blocks else []
    by_type: Counter[SectionType] = Counter()
    for verdict, decision in zip(verdicts, decisions, strict=True):
        by_type[verdict.type] += decision.full_tokens
    return SectionSummary(
        section,
        max(by_type, key=lambda t: by_type[t]),
        mean([v.importance for v in verdicts]),
        mean([v.confidence for v in verdicts]),
        "RECOMP" if examples else _outcome(decisions),
        sum(map(_removed, own)),
        sum(not d.dropped and d.rendering.kind is not RenderingKind.FULL for d in own),
        sum(len(d.rendering.phrases) for d in own if not d.dropped),
        sum(d.full_tokens for d in own),
        sum(d.rendering.tokens for d in own),
        examples,
    )


def _example_blocks(distillation: Distillation, section: Section) -> list[int]:
    """The blocks of the examples in the sub-sections of a section that has none of its own."""
    return [
        i for examples in find_sets(distillation.analysis) if examples.section == section.index for i in examples.blocks
    ]


def _outcome(decisions: Sequence[Decision]) -> str:
    kinds = {d.rendering.kind for d in decisions}
    if all(map(_removed, decisions)):
        return "REMOVED"
    if RenderingKind.ONE_LINERS in kinds:
        return "RECOMP"
    if kinds & _SUMMED_UP:
        return "SUMMARIZED"
    if RenderingKind.REWRITTEN in kinds:
        return "REWRITTEN"
    if any(map(_removed, decisions)) or RenderingKind.PRUNED in kinds:
        return "TOKEN-SCORED"
    return "KEPT"
