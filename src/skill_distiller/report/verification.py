"""A verification as plain data, as one line and as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skill_distiller._version import __version__
from skill_distiller.checks.model import Check, Finding, Level, Verification
from skill_distiller.report.text import excerpt
from skill_distiller.tokens import TokenCounter

VERIFY_SCHEMA: Final = "skill-distiller/verify/1"


def verification_record(verification: Verification, skill: str, counter: TokenCounter) -> dict[str, object]:
    """The record of a run of `verify` over a skill of that name."""
    return {
        "schema": VERIFY_SCHEMA,
        "version": __version__,
        "skill": skill,
        "encoding": counter.encoding,
        "tokens_exact": counter.exact,
        "original_tokens": verification.tokens.original,
        "candidate_tokens": verification.tokens.candidate,
        "changed": verification.changed,
        **_checks(verification),
    }


def checks_record(verification: Verification | None) -> dict[str, object] | None:
    """What `compress` found in its own result: declared losses, which its receipt names, are counted only.

    None where nothing was verified.
    """
    return None if verification is None else _checks(verification, (Level.FAILURE, Level.WARNING))


def _checks(verification: Verification, levels: Collection[Level] = tuple(Level)) -> dict[str, object]:
    return {
        "passed": verification.passed,
        "checks": [
            {
                "name": check.name,
                "passed": check.passed,
                "declared": check.count(Level.DECLARED),
                "findings": [_finding(finding) for finding in check.findings if finding.level in levels],
            }
            for check in verification.checks
        ],
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "kind": finding.kind.value,
        "level": finding.level.value,
        "text": finding.text,
        "detail": finding.detail,
        "file": "candidate" if finding.in_candidate else "original",
        "line": finding.line or None,
    }


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


def finding_text(finding: Finding, length: int = 60) -> str:
    """A finding in words, on one line, safe to show: `lost code span: make lint, line 12 of the original`."""
    where = f", line {finding.line} of the {'candidate' if finding.in_candidate else 'original'}"
    return f"{what_found(finding, length)}: {excerpt(finding.text, length)}{where if finding.line else ''}"


def what_found(finding: Finding, length: int) -> str:
    """What kind of finding it is and of what: `lost code span`."""
    return " ".join(part for part in (finding.kind.value, excerpt(finding.detail, length)) if part)


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
