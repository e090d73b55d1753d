"""`skill-distiller feedback` and `calibration`: what use has taught, told and looked at."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.estimate import LATEST, calibrate, pairs_of
from skill_distiller.calibration.outcomes import Report, examine, make_outcome, parse_reports, summarize
from skill_distiller.cli.input_output import check_target, read_side_file, write_atomically
from skill_distiller.cli.learnings import LEARNINGS_DIR, open_store, read_whole
from skill_distiller.cli.options.option_groups import argument, command_group, expand_groups, option
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.report.calibration_text import (
    draw_plot,
    entry_lines,
    feedback_text,
    finding_lines,
    name,
    summary_lines,
    text_plot,
    to_csv,
    to_jsonl,
)
from skill_distiller.report.text import plural, printable_lines

_MOST_BYTES: Final = 10_000_000  # of an exam


@expand_groups
def feedback(
    id_: str = option("", "--id", metavar="ID", help="The run, for example c1. Default: the latest."),
    actual: float | None = option(None, metavar="0-100", help="The functionality found in use, in percent."),
    outcome: str = option("", metavar="worked|partial|failed", help="How it went."),
    note: str = option("", metavar="TEXT", help="A remark to keep with it."),
    from_exam: str = option("", metavar="FILE", help="Take the results of an exam from JSON; - is stdin."),
    learnings_dir: str = LEARNINGS_DIR,
) -> None:
    """Tell how a distilled skill did in use. Later estimates learn from it."""
    reports = _reports(id_, actual, outcome, note, from_exam)
    for entry in open_store(learnings_dir).record(reports):
        typer.echo(feedback_text(entry))


def _reports(id_: str, actual: float | None, outcome: str, note: str, from_exam: str) -> tuple[Report, ...]:
    if from_exam:
        if actual is not None or outcome or note:
            raise UsageError("--from-exam brings its own results.", "Leave --actual, --outcome and --note out.")
        hint = "Name the JSON of an exam, or - for stdin."
        reports = parse_reports(read_side_file(from_exam, _MOST_BYTES, hint, stdin=True))
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


_FORMS: Final = ("jsonl", "csv")
_PICTURES: Final = (".svg", ".png")

calibration = command_group("Look at past runs and at how good the estimates are.")

_PROVIDER: Final = option("", metavar="NAME", help="Only runs of this provider.")
_SKILL: Final = option("", metavar="NAME", help="Only runs of this skill.")
_JSON: Final = option(False, "--json", help="Print JSON.")


@dataclass(frozen=True, slots=True)
class Runs:
    """Which runs are looked at; "" leaves none out."""

    mode: str = option("", metavar="MODE", help="Only runs of this mode.")
    provider: str = _PROVIDER
    skill: str = _SKILL

    def read(self, learnings: str) -> list[CalibrationEntry]:
        """Those that the store below a folder of learnings holds, its archive included."""
        wanted = ((self.mode, "mode"), (self.provider, "provider"), (self.skill, "skill"))
        return [
            entry
            for entry in read_whole(open_store(learnings)).entries
            if all(value in ("", getattr(entry, field)) for value, field in wanted)
        ]


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2))


def _print_table(lines: list[str]) -> None:
    """Print a heading with the lines below it; where there are none, that is said on stderr."""
    typer.echo("\n".join(lines) if len(lines) > 1 else "No runs.", err=len(lines) < 2)


@calibration.command("list")
@expand_groups
def list_(
    runs: Runs,
    feedback: bool | None = option(None, "--feedback/--no-feedback", help="Only runs with (without) feedback."),
    last: int = option(0, min=0, show_default=True, metavar="N", help="Only the latest N; 0 means all."),
    json_: bool = _JSON,
    learnings_dir: str = LEARNINGS_DIR,
) -> None:
    """List the runs, oldest first."""
    entries = runs.read(learnings_dir)
    if feedback is not None:
        entries = [entry for entry in entries if (entry.actual is not None) == feedback]
    entries = entries[-last:] if last else entries
    if json_:
        _print_json([entry.fields for entry in entries])
    else:
        _print_table(entry_lines(entries))


@calibration.command()
@expand_groups
def stats(runs: Runs, json_: bool = _JSON, learnings_dir: str = LEARNINGS_DIR) -> None:
    """Show how good the estimates have been, by mode and provider."""
    groups = summarize(runs.read(learnings_dir))
    if json_:
        _print_json([asdict(group) for group in groups])
    else:
        _print_table(summary_lines(groups))


@calibration.command()
@expand_groups
def show(id_: str = argument(metavar="ID", help="For example c1."), learnings_dir: str = LEARNINGS_DIR) -> None:
    """Print one run with all its fields, as JSON."""
    _print_json(read_whole(open_store(learnings_dir)).find(id_).fields)


@calibration.command()
@expand_groups
def export(
    form: str = option("jsonl", "--format", metavar="jsonl|csv", help="JSON Lines or CSV."),
    *,
    runs: Runs,
    learnings_dir: str = LEARNINGS_DIR,
) -> None:
    """Print all runs for other programs, those of the archive included."""
    if form not in _FORMS:
        raise UsageError(f"There is no format {form!r}.", f"Choose one of: {', '.join(_FORMS)}.")
    entries = runs.read(learnings_dir)
    typer.echo(to_jsonl(entries) if form == "jsonl" else printable_lines(to_csv(entries)), nl=False)


@calibration.command()
@expand_groups
def doctor(learnings_dir: str = LEARNINGS_DIR) -> None:
    """Name what is odd: torn lines, duplicate ids, runs from the future. Changes nothing; exit code 3 with findings."""
    store = open_store(learnings_dir)
    ledger = store.read(whole=True)
    findings = examine(ledger, datetime.now(UTC))
    for line in finding_lines(findings, store.file.name, store.archive.name):
        typer.echo(line)
    if findings:
        raise typer.Exit(BadInputError.exit_code)
    typer.echo(f"Nothing odd in {plural(len(ledger.entries), 'run')}.", err=True)


@calibration.command()
@expand_groups
def plot(
    output: str = option("", "--output", "-o", metavar="FILE", help="Write a picture instead, .svg or .png."),
    force: bool = option(False, "--force", help="Overwrite an existing picture."),
    mode: str = option("threshold", metavar="MODE", help="The mode to show."),
    provider: str = _PROVIDER,
    skill: str = _SKILL,
    learnings_dir: str = LEARNINGS_DIR,
) -> None:
    """Plot expected against actual functionality. In the terminal, or with -o as a picture."""
    entries = Runs(mode, provider, skill).read(learnings_dir)
    pairs = pairs_of(entries)[-LATEST:]
    if not pairs:
        raise BadInputError(f"No run of mode {mode!r} has feedback yet.", "Give some with `skill-distiller feedback`.")
    estimate = calibrate(entries, mode)
    title = f"mode {name(mode)}: {len(pairs)} outcomes, {estimate.stage.value}"
    if not output:
        legend = f"o an outcome, digits several, . actual = expected; fitted correction {estimate.bias:+.1f} points"
        typer.echo("\n".join([title, *text_plot(pairs), legend]))
        return
    file = Path(output)
    if file.suffix.lower() not in _PICTURES:
        raise UsageError(f"{output!r} is not the name of a picture.", "End it with .svg or .png.")
    target = check_target(output, None, folder_given=False, force=force)
    write_atomically(target, draw_plot(pairs, estimate, title, file.suffix.lower()[1:]))
    typer.echo(f"Written: {name(str(target))}", err=True)
