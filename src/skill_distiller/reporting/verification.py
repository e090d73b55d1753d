"""A verification as plain data, for `--json`, and as one line of the report. Described in docs/json.md."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.reporting.printable import excerpt
from skill_distiller.tokens import TokenCounter
from skill_distiller.verification import Finding, Level, Verification

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
