"""`feedback` and `calibration`: what use has taught; the folder that holds it, and what it says of a run."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.log_files import Ledger
from skill_distiller.calibration.outcomes import (
    LATEST,
    Report,
    calibrate,
    examine,
    make_outcome,
    pairs_of,
    parse_reports,
    summarize,
)
from skill_distiller.calibration.store import CalibrationStore
from skill_distiller.cli.input_output import check_target, data_folder, read_side_file, write_atomically
from skill_distiller.cli.options.option_groups import argument, command_group, expand_groups, option
from skill_distiller.errors import BadInputError, SkillDistillerError, UsageError
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
    unreadable_text,
)
from skill_distiller.report.text import plural, printable, printable_lines
from skill_distiller.skill.safe_files import read_regular, staged

if TYPE_CHECKING:
    from skill_distiller.report.record import Record

LEARNINGS: Final = ".learnings"
LEARNINGS_VARIABLE: Final = "SKILL_DISTILLER_LEARNINGS"
OFF: Final = "off"  # in place of a folder: no calibration, as with --no-calibration

LEARNINGS_DIR: Final = option(
    "",
    "--learnings-dir",
    envvar=LEARNINGS_VARIABLE,
    panel="Calibration",
    metavar="DIR",
    help="The folder that holds the calibration data, or `off`. Default: .learnings of the project, else the user's "
    "data folder.",
)
_PROJECT: Final = (LEARNINGS, ".git", "pyproject.toml")  # what a project has at its root


def default_learnings() -> str:
    """The folder of learnings where none is named: `.learnings` at the project's root, else in the user's data folder.

    Above the working folder only folders of the user's own count: others may be anybody's.
    """
    try:
        here = Path.cwd()
        home = Path.home()
    except (OSError, RuntimeError):  # the folder was deleted; nobody's home
        return str(data_folder() / "learnings")
    for folder in (here, *here.parents):
        if folder != here and (folder == home or not _is_own(folder)):
            break
        if any(os.path.lexists(folder / name) for name in _PROJECT):
            return LEARNINGS if folder == here else str(folder / LEARNINGS)
    return str(data_folder() / "learnings")


def _is_own(folder: Path) -> bool:
    return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()


def open_store(learnings: str) -> CalibrationStore:
    """The store below a folder of learnings; raises UsageError where calibration is switched off."""
    if learnings == OFF:
        raise UsageError("Calibration is switched off.", "Name its folder with --learnings-dir.")
    return CalibrationStore(Path(learnings or default_learnings()))


def read_whole(store: CalibrationStore) -> Ledger:
    """Everything the store and its archive hold, with a warning on stderr for what can't be read."""
    ledger = store.read(whole=True)
    if ledger.unreadable:
        typer.echo(f"Warning: {printable(unreadable_text(str(store.file), ledger.unreadable))}", err=True)
    return ledger


class RunCalibration:
    """The `record` of a run with what earlier runs say of it, and once it is saved with the id of its own entry.

    Runs are compared with those of the same mode, provider and model. Whatever goes wrong on the way
    is one of the `warnings`, each a sentence: a run does not fail because its calibration does.
    """

    def __init__(self, record: Record, learnings: str, *, save: bool) -> None:
        self.record = record
        self.warnings: list[str] = []
        self._store = None if learnings == OFF else open_store(learnings)
        self._save = save
        self._is_new = False
        with self._no_reason_to_fail("No calibration: "):
            self._look_up()

    @property
    def results(self) -> Results | None:
        """The results of earlier runs, None where nothing is kept."""
        return Results(self._store.folder) if self._store else None

    @property
    def is_new(self) -> bool:
        """Whether the entry of this run is the first in its place."""
        return self._is_new

    @property
    def folder(self) -> str:
        """Where the entry is kept."""
        return str(self._store.folder) if self._store else ""

    def _look_up(self) -> None:
        if not self._store:
            return
        ledger = self._store.read()
        if ledger.unreadable:
            self.warnings.append(unreadable_text(str(self._store.file), ledger.unreadable))
        mode = self.record.result.run.options.mode
        self.record = replace(self.record, estimate=calibrate(ledger.entries, mode, *self.record.made_with))

    def save(self) -> None:
        """Add the entry of this run, once."""
        if not self._save or not self._store:
            return
        self._save = False
        from skill_distiller.report.json_record import to_entry  # not for those who only read the store

        with self._no_reason_to_fail("This run is not in the calibration data. "):
            self._is_new = not self._store.file.exists()
            self.record = replace(self.record, entry_id=self._store.append(to_entry(self.record)))

    @contextmanager
    def _no_reason_to_fail(self, what: str) -> Iterator[None]:
        try:
            yield
        except (SkillDistillerError, ValueError) as error:  # ValueError: a NUL byte in the path
            self.warnings.append(f"{what}{error}")
            self._save = False


_FILE: Final = "results.txt"
_MOST: Final = 5000  # results that are remembered
_LINE_BYTES: Final = 65  # a SHA-256 in hex and a line feed


class Results:
    """The hashes of the results that were handed out, one a line, beside the calibration data.

    It is there for a warning, so it never fails: what can't be read is not known, what can't be written is forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def holds(self, text: str) -> bool:
        """Whether a text is the result of an earlier run."""
        return _hash(text) in self._read()

    def add(self, text: str) -> None:
        """Remember a result; the oldest are forgotten."""
        known = self._read()
        own = _hash(text)
        if own in known:
            return
        try:
            if self._file.parent.is_symlink() or self._file.is_symlink():
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if known and len(known) < _MOST:
                with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_APPEND), "w", encoding="ascii") as stream:
                    stream.write(f"{own}\n")
                return
            text = "".join(f"{one}\n" for one in [*known, own][-_MOST // 2 :])
            with staged(self._file, text.encode("ascii")):
                pass
        except (OSError, ValueError):
            return

    def _read(self) -> list[str]:
        try:
            content = read_regular(self._file, 2 * _MOST * _LINE_BYTES)
        except (OSError, ValueError):
            return []
        return [line for line in content.decode("ascii", "replace").split() if len(line) == _LINE_BYTES - 1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


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
