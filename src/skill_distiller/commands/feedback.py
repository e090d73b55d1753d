"""`skill-distiller feedback`: how the use of a distilled skill went."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.commands.options import LEARNINGS, LearningsDir, open_store
from skill_distiller.errors import BadInputError, UsageError, reason_of

if TYPE_CHECKING:
    from skill_distiller.calibration import Report

_MOST: Final = 10_000_000  # characters of an exam


def feedback(
    id_: Annotated[
        str,
        typer.Option("--id", metavar="ID", help="The run, for example c1. Default: the latest.", show_default=False),
    ] = "",
    actual: Annotated[
        float | None, typer.Option(metavar="0-100", help="The functionality found in use, in percent.")
    ] = None,
    outcome: Annotated[
        str, typer.Option(metavar="worked|partial|failed", help="How it went.", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(metavar="TEXT", help="A remark to keep with it.", show_default=False)] = "",
    from_exam: Annotated[
        str,
        typer.Option(metavar="FILE", help="Take the results of an exam from JSON; - is stdin.", show_default=False),
    ] = "",
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """Tell how a distilled skill did in use. Later estimates learn from it."""
    reports = _reports(id_, actual, outcome, note, from_exam)
    from skill_distiller.reporting.calibration import feedback_text

    for entry in open_store(learnings_dir).record(reports):
        typer.echo(feedback_text(entry))


def _reports(id_: str, actual: float | None, outcome: str, note: str, from_exam: str) -> tuple[Report, ...]:
    from skill_distiller.calibration.report import Report, make_outcome, parse_reports

    if from_exam:
        if actual is not None or outcome or note:
            raise UsageError("--from-exam brings its own results.", "Leave --actual, --outcome and --note out.")
        reports = parse_reports(_read(from_exam))
        if id_ and (len(reports) > 1 or reports[0].id not in ("", id_)):
            raise UsageError("--id does not fit the results of the exam.", "Leave it out, or give one result without.")
        return tuple(Report(id_ or report.id, report.outcome) for report in reports)
    if actual is None or not outcome:
        raise UsageError(
            "Feedback needs --actual and --outcome.", "For example: feedback --id=c1 --actual=85 --outcome=worked."
        )
    if 0 < actual < 1:
        raise UsageError(
            f"--actual={actual:g} would be less than one percent.",
            f"It runs from 0 to 100: did you mean {actual * 100:g}?",
        )
    return (Report(id_, make_outcome(actual, outcome, note)),)


def _read(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.buffer.read(_MOST).decode("utf-8")
        with Path(path).open("rb") as stream:
            return stream.read(_MOST).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInputError("The exam is not UTF-8 text.", "Convert it to UTF-8.") from None
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"Can't read {path!r}: {reason_of(error)}.", "Name the JSON of an exam, or - for stdin."
        ) from None
