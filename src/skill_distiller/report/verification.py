"""A verification in words and as a table, and findings in forms of other programs: SARIF, GitHub Actions, JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from rich.console import Console
from rich.text import Text

from skill_distiller._version import __version__
from skill_distiller.checks.model import Check, Finding, FindingKind, Level, Verification
from skill_distiller.report.text import EXCERPT, excerpt, plural, printable


class Severity(StrEnum):
    """How bad a remark is, as SARIF calls it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"


class Remark(NamedTuple):
    """Something about some files: by which rule, how bad, in which words, and where, each a path and a line or 0.

    `title` is a heading for those who show one.
    """

    rule: str
    severity: Severity
    message: str
    places: tuple[tuple[str, int], ...]
    title: str = ""


def sarif_log(remarks: Iterable[Remark], rules: Mapping[str, str]) -> dict[str, Any]:
    """The remarks as a SARIF 2.1.0 log; `rules` says in a sentence what each rule is."""
    driver = {
        "name": "skill-distiller",
        "version": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": text}} for rule, text in rules.items()],
    }
    results = [
        {
            "ruleId": remark.rule,
            "level": remark.severity.value,
            "message": {"text": remark.message},
            "locations": [_location(*place) for place in remark.places],
        }
        for remark in remarks
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _location(path: str, line: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(path.replace("\\", "/"), errors="surrogateescape")}}
    return {"physicalLocation": place | ({"region": {"startLine": line}} if line else {})}


_GITHUB: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """The remarks as workflow commands of GitHub Actions, a line each, at their first place."""
    for remark in remarks:
        if remark.severity in _GITHUB:
            path, line = remark.places[0]
            place = f"file={_escaped(path, ':,')}" + (f",line={line}" if line else "")
            title = _escaped(remark.title or remark.rule, ":,")
            yield f"::{_GITHUB[remark.severity]} {place},title={title}::{_escaped(remark.message)}"


def _escaped(text: str, also: str = "") -> str:
    """A text as a workflow command takes it: percent signs, line ends and `also` as codes."""
    return "".join(f"%{ord(c):02X}" if c in "%\r\n" + also else c for c in text)


# Compiled at its first use: it is large, and few runs write XML.
_NO_XML: Final = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def junit_report(name: str, remarks: Sequence[Remark], cases: Sequence[str]) -> str:
    """The remarks as a JUnit report: a test case for each path, which fails where there is an error about it."""
    from xml.sax.saxutils import escape  # with HTTP and TLS, for which a run has no use

    by_path: dict[str, list[Remark]] = {path: [] for path in cases}
    for remark in remarks:
        by_path.setdefault(remark.places[0][0], []).append(remark)
    failed = {path for path, own in by_path.items() if any(r.severity is Severity.ERROR for r in own)}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f"<testsuite name={_attribute(name)} tests={_attribute(len(by_path))} failures={_attribute(len(failed))}>",
    ]
    for path, own in by_path.items():
        errors = [remark for remark in own if remark.severity is Severity.ERROR]
        others = [remark.message for remark in own if remark.severity is not Severity.ERROR]
        lines.append(f"  <testcase classname={_attribute(name)} name={_attribute(path)}>")
        lines += [
            f"    <failure type={_attribute(error.rule)} message={_attribute(error.message)}/>" for error in errors
        ]
        if others:
            lines.append(f"    <system-out>{escape(_printable(chr(10).join(others)))}</system-out>")
        lines.append("  </testcase>")
    return "\n".join([*lines, "</testsuite>", ""])


def _attribute(value: object) -> str:
    from xml.sax.saxutils import quoteattr

    return quoteattr(_printable(str(value)))


def _printable(text: str) -> str:
    """A text with a question mark for each character that XML has no place for."""
    return re.sub(_NO_XML, "?", text)


# What to do about a finding, by its kind.
TODO: Final[Mapping[FindingKind, str]] = {
    FindingKind.LOST: "Bring it back, or name the receipt that declares it (--receipt).",
    FindingKind.NEW: "Take it out: the original does not say it.",
    FindingKind.CHANGED: "Say what the original says.",
    FindingKind.REVERSED: "It says the opposite: write it as in the original.",
    FindingKind.WEAKENED: "Say it as strongly as the original.",
    FindingKind.MOVED: "Put it back where it stood: under its heading, label or number, in its order.",
    FindingKind.REWORDED: "Read both: no program can tell whether they say the same.",
    FindingKind.MERGED: "Nothing: one text says it together with others.",
    FindingKind.OTHERWISE_WRITTEN: "Nothing, where the other way of writing is wanted.",
    FindingKind.NO_FILE: "Add the file, or mend the link.",
    FindingKind.NO_ANCHOR: "Bring the heading back, or mend the link.",
    FindingKind.OUTSIDE: "Put the file into the skill folder, or mend the link.",
    FindingKind.UNCLOSED: "Close the fence.",
    FindingKind.FAULT: "Mend the frontmatter.",
    FindingKind.CLIENT_FIELD: "Nothing, where the client is meant (--allow-field).",
    FindingKind.TOO_LARGE: "Move what is seldom needed into a reference file.",
    FindingKind.LONGER: "Keep the original.",
    FindingKind.UNREACHABLE: "Name the file in SKILL.md, with when to read it.",
    FindingKind.TWICE: "Keep one of the two.",
    FindingKind.PARTED: "Put both into one file, or see that each can be read without the other.",
}


def verified_text(verification: Verification, gone: str = "") -> str:
    """One line: that nothing is lost, or what is and is declared, or what is not proved, or what failed first.

    `gone` says what the receipt names, where it is known better than by the number of losses. Safe to show.
    """
    looks = len(verification.unproved)
    if verification.passed:
        names = ", ".join(check.name for check in verification.checks)
        declared = sum(check.count(Level.DECLARED) for check in verification.checks)
        if looks:
            rest = "; every loss is in the receipt" if declared else ""
            return f"Passed, but not proved: {plural(looks, 'difference')} to look at{rest} ({names})"
        if declared:
            one = gone.endswith(" is gone") if gone else declared == 1
            return f"Receipt complete: {gone or plural(declared, 'loss', 'losses')}, {'and' if one else 'all'} named"
        return f"Verified: {names}: {len(verification.checks)} checks passed"
    parts = [
        f"{check.name} ({next(finding_text(f) for f in check.findings if f.level is Level.FAILURE)})"
        for check in verification.failed
    ]
    return f"Verification FAILED: {'; '.join(parts)}"


def accounted_text(verification: Verification) -> str:
    """One line that accounts for every unit of both texts: how many got which verdict."""
    counts = [(verdict.value, count) for verdict, count in verification.comparison.count().items() if count]
    total = plural(sum(count for _, count in counts), "unit")
    return f"{total}: {', '.join(f'{count} {name}' for name, count in counts)}"


def finding_text(finding: Finding) -> str:
    """A finding in words, on one line, safe to show: `lost code span: make lint, line 12 of the original`."""
    where = f", line {finding.line} of the {'candidate' if finding.in_candidate else 'original'}"
    return f"{_what(finding)}: {excerpt(finding.text)}{where if finding.line else ''}"


def _what(finding: Finding, length: int = EXCERPT) -> str:
    """What kind of finding it is and of what: `lost code span`."""
    return " ".join(part for part in (finding.kind.value, excerpt(finding.detail, length)) if part)


_SHOWN: Final = 10  # findings of a check; the JSON record holds all of them
_LENGTH: Final = 160  # characters of a finding
_SPACES: Final = re.compile(r"\s+")
_STYLES: Final = {Level.FAILURE: "red", Level.LOOK: "yellow", Level.WARNING: "yellow", Level.DECLARED: "dim"}


def print_verification(verification: Verification, console: Console, mark: str = "", *, verbose: bool = False) -> None:
    """Print one row a check with its findings below, then the tokens and the verdict.

    `mark` stands before counts that are estimates. Without `verbose` the first findings of each check
    are shown, and declared losses are counted only.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

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
    console.print(Text(f"Accounted for: {accounted_text(verification)}"), soft_wrap=True)
    console.print(Text(f"Tokens: {mark}{before} → {mark}{after}{reduction}"), soft_wrap=True)
    style = "green" if verification.passed else "bold red"
    console.print(Text(verified_text(verification), style=style), soft_wrap=True)


def _rows(check: Check, *, verbose: bool) -> Iterator[tuple[Text, Text, Text, Text]]:
    """The check in front of its findings, failures first; what is not shown is counted."""
    by_level = {level: [finding for finding in check.findings if finding.level is level] for level in _STYLES}
    declared = by_level[Level.DECLARED]
    found = [finding for level in _STYLES if level is not Level.DECLARED for finding in by_level[level]]
    lines = [row for finding in (found + declared if verbose else found[:_SHOWN]) for row in _lines(finding)]
    if not verbose and len(found) > _SHOWN:
        lines.append((Text(), Text(f"and {len(found) - _SHOWN} more (--verbose or --json)", "dim")))
    if not verbose and declared:
        lines.append((Text(), Text(f"{len(declared)} declared by the receipt", "dim")))
    first, *rest = lines or [(Text(), Text())]
    yield Text(check.name), _result(check), *first
    for line in rest:
        yield Text(), Text(), *line


def _result(check: Check) -> Text:
    if not check.passed:
        return Text("FAILED", "bold red")
    return Text("look", "yellow") if check.count(Level.LOOK) else Text("passed", "green")


def _lines(finding: Finding) -> Iterator[tuple[Text, Text]]:
    """A finding with the words that differ marked, and below it what stands there now."""
    line = Text(f"{finding.line}{'' if finding.in_candidate else ' (original)'}" if finding.line else "", "dim")
    text = Text.assemble(
        (f"{_what(finding, _LENGTH)}: ", _STYLES[finding.level]), _marked(finding.text, finding.marks, "-")
    )
    yield line, Text.assemble(text, (" (declared)", "dim")) if finding.level is Level.DECLARED else text
    if finding.other:
        now = _marked(finding.other.text, finding.other.marks, "+")
        yield Text(str(finding.other.line), "dim"), Text.assemble(("now: ", "dim"), now)


_STYLES_OF_MARKS: Final = {"-": "bold red", "+": "bold green"}


def _marked(text: str, marks: Sequence[tuple[int, int]], sign: str) -> Text:
    """A text on one line with the marked words in brackets, `[-old-]` or `{+new+}`, as `git diff --word-diff` does."""
    return Text("").join(
        Text(part, _STYLES_OF_MARKS[sign] if marked else "") for part, marked in marked_words(text, marks, sign)
    )


def marked_words(text: str, marks: Sequence[tuple[int, int]], sign: str) -> Iterator[tuple[str, bool]]:
    """The parts of a text on one line, at most 160 characters and safe to show, and which of them are marked."""
    opening, closing = ("[-", "-]") if sign == "-" else ("{+", "+}")
    begin = max(0, marks[0][0] - _LENGTH // 2) if marks and marks[0][0] > _LENGTH // 2 else 0
    at, room = begin, _LENGTH
    if begin:
        yield "…", False
    for start, end in [*merged(marks), (len(text), len(text))]:
        if start < at or room <= 0:
            continue
        before = printable(_SPACES.sub(" ", text[at:start]))
        yield before[:room], False
        room -= len(before)
        if end > start and room > 0:
            yield f"{opening}{printable(_SPACES.sub(' ', text[start:end]))[:room]}{closing}", True
            room -= end - start
        at = end
    if room <= 0:
        yield "…", False


def merged(marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, those that touch or are one blank apart as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if found and start <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def word_diff(verification: Verification) -> Iterator[str]:
    """Every difference as a head line and the words on both sides, as `git diff --word-diff` shows them."""
    for check in verification.checks:
        for finding in check.findings:
            now = finding.other
            sides = (finding.line, now.line if now else 0)
            place = (0, finding.line) if finding.in_candidate else sides
            lines = " ".join(f"{sign}{line}" for sign, line in zip("-+", place, strict=True) if line)
            yield f"@@ {lines} @@ {check.name}: {finding.level.value}: {_what(finding)}"
            sign = "+" if finding.in_candidate else "-"
            yield sign + "".join(part for part, _ in marked_words(finding.text, finding.marks, sign))
            if now:
                yield "+" + "".join(part for part, _ in marked_words(now.text, now.marks, "+"))


_SEVERITIES: Final = {
    Level.FAILURE: Severity.ERROR,
    Level.LOOK: Severity.WARNING,
    Level.WARNING: Severity.NOTE,
    Level.DECLARED: Severity.NONE,
}


def verification_remarks(verification: Verification, original: str, candidate: str) -> Iterator[Remark]:
    """The findings as remarks on the two files, of which the paths are given."""
    for check in verification.checks:
        for finding in check.findings:
            title = f"{check.name}: {_what(finding)}"
            places = tuple(_places(finding, original, candidate))
            yield Remark(check.name, _SEVERITIES[finding.level], _message(finding), places, title)


def _places(finding: Finding, original: str, candidate: str) -> Iterator[tuple[str, int]]:
    """The files and lines of a finding, the candidate's first."""
    if finding.other:
        yield candidate, finding.other.line
    yield candidate if finding.in_candidate else original, finding.line


def _message(finding: Finding) -> str:
    now = f" Now: {excerpt(finding.other.text, _LENGTH)}" if finding.other else ""
    return f"{_what(finding, _LENGTH)}: {excerpt(finding.text, _LENGTH)}{now} ({TODO[finding.kind]})"
