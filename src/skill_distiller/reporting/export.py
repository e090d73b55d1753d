"""Entries for other programs: JSON Lines as they stand, or CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from skill_distiller.calibration import CalibrationEntry
from skill_distiller.calibration.lines import write_line

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
_COLUMNS: Final = (
    "id", "timestamp", "skill", "mode", "threshold", "input_tokens", "output_tokens", "reduction_pct",
    "sections_total", "sections_kept", "sections_removed", "classification_confidence_mean",
    "functionality_score", "evaluation_method", "provider", "model", "analyzer", "analyzer_version", "encoding",
    "tool_version", "content_hash", "notes",
)  # fmt: skip


def to_jsonl(entries: Iterable[CalibrationEntry]) -> str:
    """One line of ASCII JSON an entry, with every field it has."""
    return b"".join(write_line(entry.fields) for entry in entries).decode()


def to_csv(entries: Iterable[CalibrationEntry]) -> str:
    """One row an entry: the simple fields, then expected, actual, outcome and note."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_COLUMNS, "expected", "actual", "outcome", "note"])
    for entry in entries:
        actual = entry.actual
        row = [entry.fields.get(column) for column in _COLUMNS]
        row += [entry.expected, *((actual.functionality, actual.result, actual.note) if actual else ("", "", ""))]
        writer.writerow([_cell(value) for value in row])
    return stream.getvalue()


def _cell(value: object) -> object:
    """A value a spreadsheet takes for what it is: text that looks like a formula gets an apostrophe."""
    if isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else ""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if text.startswith(_FORMULA) else text
