"""The report on stderr: the lines of the reference, the receipt, and the lines of a one-liner."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Literal

from rich.console import Console
from rich.text import Text

from skill_distiller.report.calibration_text import estimate_text
from skill_distiller.report.note_text import note_text
from skill_distiller.report.receipt_text import receipt_lines
from skill_distiller.report.record import Record, TokenCounts
from skill_distiller.report.section_text import section_analysis
from skill_distiller.report.sections import names_of
from skill_distiller.report.text import plural, printable
from skill_distiller.report.verification import verified_text
from skill_distiller.tokens import ESTIMATE


def print_report(record: Record, console: Console, *, verbose: bool = False) -> None:
    """Print the report; with `verbose` the section analysis too. Text of the skill is made safe to show."""
    for line in _headline(record):
        console.print(line)
    if verbose:
        for line in section_analysis(record):
            console.print(line)
    short = record.one_liner and not verbose  # nothing but the three lines is left: a list of it all says little
    for line in one_liner_lines(record) if short else receipt_lines(record, verbose=verbose):
        console.print(line)
    if record.evidence.verification and record.evidence.verification.passed:
        console.print(Text(verified_text(record.evidence.verification), style="green"))
    print_notes(record, console)


def one_liner_lines(record: Record) -> Iterator[Text]:
    """Who wrote the three lines, and how much of the skill they do not say; nothing in the other modes."""
    one_liner = record.one_liner
    if one_liner is None:
        return
    lost = len(record.evidence.receipt.lost)
    yield Text(f"One-liner by: {printable(one_liner.method)}; name, description and body are not in the text")
    if one_liner.left_out:
        phrases = "phrase" if one_liner.left_out == 1 else "phrases"
        yield Text(f"Quoted trigger {phrases} without room: {one_liner.left_out}", style="yellow")
    yield Text(f"Facts no longer in the text: {lost} (each named in --json and with --verbose)", style="yellow")


def print_notes(record: Record, console: Console) -> None:
    """Print the notes and warnings alone, first of all that the result fails its own verification."""
    if record.evidence.verification and not record.evidence.verification.passed:
        console.print(Text(verified_text(record.evidence.verification), style="bold red"))
    for note in record.notes:
        style, text = note_text(note, record)
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


def _headline(record: Record) -> Iterator[Text]:
    functionality, tokens, authors = record.evidence.functionality, record.tokens, record.authors
    figure, remark = estimate_text(record.calibration.estimate, functionality.score, functionality.interval)
    yield Text.assemble("Functionality preserved: ", (figure, "bold"), f" ({remark})")
    counts = f"{tokens.mark}{tokens.before} → {tokens.mark}{tokens.after}"
    yield Text.assemble(f"Tokens: {counts} ", (f"({tokens.reduction:.0%} reduction)", "bold green"))
    yield Text(f"Classification confidence: {authors.confidence:.2f} (mean across sections)")
    yield from map(Text, _removed_and_kept(record))
    analyzer = authors.analyzer + ("" if authors.prompted else " (no language model, no network)")
    yield Text(
        f"Analyzer: {printable(analyzer)}; judge: {printable(functionality.method)}; tokens: {_counter_text(tokens)}"
    )
    if authors.token_scorer:
        yield Text(f"Token scorer: {printable(authors.token_scorer)}")


def _removed_and_kept(record: Record) -> Iterator[str]:
    """What went, what is whole, and of runs with a language model what stands in new words."""
    contents = record.contents
    removed = [f"{count} {names_of(kind)[count > 1]}" for kind, count in contents.removed.items()]
    yield f"Removed: {', '.join(removed) or 'nothing'}"
    if record.one_liner:
        yield "Kept: three lines"
    else:
        kept = [names_of(kind)[1] for kind in contents.kept]
        yield f"Kept: all {', '.join(kept)}" if kept else "Kept: some of every type"
    if contents.reworded or (contents.refused and record.authors.prompted):
        refused = f" ({contents.refused} refused: lost a fact)" if contents.refused else ""
        yield f"Rewritten: {plural(contents.reworded, 'block')}{refused}"


def _counter_text(tokens: TokenCounts) -> str:
    if tokens.exact:
        return f"{tokens.encoding}, exact"
    instead = "" if tokens.encoding == ESTIMATE else f" in place of {tokens.encoding}"
    return f"estimate of 4 characters a token{instead}"


def open_console(*, stderr: bool = False, soft_wrap: bool = False) -> Console:
    """A console on stdout, or on stderr, that takes nothing in a text for markup, an emoji code or a number to color.

    NO_COLOR means plain text: Rich would leave bold in.
    """
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=soft_wrap, color_system=system)
