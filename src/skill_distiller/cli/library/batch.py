"""The command `batch`: many skills made smaller at once, into a folder, with a journal to go on from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.cli.approval.self_compression import SelfCompression, find_self_compression
from skill_distiller.cli.input_output import write_stdout
from skill_distiller.cli.library.paths import PATHS, Looking, job_count
from skill_distiller.cli.options.arguments import PROVIDERS, Goal, ModelOptions, Source, exclude, options_of
from skill_distiller.cli.options.option_groups import expand_groups, option
from skill_distiller.errors import BadInputError, RefusedError, StoppedError, UsageError, reason_of
from skill_distiller.library.batch_outcomes import SCHEMA, Outcome, State, Tally, outcome_to_json
from skill_distiller.library.distill_many import MOST_SECONDS, Batch, distill_many
from skill_distiller.library.find_skills import FoundSkill, PassedOver, Search, find_skills
from skill_distiller.library.journal import Journal
from skill_distiller.planning.plan import Mode
from skill_distiller.report.console import ConsoleWatcher, open_console
from skill_distiller.report.library.library_text import outcome_line, print_batch, widened
from skill_distiller.report.text import printable
from skill_distiller.run.backends import choose_backends, choose_token_scorer
from skill_distiller.run.config import load_config
from skill_distiller.run.run import Counting, DistillOptions, check_options
from skill_distiller.skill.model import SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_FAILED: Final = 6


class Engine(StrEnum):
    """Who does the work: processes of this machine, or a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


@dataclass(frozen=True, slots=True)
class Engines:
    """Where the work is done."""

    jobs: int = option(
        0, "--jobs", min=0, metavar="N", help="How many processes work at once. Default: one for each core."
    )
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
class BatchModels(ModelOptions):
    """As for one skill, but that no language model is asked unless one is named: there may be thousands of calls."""

    provider: str = option(
        "embedded",
        metavar=PROVIDERS,
        help="Who classifies, rewrites and judges; see compress. With a language model skills are done one by one, in "
        "one session with one limit (--max-calls).",
    )


@expand_groups
def batch(
    paths: list[str] = PATHS,
    *,
    handling: Handling,
    engines: Engines,
    goal: Goal,
    looking: Looking,
    source: Source,
    models: BatchModels,
) -> None:
    """Make many skills smaller, into a folder.

    Each skill has one outcome: done, already minimal, refused or failed; a bad one stops no other. The folder of
    results holds the whole library, with the originals of skills that did not get smaller, and a journal: a run that
    was stopped, however, goes on where it was.
    """
    exclude(
        ("--json", handling.json_, "--verbose", handling.verbose),
        ("--verbose", handling.verbose, "--quiet", handling.quiet),
    )
    cluster = engines.cluster
    if cluster is not None and models.provider != "embedded":
        raise UsageError("A language model is asked from this process alone.", "Leave out --engine or --provider.")
    options = _options(goal, source, offline=models.offline)
    out = _folder_of_results(handling.output, paths)
    search = looking.search(paths, apart=out)
    if not any(isinstance(found, FoundSkill) for found in find_skills(paths, search)):  # before anything is written
        raise UsageError("No skill was found.", f"Name a folder with a {SKILL_FILE} in it, or below it.")
    console = widened(open_console(stderr=True, soft_wrap=True))
    work = Batch(options, out, partial(_guard, yes=handling.yes), source.max_bytes, handling.force)
    tally = Tally()
    try:
        with ExitStack() as ends:
            work = _with_model(work, models, partial(_readable, paths, search, source), console, ends)
            journal = ends.enter_context(Journal(out).opened())
            # One bar at a time: where a model is asked, it counts the calls.
            quiet = handling.quiet or work.backends is not None
            step = ends.enter_context(_progress(paths, search, console, quiet=quiet))
            for item in distill_many(
                find_skills(paths, search),
                work,
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
        print_batch(tally, gone, load_counter(source.encoding).mark, console)
        console.print(f"Written: {printable(str(out))}")
    if any(tally.states[state] for state in _FAILING[handling.fail_on]):
        raise typer.Exit(_FAILED)


def _with_model(
    work: Batch, models: BatchModels, skills: Callable[[], Iterator[Skill]], console: Console, ends: ExitStack
) -> Batch:
    """The same with the language model that is asked for, in one session for all skills."""
    scorer = choose_token_scorer(models.token_scorer)
    if models.provider == "embedded" and scorer is None:
        return work
    one_liner = work.options.mode is Mode.ONELINER
    watcher = ends.enter_context(closing(ConsoleWatcher(console)))
    chosen = choose_backends(models, skills(), watcher, accept_unproved=False, one_liner=one_liner)
    ends.enter_context(closing(chosen))
    asked = chosen.session.provider if chosen.session else None
    made_with = [asked.name, asked.model, models.with_ci] if asked else []
    backends = chosen.backends.with_scorer(scorer)
    return replace(work, backends=backends, made_with=json.dumps([*made_with, scorer.name if scorer else ""]))


def _readable(paths: list[str], search: Search, source: Source) -> Iterator[Skill]:
    """The skills that can be read, for what will be asked about them."""
    for found in find_skills(paths, search):
        if isinstance(found, FoundSkill):
            with suppress(BadInputError):
                yield read_skill(found.file, source.max_bytes)


def _options(goal: Goal, source: Source, *, offline: bool) -> DistillOptions:
    options = options_of(goal)
    settings = load_config(source.config, use=not source.no_config)
    options = replace(options, counting=Counting(source.encoding, offline), patterns=settings.patterns)
    check_options(options)
    load_counter(source.encoding, offline=offline)
    return options


def _guard(skill: Skill, options: DistillOptions, *, yes: bool) -> SelfCompression | None:
    return find_self_compression(skill, options, yes=yes, delivers=True)


def _folder_of_results(name: str, paths: list[str]) -> Path:
    """The folder of results, made where it is new; raises UsageError and RefusedError for a place that is none."""
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
def _progress(paths: list[str], search: Search, console: Console, *, quiet: bool) -> Iterator[_Step]:
    """What to call after each skill: on a terminal it moves a bar, with the rate and the time left."""
    if quiet or not console.is_terminal:
        yield _Step()
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    total = sum(isinstance(found, FoundSkill) for found in find_skills(paths, search))
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
