"""The receipt of the report, and the numbers of each section that the JSON record shows too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

from skill_distiller.analysis.model import TYPE_NAMES, SectionType, mean
from skill_distiller.checks.receipt import Change, LostFact, SectionReceipt
from skill_distiller.language.fact import FactKind
from skill_distiller.planning.plan import Decision
from skill_distiller.report.text import excerpt, heading_line, plural
from skill_distiller.rewriting.examples.find import find_sets
from skill_distiller.rewriting.examples.model import ExampleSelection
from skill_distiller.rewriting.examples.select import selection_of
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.result import Result
from skill_distiller.skill.model import BlockKind, Section

_BRING_BACK: Final = "Bring a piece back: --keep ID"
_FACT_LENGTH: Final = 100  # characters of a lost fact that are shown; the JSON record holds all of them
_CHANGED: Final = {
    RenderingKind.SYMBOLS: "phrases replaced by symbols",
    RenderingKind.TIGHT: "emphasis marks, table padding or line ends inside sentences taken out",
    RenderingKind.PRUNED: "words taken out that add little",
    RenderingKind.REWRITTEN: "said in fewer words, every fact checked",
    RenderingKind.SUMMARIZED: "summed up",
    RenderingKind.ONE_LINERS: "examples written as one line each",
    RenderingKind.EXTRACTED: "cut down to the sentences that have to stay",
}


def receipt_lines(distillation: Result, *, verbose: bool) -> Iterator[Text]:
    """The receipt, nothing where all of the original is there; with `verbose` shortened blocks one by one."""
    receipt = distillation.evidence.receipt
    if not receipt.sections:
        return
    yield Text("\nReceipt (lines of the original):", style="bold")
    for section in receipt.sections:
        yield from _section_receipt(section, distillation.run.counter.mark, verbose=verbose)
    if receipt.changes:
        yield Text(_BRING_BACK if verbose else f"{_BRING_BACK} (ids of shortened blocks: --verbose)")
    facts = sum(fact.kind is not FactKind.HEADING for fact in receipt.lost)
    headings = len(receipt.lost) - facts
    if receipt.lost:
        also = f" and {plural(headings, 'heading')}" if headings else ""
        yield Text(f"Facts no longer in the text: {facts}{also}, each named above (whole in --json)", style="yellow")
    else:
        yield Text("Facts no longer in the text: none that the inventory knows", style="green")


def _section_receipt(section: SectionReceipt, mark: str, *, verbose: bool) -> Iterator[Text]:
    heading = heading_line(section.level, section.heading)
    yield Text.assemble(
        "  ", (heading, "bold"), f" (heading removed [{section.id}])" if section.heading_dropped else ""
    )
    rewritten: Counter[RenderingKind] = Counter()
    saved: Counter[RenderingKind] = Counter()
    separators = [change.id for change in section.changes if change.kind is BlockKind.RULE]
    for change in section.changes:
        if change.kind is BlockKind.RULE:
            continue
        if change.after and not verbose:
            rewritten[change.rendering] += 1
            saved[change.rendering] += change.saved
        else:
            yield _change_line(change, mark)
    if separators:
        named = f" [{', '.join(separators)}]" if verbose else ""
        yield Text(f"    removed{named}: {plural(len(separators), 'separator')} (---)")
    for kind, n in rewritten.items():
        yield Text(f"    {kind.value}: {plural(n, 'block')}, {mark}{plural(saved[kind], 'token')}, {_CHANGED[kind]}")
    facts = _facts(fact for fact in section.lost if fact.kind is not FactKind.HEADING)  # said beside the heading
    if facts:
        yield Text(f"    facts lost: {' · '.join(facts)}", style="yellow")


def _change_line(change: Change, mark: str) -> Text:
    lines = (
        f"line {change.first_line}"
        if change.first_line == change.last_line
        else (f"lines {change.first_line}-{change.last_line}")
    )
    what = f"{'removed' if not change.after else change.rendering.value} [{change.id}]: {change.kind.value}"
    return Text(
        f"    {what}, {lines}, {change.type.value}, {mark}{plural(change.saved, 'token')}: {excerpt(change.before)}"
    )


def _facts(lost: Iterable[LostFact]) -> list[str]:
    return list(dict.fromkeys(_shown(fact) for fact in lost))


def _shown(fact: LostFact) -> str:
    text = excerpt(fact.text, _FACT_LENGTH)
    return f"`{text}`" if fact.kind is FactKind.CODE_LINE else text


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


def removed_counts(distillation: Result) -> dict[tuple[str, str], int]:
    """How many blocks of each type were removed, by (singular, plural), most important type first."""
    counts = Counter(_name(distillation, d.block) for d in distillation.plan.decisions if _removed(d))
    order = [*TYPE_NAMES.values(), SEPARATORS]
    return {name: counts[name] for name in order if counts[name]}


def kept_whole(distillation: Result) -> list[str]:
    """The types of which every block was kept, as plurals, most important first."""
    present = {_name(distillation, block.index) for block in distillation.original.blocks}
    gone = {_name(distillation, d.block) for d in distillation.plan.decisions if d.dropped}
    return [name[1] for name in TYPE_NAMES.values() if name in present and name not in gone]


def _removed(decision: Decision) -> bool:
    """Whether nothing is left of a block, not even in a text that stands for several."""
    return decision.dropped and decision.rendering.kind not in _WRITTEN_TOGETHER


def _name(distillation: Result, block: int) -> tuple[str, str]:
    if distillation.original.blocks[block].kind is BlockKind.RULE:
        return SEPARATORS
    return TYPE_NAMES[distillation.analysis.verdicts[block].type]


def example_selections(distillation: Result) -> dict[int, ExampleSelection]:
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


def summarize_sections(distillation: Result) -> list[SectionSummary]:
    """Every section of the original that holds a block, or examples that were made shorter, in order."""
    selections = example_selections(distillation)
    return [
        _summarize(distillation, section, selections.get(section.index))
        for section in distillation.original.sections
        if section.blocks or section.index in selections
    ]


def _summarize(distillation: Result, section: Section, examples: ExampleSelection | None) -> SectionSummary:
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


def _example_blocks(distillation: Result, section: Section) -> list[int]:
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
