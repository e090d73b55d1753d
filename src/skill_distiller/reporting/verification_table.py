"""A verification as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skill_distiller.reporting.printable import excerpt
from skill_distiller.reporting.verification import verified_text, what_found
from skill_distiller.verification import Check, Finding, Level, Verification

_SHOWN: Final = 10  # findings of a check; the JSON record holds all of them
_LENGTH: Final = 160  # characters of a finding
_STYLES: Final = {Level.FAILURE: "red", Level.WARNING: "yellow", Level.DECLARED: "dim"}
_ORDER: Final = (Level.FAILURE, Level.WARNING, Level.DECLARED)


def print_verification(verification: Verification, console: Console, mark: str = "", *, verbose: bool = False) -> None:
    """Print one row a check with its findings below, then the tokens and the verdict.

    `mark` stands before counts that are estimates. Without `verbose` the first findings of each check
    are shown, and declared losses are counted only.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Check", no_wrap=True)
    table.add_column("Result", no_wrap=True)
    table.add_column("Line", justify="right", no_wrap=True)
    table.add_column("Finding", overflow="fold")
    for check in verification.checks:
        for row in _rows(check, verbose=verbose):
            table.add_row(*row)
    console.print(table)
    before, after = verification.tokens
    reduction = f" ({1 - after / before:.0%} reduction)" if before and after <= before else ""
    console.print(Text(f"Tokens: {mark}{before} → {mark}{after}{reduction}"), soft_wrap=True)
    style = "green" if verification.passed else "bold red"
    console.print(Text(verified_text(verification), style=style), soft_wrap=True)


def _rows(check: Check, *, verbose: bool) -> Iterator[tuple[Text, Text, Text, Text]]:
    result = Text("passed", "green") if check.passed else Text("FAILED", "bold red")
    findings = sorted(check.findings, key=lambda finding: _ORDER.index(finding.level))
    shown = findings if verbose else [f for f in findings if f.level is not Level.DECLARED][:_SHOWN]
    lines = [(_line(finding), _text(finding)) for finding in shown]
    lines += [(Text(), rest) for rest in _rest(findings, shown)]
    lines = lines or [(Text(), Text())]
    yield Text(check.name), result, *lines[0]
    for line in lines[1:]:
        yield Text(), Text(), *line


def _line(finding: Finding) -> Text:
    place = f"{finding.line}{'' if finding.in_candidate else ' (original)'}" if finding.line else ""
    return Text(place, "dim")


def _text(finding: Finding) -> Text:
    text = Text.assemble((f"{what_found(finding, _LENGTH)}: ", _STYLES[finding.level]), excerpt(finding.text, _LENGTH))
    return text if finding.level is not Level.DECLARED else Text.assemble(text, (" (declared)", "dim"))


def _rest(findings: list[Finding], shown: list[Finding]) -> Iterator[Text]:
    """What is not shown, counted."""
    left = len([f for f in findings if f.level is not Level.DECLARED]) - len(
        [f for f in shown if f.level is not Level.DECLARED]
    )
    if left > 0:
        yield Text(f"and {left} more (--verbose or --json)", "dim")
    declared = [f for f in findings if f.level is Level.DECLARED]
    if declared and len(shown) < len(findings) - max(left, 0):
        yield Text(f"{len(declared)} declared by the receipt", "dim")
