"""Remarks on files in the forms that other programs read: SARIF, annotations of GitHub Actions, JUnit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from skill_distiller._version import __version__


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
