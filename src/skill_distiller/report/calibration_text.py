"""Calibration in words, as a plot and for other programs."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from skill_distiller.calibration.entry import CalibrationEntry, Line, Outcome, write_line
from skill_distiller.calibration.outcomes import LEAST, Estimate, Pair, Stage
from skill_distiller.errors import UsageError
from skill_distiller.report.text import excerpt

if TYPE_CHECKING:
    from skill_distiller.calibration.outcomes import Finding, GroupSummary

_NAMED: Final = 5  # lines that a warning names
_NAME_LENGTH: Final = 40  # characters of a name that are shown in a table


def shown_score(score: float, floor: float, digits: int) -> float:
    """A score rounded, with as many more digits as it takes to show one that reaches a floor as no less than that."""
    while (shown := round(score, digits)) < floor <= score:
        digits += 1
    return shown


def estimate_text(estimate: Estimate, score: float, judged: float | None = None, floor: float = 0.0) -> tuple[str, str]:
    """The figure and what is said of it: `88%` and `84-92%; calibrated, N=12`.

    The figure is the score; once it is calibrated, the corrected one. What outcomes say until then stands beside it.
    `judged` is half the interval of the judge, in points: it stands in for the interval until that can be told, and is
    said beside it from then on. Intervals are rounded outward. A score of at least the `floor` is never shown as less.
    """
    own = "" if judged is None else _range(score - judged, score + judged)
    if estimate.stage is Stage.CALIBRATED:
        corrected, interval = estimate.corrected(score), estimate.interval(score)
        remarks = [_range(*interval) if interval else "", f"calibrated, N={estimate.n}"]
        remarks.append(f"the judge alone: {own}" if own else "")
        return f"{shown_score(corrected, floor, 0):g}%", "; ".join(filter(None, remarks))
    remarks = [own]
    if estimate.outcomes and estimate.stage is not Stage.UNCALIBRATED:
        after = f"{estimate.outcomes} outcome{'s' if estimate.outcomes > 1 else ''}"
        remarks.append(f"{round(estimate.corrected(score)):g}% after {after}, not yet calibrated")
    match estimate.stage:
        case Stage.UNCALIBRATED:
            remarks.append("uncalibrated - first 5 compressions build baseline")
        case Stage.BASELINE:
            remarks.append(f"building baseline, N={estimate.n}")
        case Stage.FEW_OUTCOMES:
            remarks.append(f"not calibrated, N={estimate.n}: {estimate.outcomes} of {LEAST} outcomes reported")
    return f"{shown_score(score, floor, 0):g}%", "; ".join(filter(None, remarks))


def _range(low: float, high: float) -> str:
    """An interval in whole points, rounded outward and within 0-100."""
    return f"{max(0, math.floor(low))}-{min(100, math.ceil(high))}%"


def unreadable_text(file: str, lines: Sequence[Line]) -> str:
    """One sentence that names the lines that were skipped."""
    numbers = ", ".join(str(line.number) for line in lines[:_NAMED])
    more = f" and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
    what, verb = ("line", "is") if len(lines) == 1 else ("lines", "are")
    return f"{file}: {what} {numbers}{more} can't be read and {verb} skipped; nothing is deleted."


def feedback_text(entry: CalibrationEntry) -> str:
    """What was recorded, and for which run."""
    actual = entry.actual or Outcome(0.0)  # there always is one
    history = entry.fields.get("actual_history")
    before = f"; {len(history)} earlier kept in its history" if isinstance(history, list) else ""
    run = f"{name(entry.skill) or 'no name'}, {name(entry.mode)}, {name(entry.timestamp)}"
    found = f"expected {entry.expected:g}%, actual {actual.functionality:g}%, {name(actual.result)}"
    return f"Recorded for {name(entry.id)} ({run}): {found}{before}"


def entry_lines(entries: Iterable[CalibrationEntry]) -> list[str]:
    """A table of entries, one a line, under a heading."""
    heading = ("id", "time", "skill", "mode", "by", "tokens", "expected", "actual", "outcome")
    return _aligned([heading, *map(_entry_row, entries)])


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
    heading = ("mode", "by", "N", "feedback", "bias", "mean error", "interval", "covered so far", "stage")
    return _aligned([heading, *map(_summary_row, groups)])


def _summary_row(summary: GroupSummary) -> tuple[str, ...]:
    width = summary.estimate.half_width
    return (
        name(summary.group.mode) or "-",
        made_by(summary.group.provider, summary.group.model),
        str(summary.runs),
        str(summary.outcomes),
        "-" if summary.bias is None else f"{summary.bias:+.1f}",
        "-" if summary.error is None else f"{summary.error:.1f}",
        "-" if width is None else f"+/- {width:.1f}",
        f"{summary.covered} of {summary.judged}" if summary.judged else "-",
        summary.estimate.stage.value,
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


_WIDTH, _HEIGHT = 51, 16  # characters of the text plot
_LEAST_SPAN: Final = 10.0  # points on each axis


def text_plot(pairs: Sequence[Pair]) -> list[str]:
    """A small scatter plot: `o` an outcome, digits several, `.` where actual and expected would agree."""
    low, high = _span(pairs)
    grid = [[" "] * _WIDTH for _ in range(_HEIGHT)]
    for column in range(_WIDTH):
        grid[_row(low + (high - low) * column / (_WIDTH - 1), low, high)][column] = "."
    counts: dict[tuple[int, int], int] = {}
    for expected, actual in pairs:
        place = (_row(actual, low, high), round((expected - low) / (high - low) * (_WIDTH - 1)))
        counts[place] = counts.get(place, 0) + 1
    for (row, column), count in counts.items():
        grid[row][column] = "o" if count == 1 else str(count) if count < 10 else "+"
    lines = [f"{high - (high - low) * i / (_HEIGHT - 1):5.0f} |{''.join(row)}".rstrip() for i, row in enumerate(grid)]
    lines.append(f"      +{'-' * _WIDTH}")
    lines.append(f"       {low:<{_WIDTH - 4}.0f}{high:>4.0f}")
    return ["actual %", *lines, f"       {'expected %':^{_WIDTH}}".rstrip()]


def _span(pairs: Sequence[Pair]) -> tuple[float, float]:
    values = [value for pair in pairs for value in pair]
    low, high = min(values), max(values)
    middle, half = (low + high) / 2, max(_LEAST_SPAN, high - low) / 2
    return max(0.0, middle - half), min(100.0, middle + half)


def _row(value: float, low: float, high: float) -> int:
    return _HEIGHT - 1 - round((value - low) / (high - low) * (_HEIGHT - 1))


def draw_plot(pairs: Sequence[Pair], estimate: Estimate, title: str, form: str) -> bytes:
    """The same as a picture, `svg` or `png`, with the fitted correction and, where there is one, the interval.

    Raises UsageError where matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise UsageError(
            "A picture needs matplotlib, which is not installed.",
            "Run `pip install 'skill-distiller[plot]'`, or leave -o out for a plot in the terminal.",
        ) from None
    low, high = _span(pairs)
    # Text of a file is never markup, and equal data give equal bytes.
    with rc_context({"text.parse_math": False, "text.usetex": False, "svg.hashsalt": "skill-distiller"}):
        figure = Figure(figsize=(6, 6), layout="constrained")
        axes = figure.add_subplot()
        values = [low + (high - low) * i / 100 for i in range(101)]
        corrected = [estimate.corrected(value) for value in values]
        axes.plot(values, values, color="0.6", linestyle=":", label="actual = expected")
        axes.plot(values, corrected, color="tab:blue", label=f"fitted correction ({estimate.bias:+.1f} points)")
        bounds = [interval for value in values if (interval := estimate.interval(value))]
        if bounds:
            lows, highs = ([bound[side] for bound in bounds] for side in (0, 1))
            axes.fill_between(values, lows, highs, color="tab:blue", alpha=0.12, label="90 % prediction interval")
        expected, actual = ([pair[side] for pair in pairs] for side in (0, 1))
        axes.scatter(expected, actual, color="tab:orange", s=22, alpha=0.8, label="reported outcomes")
        axes.set(xlabel="expected functionality (%)", ylabel="actual functionality (%)", title=title)
        axes.legend(loc="best", fontsize="small")
        picture = io.BytesIO()
        figure.savefig(picture, format=form, metadata={"Date": None} if form == "svg" else {"Software": None})
    return picture.getvalue()


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
