"""A verification in words: as one line and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skill_distiller.checks.model import Check, Finding, Level, Verification
from skill_distiller.report.text import EXCERPT, excerpt


def verified_text(verification: Verification) -> str:
    """One line: which checks passed, or which failed and on what first. Safe to show."""
    if verification.passed:
        names = ", ".join(check.name for check in verification.checks)
        if any(check.count(Level.DECLARED) for check in verification.checks):
            return f"Verified: every loss is in the receipt; no other was found ({names})"
        return f"Verified: {names}: {len(verification.checks)} checks passed"
    parts = [
        f"{check.name} ({next(finding_text(f) for f in check.findings if f.level is Level.FAILURE)})"
        for check in verification.failed
    ]
    return f"Verification FAILED: {'; '.join(parts)}"


def finding_text(finding: Finding) -> str:
    """A finding in words, on one line, safe to show: `lost code span: make lint, line 12 of the original`."""
    where = f", line {finding.line} of the {'candidate' if finding.in_candidate else 'original'}"
    return f"{_what(finding)}: {excerpt(finding.text)}{where if finding.line else ''}"


def _what(finding: Finding, length: int = EXCERPT) -> str:
    """What kind of finding it is and of what: `lost code span`."""
    return " ".join(part for part in (finding.kind.value, excerpt(finding.detail, length)) if part)


_SHOWN: Final = 10  # findings of a check; the JSON record holds all of them
_LENGTH: Final = 160  # characters of a finding
_STYLES: Final = {Level.FAILURE: "red", Level.WARNING: "yellow", Level.DECLARED: "dim"}


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
    """The check in front of its findings, failures first; what is not shown is counted."""
    found = [f for level in (Level.FAILURE, Level.WARNING) for f in check.findings if f.level is level]
    declared = [f for f in check.findings if f.level is Level.DECLARED]
    lines = [(_place(finding), _text(finding)) for finding in (found + declared if verbose else found[:_SHOWN])]
    if not verbose and len(found) > _SHOWN:
        lines.append((Text(), Text(f"and {len(found) - _SHOWN} more (--verbose or --json)", "dim")))
    if not verbose and declared:
        lines.append((Text(), Text(f"{len(declared)} declared by the receipt", "dim")))
    first, *rest = lines or [(Text(), Text())]
    yield Text(check.name), Text("passed", "green") if check.passed else Text("FAILED", "bold red"), *first
    for line in rest:
        yield Text(), Text(), *line


def _place(finding: Finding) -> Text:
    return Text(f"{finding.line}{'' if finding.in_candidate else ' (original)'}" if finding.line else "", "dim")


def _text(finding: Finding) -> Text:
    text = Text.assemble((f"{_what(finding, _LENGTH)}: ", _STYLES[finding.level]), excerpt(finding.text, _LENGTH))
    return text if finding.level is not Level.DECLARED else Text.assemble(text, (" (declared)", "dim"))
