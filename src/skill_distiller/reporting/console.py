"""The report on stderr: the lines of the reference, then the receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from skill_distiller.analysis import FactKind
from skill_distiller.analysis.prompted import PromptedAnalysis
from skill_distiller.calibration import UNCALIBRATED, Estimate
from skill_distiller.document import BlockKind
from skill_distiller.evaluation import Change, LostFact, SectionReceipt
from skill_distiller.pipeline import FRONTMATTER_HINTS, TRIGGER_HINT, Distillation, Note, NoteKind
from skill_distiller.planning import Reason
from skill_distiller.renderings import REWORDED, RenderingKind
from skill_distiller.renderings.information.score import EMBEDDED
from skill_distiller.reporting.calibration import estimate_text
from skill_distiller.reporting.examples import example_analysis, examples_line
from skill_distiller.reporting.guard_notes import late_text, raised_text, self_compression_text
from skill_distiller.reporting.one_liner import one_liner_lines
from skill_distiller.reporting.printable import excerpt, printable
from skill_distiller.reporting.summary import SectionSummary, kept_whole, removed_counts, summarize_sections
from skill_distiller.reporting.token_level import token_level_lines
from skill_distiller.reporting.verification import verified_text
from skill_distiller.tokens import ESTIMATE

_BRING_BACK = "Bring a piece back: --keep ID"
_FACT_LENGTH = 100  # characters of a lost fact that are shown; the JSON record holds all of them
_CHANGED = {
    RenderingKind.SYMBOLS: "phrases replaced by symbols",
    RenderingKind.TIGHT: "emphasis marks, table padding or line ends inside sentences taken out",
    RenderingKind.PRUNED: "words taken out that add little",
    RenderingKind.REWRITTEN: "said in fewer words, every fact checked",
    RenderingKind.SUMMARIZED: "summed up",
    RenderingKind.ONE_LINERS: "examples written as one line each",
    RenderingKind.EXTRACTED: "cut down to the sentences that have to stay",
}
_PLAIN_NOTES = frozenset(
    {
        NoteKind.ALREADY_MINIMAL,
        NoteKind.WITHIN_BUDGET,
        NoteKind.NOT_WORTH_IT,
        NoteKind.ADVISORY_REMOVED,
        NoteKind.PLAN_APPLIED,
    }
)


def print_report(
    distillation: Distillation, console: Console, *, verbose: bool = False, estimate: Estimate = UNCALIBRATED
) -> None:
    """Print the report; with `verbose` the section analysis too. Text of the skill is made safe to show.

    `estimate` is what earlier runs say of the functionality.
    """
    for line in _headline(distillation, estimate):
        console.print(line)
    if verbose:
        for line in _section_analysis(distillation):
            console.print(line)
    short = distillation.one_liner and not verbose  # nothing but the three lines is left: a list of it all says little
    for line in one_liner_lines(distillation) if short else _receipt(distillation, verbose=verbose):
        console.print(line)
    if distillation.verification and distillation.verification.passed:
        console.print(Text(verified_text(distillation.verification), style="green"))
    print_notes(distillation, console)


def print_notes(distillation: Distillation, console: Console) -> None:
    """Print the notes and warnings alone, first of all that the result fails its own verification."""
    if distillation.verification and not distillation.verification.passed:
        console.print(Text(verified_text(distillation.verification), style="bold red"))
    for note in distillation.notes:
        style, text = _note(note, distillation)
        console.print(Text(text, style=style))


def print_calibration(console: Console, warnings: Iterable[str], entry: str, folder: str) -> None:
    """Print what went wrong with the calibration data, then where this run was saved and how to tell of its use."""
    for warning in warnings:
        console.print(Text(f"Warning: {printable(warning)}", style="yellow"))
    if entry:
        console.print(
            f"Saved as {entry} in {printable(folder)}; after use: "
            f"skill-distiller feedback --id={entry} --actual=0-100 --outcome=worked|partial|failed"
        )


def _headline(distillation: Distillation, estimate: Estimate) -> Iterator[Text]:
    mark = distillation.counter.mark
    functionality = distillation.functionality
    figure, remark = estimate_text(estimate, functionality.score, functionality.interval)
    yield Text.assemble("Functionality preserved: ", (figure, "bold"), f" ({remark})")
    before, after = distillation.input_tokens, distillation.output_tokens
    reduction = f"({distillation.reduction:.0%} reduction)"
    yield Text.assemble(f"Tokens: {mark}{before} → {mark}{after} ", (reduction, "bold green"))
    yield Text(f"Classification confidence: {distillation.analysis.confidence:.2f} (mean across sections)")
    removed = [f"{n} {names[n > 1]}" for names, n in removed_counts(distillation).items()]
    yield Text(f"Removed: {', '.join(removed) or 'nothing'}")
    if distillation.one_liner:
        yield Text("Kept: three lines")
    else:
        kept = kept_whole(distillation)
        yield Text(f"Kept: all {', '.join(kept)}" if kept else "Kept: some of every type")
    yield from _reworded(distillation)
    analyzer = distillation.analysis.analyzer
    analyzer += "" if isinstance(distillation.analysis, PromptedAnalysis) else " (no language model, no network)"
    yield Text(
        f"Analyzer: {printable(analyzer)}; judge: "
        f"{printable(distillation.functionality.method)}; tokens: {_counter(distillation)}"
    )
    if distillation.token_scorer not in ("", EMBEDDED):
        yield Text(f"Token scorer: {printable(distillation.token_scorer)}")


def _reworded(distillation: Distillation) -> Iterator[Text]:
    """How many blocks stand in new words, and how many new texts were not good enough."""
    plan = distillation.plan
    reworded = sum(decision.rendering.kind in REWORDED for decision in plan.decisions)
    if reworded or (plan.refused and isinstance(distillation.analysis, PromptedAnalysis)):
        refused = f" ({plan.refused} refused: lost a fact)" if plan.refused else ""
        yield Text(f"Rewritten: {_plural(reworded, 'block')}{refused}")


def _counter(distillation: Distillation) -> str:
    counter = distillation.counter
    if counter.exact:
        return f"{counter.encoding}, exact"
    instead = "" if counter.encoding == ESTIMATE else f" in place of {counter.encoding}"
    return f"estimate of 4 characters a token{instead}"


def _section_analysis(distillation: Distillation) -> Iterator[Text]:
    mark = distillation.counter.mark
    yield Text("\nSection Analysis:", style="bold")
    summaries = summarize_sections(distillation)
    for summary in summaries:
        yield Text(_section_line(summary))
        if summary.examples:
            yield Text(f"└─ {examples_line(summary.examples)}")
        if summary.tokens_after != summary.tokens_before:
            yield Text(f"└─ Tokens: {mark}{summary.tokens_before} → {mark}{summary.tokens_after} ({_why(summary)})")
    yield from map(Text, token_level_lines(distillation))
    yield from example_analysis(summary.examples for summary in summaries if summary.examples)
    found = distillation.functionality.protected_found
    lost = set(distillation.functionality.protected_lost)
    shown = [f"{name} → {'LOST (-10)' if name in lost else 'preserved'}" for name in found]
    yield Text(f"\nProtected patterns found: {', '.join(shown) or 'none'}")
    advisory = sorted(frozenset[str]().union(*(v.advisory for v in distillation.analysis.verdicts)))
    gone = {note.detail for note in distillation.notes if note.kind is NoteKind.ADVISORY_REMOVED}
    shown = [f"{name} → {'removed (no score penalty)' if name in gone else 'kept'}" for name in advisory]
    yield Text(f"Advisory patterns found: {', '.join(shown) or 'none'}")


def _section_line(summary: SectionSummary) -> str:
    heading = (
        f"{'#' * summary.section.level} {printable(summary.section.heading)}".strip() or "(before the first heading)"
    )
    return (
        f"{heading}: {summary.type.value} ({summary.importance:.1f}, confidence: {summary.confidence:.2f})"
        f" → {summary.outcome}"
    )


def _why(summary: SectionSummary) -> str:
    parts = []
    if summary.removed:
        parts.append(f"{summary.removed} of {_plural(len(summary.section.blocks), 'block')} removed")
    if summary.rewritten:
        parts.append("redundant phrases removed" if summary.phrases else f"{summary.rewritten} shortened")
    return ", ".join(parts) or Reason.TOGETHER.value


def _receipt(distillation: Distillation, *, verbose: bool) -> Iterator[Text]:
    receipt = distillation.receipt
    if not receipt.sections:
        return
    yield Text("\nReceipt (lines of the original):", style="bold")
    for section in receipt.sections:
        yield from _section_receipt(section, distillation.counter.mark, verbose=verbose)
    if receipt.changes:
        yield Text(_BRING_BACK if verbose else f"{_BRING_BACK} (ids of shortened blocks: --verbose)")
    lost = len(receipt.lost)
    if lost:
        yield Text(f"Facts no longer in the text: {lost}, each named above (whole in --json)", style="yellow")
    else:
        yield Text("Facts no longer in the text: none that the inventory knows", style="green")


def _section_receipt(section: SectionReceipt, mark: str, *, verbose: bool) -> Iterator[Text]:
    heading = f"{'#' * section.level} {printable(section.heading)}".strip() or "(before the first heading)"
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
        yield Text(f"    removed{named}: {_plural(len(separators), 'separator')} (---)")
    for kind, n in rewritten.items():
        yield Text(f"    {kind.value}: {_plural(n, 'block')}, {mark}{_plural(saved[kind], 'token')}, {_CHANGED[kind]}")
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
        f"    {what}, {lines}, {change.type.value}, {mark}{_plural(change.saved, 'token')}: {excerpt(change.before)}"
    )


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _facts(lost: Iterable[LostFact]) -> list[str]:
    return list(dict.fromkeys(_shown(fact) for fact in lost))


def _shown(fact: LostFact) -> str:
    text = excerpt(fact.text, _FACT_LENGTH)
    return f"`{text}`" if fact.kind is FactKind.CODE_LINE else text


def _note(note: Note, distillation: Distillation) -> tuple[str, str]:
    threshold = distillation.options.threshold
    hint = FRONTMATTER_HINTS.get(distillation.original.frontmatter.state, "")
    texts = {
        NoteKind.NO_FRONTMATTER: f"Warning: frontmatter: {note.detail}. {hint}",
        NoteKind.NO_TRIGGER: f"Warning: no trigger section. {TRIGGER_HINT}",
        NoteKind.ALREADY_MINIMAL: f"Already minimal: no compression possible at threshold {threshold:g}; "
        "the original comes out unchanged.",
        NoteKind.WITHIN_BUDGET: f"Already within {distillation.options.tokens} tokens; the original comes out "
        "unchanged.",
        NoteKind.NOT_WORTH_IT: f"Already minimal: at threshold {threshold:g} less than 1% could be saved, which is not "
        "worth a changed file; the original comes out unchanged.",
        NoteKind.ADVISORY_REMOVED: f"Advisory pattern removed (no score penalty): {note.detail}",
        NoteKind.PROTECTED_LOST: f"Protected pattern lost (-10 points): {note.detail}",
        NoteKind.ESTIMATED_TOKENS: f"Warning: the ranks of {note.detail} can't be had here; counts marked ~ are "
        "estimates of 4 characters a token.",
        NoteKind.EMBEDDED_VERDICTS: "Warning: the model gave no usable answer for "
        + (
            "1 block; its verdict is the embedded one."
            if note.detail == "1"
            else f"{note.detail} blocks; their verdicts are the embedded ones."
        ),
        NoteKind.BEYOND_COMPACTION: late_text(note),
        NoteKind.SELF_COMPRESSION: self_compression_text(note),
        NoteKind.THRESHOLD_RAISED: raised_text(note, threshold),
        NoteKind.PLAN_APPLIED: "Written as the plan says; nothing was chosen anew.",
        NoteKind.SOURCE_CHANGED: "Warning: the source has changed since the plan was made; blocks that the plan does "
        f"not know stay as they are: {note.detail}.",
        NoteKind.PLAN_TOO_LARGE: "Warning: the plan would make the skill larger; the original comes out unchanged.",
        NoteKind.HARD_RULE_DROPPED: f"Warning: the plan removes a block that lays down a hard rule: [{note.detail}].",
        NoteKind.PATTERN_DROPPED: f"Warning: the plan removes a block that holds a protected pattern: [{note.detail}].",
    }
    return ("" if note.kind in _PLAIN_NOTES else "yellow", texts[note.kind])
