"""Calibration in words: the stages as the reference words them, entries, statistics and findings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from skill_distiller.calibration import CalibrationEntry, Estimate, Stage
from skill_distiller.calibration.doctor import Finding
from skill_distiller.calibration.interval import LEAST
from skill_distiller.calibration.lines import Line
from skill_distiller.calibration.summary import GroupSummary
from skill_distiller.reporting.printable import excerpt

_NAMED: Final = 5  # lines that a warning names
_NAME_LENGTH: Final = 40  # characters of a name that are shown in a table


def estimate_text(estimate: Estimate, score: float, judged: float | None = None) -> tuple[str, str]:
    """The figure and what is said of it: `88% +/- 4%` and `calibrated, N=12`.

    `judged` is half the interval of the judge, in points: it stands in for the half-width until that
    can be told, and is said beside it from then on. Both are rounded up, so that what is shown holds
    no less than what is meant.
    """
    figure = f"{estimate.corrected(score):.0f}%"
    half_width = judged if estimate.half_width is None else estimate.half_width
    if half_width is not None:
        figure += f" +/- {math.ceil(half_width)}%"
    match estimate.stage:
        case Stage.UNCALIBRATED:
            remark = "uncalibrated - first 5 compressions build baseline"
        case Stage.BASELINE:
            remark = f"building baseline, N={estimate.n}"
        case Stage.FEW_OUTCOMES:
            remark = f"not calibrated, N={estimate.n}: {estimate.outcomes} of {LEAST} outcomes reported"
        case Stage.CALIBRATED:
            remark = f"calibrated, N={estimate.n}"
            if judged is not None:
                remark += f"; the judge alone: +/- {math.ceil(judged)}%"
    return figure, remark


def unreadable_text(file: str, lines: Sequence[Line]) -> str:
    """One sentence that names the lines that were skipped."""
    numbers = ", ".join(str(line.number) for line in lines[:_NAMED])
    more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    what = "line" if len(lines) == 1 else "lines"
    verb = "is" if len(lines) == 1 else "are"
    return f"{file}: {what} {numbers}{more} can't be read and {verb} skipped; nothing is deleted."


def feedback_text(entry: CalibrationEntry) -> str:
    """What was recorded, and for which run."""
    actual = entry.actual.functionality if entry.actual else 0.0
    result = entry.actual.result if entry.actual else ""
    history = entry.fields.get("actual_history")
    before = f"; {len(history)} earlier kept in its history" if isinstance(history, list) else ""
    return (
        f"Recorded for {name(entry.id)} ({name(entry.skill) or 'no name'}, {name(entry.mode)}, "
        f"{name(entry.timestamp)}): expected {entry.expected:g}%, actual {actual:g}%, {name(result)}{before}"
    )


def entry_lines(entries: Iterable[CalibrationEntry]) -> list[str]:
    """A table of entries, one a line, under a heading."""
    rows: list[Sequence[str]] = [("id", "time", "skill", "mode", "by", "tokens", "expected", "actual", "outcome")]
    rows += [_entry_row(entry) for entry in entries]
    return _aligned(rows)


def _entry_row(entry: CalibrationEntry) -> tuple[str, ...]:
    fields = entry.fields
    return (
        name(entry.id),
        name(entry.timestamp),
        name(entry.skill) or "-",
        name(entry.mode) or "-",
        made_by(entry.provider, entry.model),
        f"{_count(fields.get('input_tokens'))} → {_count(fields.get('output_tokens'))}",
        f"{entry.expected:g}%",
        f"{entry.actual.functionality:g}%" if entry.actual else "-",
        (name(entry.actual.result) or "-") if entry.actual else "-",
    )


def summary_lines(groups: Iterable[GroupSummary]) -> list[str]:
    """A table of statistics, a line for each mode and provider."""
    rows: list[Sequence[str]] = [("mode", "by", "N", "feedback", "bias", "MAE", "interval", "covered so far", "stage")]
    rows += [_summary_row(group) for group in groups]
    return _aligned(rows)


def _summary_row(group: GroupSummary) -> tuple[str, ...]:
    width = group.estimate.half_width
    return (
        name(group.mode) or "-",
        made_by(group.provider, group.model),
        str(group.runs),
        str(group.outcomes),
        "-" if group.bias is None else f"{group.bias:+.1f}",
        "-" if group.error is None else f"{group.error:.1f}",
        "-" if width is None else f"+/- {width:.1f}",
        f"{group.covered} of {group.judged}" if group.judged else "-",
        group.estimate.stage.value,
    )


def finding_lines(findings: Iterable[Finding], file: str, archive: str) -> list[str]:
    """A line for each finding: file, line, what is odd."""
    return [f"{archive if f.archived else file}:{f.line}: {f.kind.value}: {name(f.detail)}" for f in findings]


def made_by(provider: str, model: str) -> str:
    """Provider and model in one word, `-` where nothing is known."""
    return "/".join(name(part) for part in (provider, model) if part) or "-"


def name(text: str) -> str:
    """A text of a foreign file on one short line, safe to show."""
    return excerpt(text, _NAME_LENGTH)


def _count(value: object) -> str:
    return str(value) if isinstance(value, int) and abs(value) < 10**12 else "?"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
