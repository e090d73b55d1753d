"""The report on stderr: the lines of the reference, the receipt, and the lines of a one-liner."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Literal

from rich.console import Console
from rich.text import Text

from skill_distiller.analysis.model import PromptedAnalysis
from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate
from skill_distiller.planning.plan import Reason
from skill_distiller.report.calibration_text import estimate_text
from skill_distiller.report.note_text import note_text
from skill_distiller.report.receipt_text import (
    SectionSummary,
    kept_whole,
    receipt_lines,
    removed_counts,
    summarize_sections,
)
from skill_distiller.report.text import heading_line, plural, printable
from skill_distiller.report.verification import verified_text
from skill_distiller.report.wording import example_analysis, examples_line, token_level_lines
from skill_distiller.rewriting.model import REWORDED
from skill_distiller.run.notes import NoteKind
from skill_distiller.run.result import Result
from skill_distiller.tokens import ESTIMATE


def one_liner_lines(distillation: Result) -> Iterator[Text]:
    """Who wrote the lines, and how much of the skill they do not say."""
    one_liner = distillation.one_liner
    if one_liner is None:
        return
    lost = len(distillation.evidence.receipt.lost)
    yield Text(f"One-liner by: {printable(one_liner.method)}; name, description and body are not in the text")
    if one_liner.left_out:
        phrases = "phrase" if one_liner.left_out == 1 else "phrases"
        yield Text(f"Quoted trigger {phrases} without room: {one_liner.left_out}", style="yellow")
    yield Text(f"Facts no longer in the text: {lost} (each named in --json and with --verbose)", style="yellow")


def print_report(
    distillation: Result, console: Console, *, verbose: bool = False, estimate: Estimate = UNCALIBRATED
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
    for line in one_liner_lines(distillation) if short else receipt_lines(distillation, verbose=verbose):
        console.print(line)
    if distillation.evidence.verification and distillation.evidence.verification.passed:
        console.print(Text(verified_text(distillation.evidence.verification), style="green"))
    print_notes(distillation, console)


def print_notes(distillation: Result, console: Console) -> None:
    """Print the notes and warnings alone, first of all that the result fails its own verification."""
    if distillation.evidence.verification and not distillation.evidence.verification.passed:
        console.print(Text(verified_text(distillation.evidence.verification), style="bold red"))
    for note in distillation.notes:
        style, text = note_text(note, distillation)
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


def _headline(distillation: Result, estimate: Estimate) -> Iterator[Text]:
    mark = distillation.run.counter.mark
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
    if distillation.run.token_scorer:
        yield Text(f"Token scorer: {printable(distillation.run.token_scorer)}")


def _reworded(distillation: Result) -> Iterator[Text]:
    """How many blocks stand in new words, and how many new texts were not good enough."""
    plan = distillation.plan
    reworded = sum(decision.rendering.kind in REWORDED for decision in plan.decisions)
    if reworded or (plan.refused and isinstance(distillation.analysis, PromptedAnalysis)):
        refused = f" ({plan.refused} refused: lost a fact)" if plan.refused else ""
        yield Text(f"Rewritten: {plural(reworded, 'block')}{refused}")


def _counter(distillation: Result) -> str:
    counter = distillation.run.counter
    if counter.exact:
        return f"{counter.encoding}, exact"
    instead = "" if counter.encoding == ESTIMATE else f" in place of {counter.encoding}"
    return f"estimate of 4 characters a token{instead}"


def _section_analysis(distillation: Result) -> Iterator[Text]:
    mark = distillation.run.counter.mark
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
    heading = heading_line(summary.section.level, summary.section.heading)
    return (
        f"{heading}: {summary.type.value} ({summary.importance:.1f}, confidence: {summary.confidence:.2f})"
        f" → {summary.outcome}"
    )


def _why(summary: SectionSummary) -> str:
    parts = []
    if summary.removed:
        parts.append(f"{summary.removed} of {plural(len(summary.section.blocks), 'block')} removed")
    if summary.rewritten:
        parts.append("redundant phrases removed" if summary.phrases else f"{summary.rewritten} shortened")
    return ", ".join(parts) or Reason.TOGETHER.value


def open_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """A console on stdout, or on stderr, that takes nothing in a text for markup, an emoji code or a number to color.

    NO_COLOR means plain text: Rich would leave bold in.
    """
    from rich.console import Console

    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=soft_wrap, color_system=system)
