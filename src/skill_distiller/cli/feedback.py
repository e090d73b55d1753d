"""`skill-distiller feedback` and `calibration`: what use has taught, told and looked at."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.cli.learnings import LEARNINGS, LearningsDir, open_store, read_whole
from skill_distiller.cli.option_groups import expand_groups
from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.skill.safe_files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skill_distiller.calibration.entry import CalibrationEntry
    from skill_distiller.calibration.outcomes import Report

_MOST_BYTES: Final = 10_000_000  # of an exam


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
    from skill_distiller.report.calibration_text import feedback_text

    for entry in open_store(learnings_dir).record(reports):
        typer.echo(feedback_text(entry))


def _reports(id_: str, actual: float | None, outcome: str, note: str, from_exam: str) -> tuple[Report, ...]:
    from skill_distiller.calibration.outcomes import Report, make_outcome, parse_reports

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
            return sys.stdin.buffer.read(_MOST_BYTES).decode("utf-8")
        return read_regular(Path(path), _MOST_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise BadInputError("The exam is not UTF-8 text.", "Convert it to UTF-8.") from None
    except (OSError, ValueError) as error:
        raise BadInputError(
            f"Can't read {path!r}: {reason_of(error)}.", "Name the JSON of an exam, or - for stdin."
        ) from None


_FORMS: Final = ("jsonl", "csv")
_PICTURES: Final = (".svg", ".png")
_ODD: Final = 3  # exit code of `doctor` with findings

calibration = typer.Typer(
    add_completion=False,
    help="Look at past runs and at how good the estimates are.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Provider = Annotated[str, typer.Option(metavar="NAME", help="Only runs of this provider.", show_default=False)]
SkillName = Annotated[str, typer.Option("--skill", metavar="NAME", help="Only runs of this skill.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Runs:
    """Which runs are looked at; "" leaves none out."""

    mode: Annotated[str, typer.Option(metavar="MODE", help="Only runs of this mode.", show_default=False)] = ""
    provider: Provider = ""
    skill: SkillName = ""

    def among(self, entries: Iterable[CalibrationEntry]) -> list[CalibrationEntry]:
        """Those of the entries that are meant."""
        return [
            entry
            for entry in entries
            if self.mode in ("", entry.mode)
            and self.provider in ("", entry.provider)
            and self.skill in ("", entry.skill)
        ]


def _print_json(value: object) -> None:
    import json

    typer.echo(json.dumps(value, indent=2))


@calibration.command("list")
@expand_groups
def list_(
    runs: Runs,
    feedback: Annotated[
        bool | None, typer.Option("--feedback/--no-feedback", help="Only runs with (without) feedback.")
    ] = None,
    last: Annotated[int, typer.Option(min=0, metavar="N", help="Only the latest N; 0 means all.")] = 0,
    json_: Json = False,
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """List the runs, oldest first."""
    from skill_distiller.report.calibration_text import entry_lines

    entries = runs.among(read_whole(open_store(learnings_dir)).entries)
    if feedback is not None:
        entries = [entry for entry in entries if (entry.actual is not None) == feedback]
    entries = entries[-last:] if last else entries
    if json_:
        _print_json([entry.fields for entry in entries])
    elif entries:
        typer.echo("\n".join(entry_lines(entries)))
    else:
        typer.echo("No runs.", err=True)


@calibration.command()
@expand_groups
def stats(
    runs: Runs,
    json_: Json = False,
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """Show how good the estimates have been, by mode and provider."""
    from dataclasses import asdict

    from skill_distiller.calibration.outcomes import summarize
    from skill_distiller.report.calibration_text import summary_lines

    groups = summarize(runs.among(read_whole(open_store(learnings_dir)).entries))
    if json_:
        _print_json([asdict(group) for group in groups])
    elif groups:
        typer.echo("\n".join(summary_lines(groups)))
    else:
        typer.echo("No runs.", err=True)


@calibration.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="For example c1.")],
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """Print one run with all its fields, as JSON."""
    ledger = read_whole(open_store(learnings_dir))
    entry = ledger.find(id_)
    if entry is None:
        nearest = ", ".join(ledger.nearest(id_))
        hint = f"Nearest ids: {nearest}." if nearest else "Compress a skill here first."
        raise BadInputError(f"There is no calibration entry {id_!r}.", hint)
    _print_json(entry.fields)


@calibration.command()
@expand_groups
def export(
    form: Annotated[str, typer.Option("--format", metavar="jsonl|csv", help="JSON Lines or CSV.")] = "jsonl",
    *,
    runs: Runs,
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """Print all runs for other programs, those of the archive included."""
    from skill_distiller.report.calibration_text import to_csv, to_jsonl
    from skill_distiller.report.text import printable_lines

    if form not in _FORMS:
        raise UsageError(f"There is no format {form!r}.", f"Choose one of: {', '.join(_FORMS)}.")
    entries = runs.among(read_whole(open_store(learnings_dir)).entries)
    typer.echo(to_jsonl(entries) if form == "jsonl" else printable_lines(to_csv(entries)), nl=False)


@calibration.command()
def doctor(learnings_dir: LearningsDir = LEARNINGS) -> None:
    """Name what is odd: torn lines, duplicate ids, runs from the future. Changes nothing; exit code 3 with findings."""
    from datetime import UTC, datetime

    from skill_distiller.calibration.outcomes import examine
    from skill_distiller.report.calibration_text import finding_lines
    from skill_distiller.report.text import plural

    store = open_store(learnings_dir)
    ledger = store.read(whole=True)
    findings = examine(ledger, datetime.now(UTC))
    for line in finding_lines(findings, store.file.name, store.archive.name):
        typer.echo(line)
    if findings:
        raise typer.Exit(_ODD)
    typer.echo(f"Nothing odd in {plural(len(ledger.entries), 'run')}.", err=True)


@calibration.command()
def plot(
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write a picture instead, .svg or .png.", show_default=False
        ),
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing picture.")] = False,
    mode: Annotated[str, typer.Option(metavar="MODE", help="The mode to show.")] = "threshold",
    provider: Provider = "",
    skill: SkillName = "",
    learnings_dir: LearningsDir = LEARNINGS,
) -> None:
    """Plot expected against actual functionality. In the terminal, or with -o as a picture."""
    from skill_distiller.calibration.estimate import LATEST, calibrate, pairs_of
    from skill_distiller.report.calibration_text import draw_plot, name, text_plot

    entries = Runs(mode, provider, skill).among(read_whole(open_store(learnings_dir)).entries)
    pairs = pairs_of(entries)[-LATEST:]
    if not pairs:
        raise BadInputError(f"No run of mode {mode!r} has feedback yet.", "Give some with `skill-distiller feedback`.")
    estimate = calibrate(entries, mode)
    title = f"mode {name(mode)}: {len(pairs)} outcomes, {estimate.stage.value}"
    if not output:
        legend = f"o an outcome, digits several, . actual = expected; fitted correction {estimate.bias:+.1f} points"
        typer.echo("\n".join([title, *text_plot(pairs), legend]))
        return
    from skill_distiller.cli.input_output import check_target, write_atomically

    file = Path(output)
    if file.suffix.lower() not in _PICTURES:
        raise UsageError(f"{output!r} is not the name of a picture.", "End it with .svg or .png.")
    target = check_target(file, None, folder_given=False, force=force)
    write_atomically(target, draw_plot(pairs, estimate, title, file.suffix.lower()[1:]))
    typer.echo(f"Written: {name(str(target))}", err=True)
