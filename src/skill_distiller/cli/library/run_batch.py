"""A batch from the command line: work on every skill below some paths, tell what becomes of each, sum up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.cli.input_output import write_stdout
from skill_distiller.cli.library.paths import JOBS, job_count
from skill_distiller.cli.options.option_groups import option
from skill_distiller.errors import RefusedError, StoppedError, UsageError, reason_of
from skill_distiller.library.batch_work import Batch, Work
from skill_distiller.library.distill_many import MOST_SECONDS, distill_many
from skill_distiller.library.find_skills import FoundSkill, PassedOver, Search, find_skills, none_found
from skill_distiller.library.journal import SCHEMA, Journal, Outcome, State, Tally, outcome_to_json
from skill_distiller.report.audit_text import outcome_line, print_batch, widened
from skill_distiller.report.console import open_console
from skill_distiller.report.text import printable
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.tokens import load_counter

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


class Engine(StrEnum):
    """Who does the work: processes of this machine, or a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the work is done."""

    jobs: int = JOBS
    engine: Engine = option(
        Engine.LOCAL, "--engine", help="Processes of this machine, or a Ray cluster (skill-distiller[ray])."
    )
    address: str = option(
        "", "--address", metavar="HOST:PORT", help="The head of the cluster. Default: one is started."
    )

    @property
    def cluster(self) -> str | None:
        """The address of the cluster, None for this machine; raises UsageError for one without the engine."""
        if self.address and self.engine is not Engine.RAY:
            raise UsageError("--address is that of a Ray cluster.", "Add --engine ray.")
        return self.address if self.engine is Engine.RAY else None


class FailOn(StrEnum):
    """Which outcomes make the exit code 6."""

    NEVER = "never"
    FAILED = "failed"
    REFUSED = "refused"


_FAILING: Final = {
    FailOn.NEVER: (),
    FailOn.FAILED: (State.FAILED,),
    FailOn.REFUSED: (State.FAILED, State.REFUSED),
}


@dataclass(frozen=True, slots=True)
class Handling:
    """Where results go, what counts as a failure, and what is told."""

    output: str = option("", "--output", "-o", metavar="OUT", help="The folder of results, with a journal in it.")
    fail_on: FailOn = option(
        FailOn.FAILED, "--fail-on", help="Exit code 6 where a skill failed, or (refused) was refused too; or never."
    )
    force: bool = option(False, "--force", help="Overwrite results that were changed by hand.")
    yes: bool = option(
        False, "--yes", "-y", help="Approve in advance the results for skills that themselves make skills smaller."
    )
    most_seconds: float = option(
        MOST_SECONDS, "--most-seconds", min=0.1, metavar="SECONDS", help="Give up on a skill that takes longer."
    )
    json_: bool = option(False, "--json", help="Print a line of JSON for each skill as it is done.")
    verbose: bool = option(False, "--verbose", "-v", help="A line for each skill, as it is done.")
    quiet: bool = option(False, "--quiet", "-q", help="Print nothing but errors.")


@dataclass(frozen=True, slots=True)
class Library:
    """The skills of a batch: the paths they were named by, how those are looked through, the most bytes of one."""

    paths: list[str]
    search: Search
    max_bytes: int

    def found(self) -> Iterator[FoundSkill | PassedOver]:
        """The skills, as they are found."""
        return find_skills(self.paths, self.search)


WithModel = Callable[["Console", ExitStack], Work]


def run_batch(library: Library, work: Work | WithModel, handling: Handling, engines: Engines) -> None:
    """Work on every skill of a library; what takes a console and an end of all gives the work when it is due.

    Raises what refuses the folder of results, and Exit with 6 where skills failed.
    """
    cluster = engines.cluster
    out = library.search.apart
    assert out is not None
    if not any(isinstance(found, FoundSkill) for found in library.found()):  # before anything is written
        raise none_found()
    console = widened(open_console(stderr=True, soft_wrap=True))
    tally = Tally()
    try:
        with ExitStack() as ends:
            made = work(console, ends) if callable(work) else work
            batch = Batch(made, out, library.max_bytes, handling.force)
            journal = ends.enter_context(Journal(out).opened())
            # One bar at a time: where a model is asked, it counts the calls.
            step = ends.enter_context(_progress(library, console, quiet=handling.quiet or made.in_process))
            for item in distill_many(
                library.found(),
                batch,
                journal,
                jobs=job_count(engines.jobs),
                cluster=cluster,
                most_seconds=handling.most_seconds,
                on_defect=partial(_tell_defect, console),
            ):
                step()
                _take(item, tally, handling, console)
            journal.close()
            gone = sorted(set(journal.places()) - journal.touched)
    except KeyboardInterrupt:
        raise StoppedError("Stopped.", "Run the same command again: it goes on where it was.") from None
    if not handling.quiet:
        counting = made.counting
        print_batch(tally, gone, load_counter(counting.encoding, offline=counting.offline).mark, console)
        console.print(f"Written: {printable(str(out))}")
    if any(tally.states[state] for state in _FAILING[handling.fail_on]):
        raise typer.Exit(RefusedError.exit_code)


def folder_of_results(name: str, paths: list[str]) -> Path:
    """The folder of results; raises UsageError and RefusedError for a place that is none."""
    if not name:
        raise UsageError("batch needs a folder for the results.", "Name one: -o OUT.")
    try:
        out = Path(name).resolve()
        if out.exists() and not out.is_dir():
            raise RefusedError(f"{name!r} is no folder.", "Name a folder with -o.")
        for path in map(Path, paths):
            own = path.parent if path.name == SKILL_FILE else path
            source = own.resolve()
            if source.is_relative_to(out) and source.exists():
                raise RefusedError(f"{name!r} is or holds what is read.", "Name another folder with -o.")
            if out.is_relative_to(source) and (source / SKILL_FILE).exists():
                raise RefusedError(f"{name!r} is inside a skill that is read.", "Name a place outside of it with -o.")
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"Can't write to {name!r}: {reason_of(error)}.", "Name another folder with -o.") from None
    return out


def _take(item: tuple[Outcome, bool] | PassedOver, tally: Tally, handling: Handling, console: Console) -> None:
    """Count an outcome, and tell of it what is asked for."""
    if isinstance(item, PassedOver):
        tally.passed_over += 1
        if not handling.quiet:
            console.print(f"Passed over: {printable(str(item.path))}: {printable(item.reason)}")
        return
    outcome, worked = item
    tally.add(outcome, worked=worked)
    if handling.json_:
        write_stdout(json.dumps({"schema": SCHEMA, **outcome_to_json(outcome), "earlier": not worked}) + "\n")
    elif handling.verbose:
        console.print(outcome_line(outcome))


def _tell_defect(console: Console, trace: str) -> None:
    if trace:
        console.print(printable(trace.rstrip()), style="dim")


@contextmanager
def _progress(library: Library, console: Console, *, quiet: bool) -> Iterator[_Step]:
    """What to call after each skill: on a terminal it moves a bar, with the rate and the time left."""
    if quiet or not console.is_terminal:
        yield _Step()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(isinstance(found, FoundSkill) for found in library.found())
    columns = (
        TextColumn("Skills"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Step(progress, progress.add_task("", total=total, rate=""))


@dataclass(frozen=True, slots=True)
class _Step:
    """One skill more."""

    progress: Progress | None = None
    task: TaskID | None = None

    def __call__(self) -> None:
        if self.progress and self.task is not None:
            speed = self.progress.tasks[self.task].speed
            self.progress.update(self.task, advance=1, rate=f"{speed:.0f}/s" if speed else "")
