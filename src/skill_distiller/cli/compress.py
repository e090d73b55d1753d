"""The commands `compress` and `restore`: options in, product on stdout, report on stderr."""

from __future__ import annotations

from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from skill_distiller.cli.arguments import (
    ACCEPT_UNPROVED,
    ALLOW_UNVERIFIED,
    SAVE_PLAN,
    Goal,
    ModelOptions,
    Output,
    Pieces,
    Source,
    options_of,
)
from skill_distiller.cli.input_output import STDIN, check_target, read_input, write_atomically, write_json, write_stdout
from skill_distiller.cli.learnings import LEARNINGS_DIR, OFF, RunCalibration
from skill_distiller.cli.option_groups import argument, expand_groups, option
from skill_distiller.cli.plan_file import check_pieces, plan_target, plan_written, refuse_settled, with_plan
from skill_distiller.cli.self_compression import COMPRESSED_FILE, SelfCompression, find_self_compression
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.report.console import ConsoleWatcher, open_console, print_notes, print_report
from skill_distiller.report.json_record import stage_line, to_json
from skill_distiller.report.record import Record, make_record
from skill_distiller.report.text import printable, unified_diff
from skill_distiller.rewriting.redundant import PhraseScorer
from skill_distiller.run.backends import Chosen, choose_backends, choose_token_scorer
from skill_distiller.run.config import Config, load_config
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import Counting, DistillOptions, KeptPieces
from skill_distiller.skill.model import Skill

_LONG_INPUT: Final = 200_000  # characters; from there on a terminal sees that work goes on


@expand_groups
def compress(
    context: typer.Context,
    path: str = argument(STDIN, metavar="PATH", help="A SKILL.md, a skill folder, or - (or nothing) for stdin."),
    *,
    goal: Goal,
    pieces: Pieces,
    output: Output,
    source: Source,
    models: ModelOptions,
    no_calibration: bool = option(False, "--no-calibration", help="Neither use nor add to the calibration data."),
    learnings_dir: str = LEARNINGS_DIR,
    debug_stages: bool = option(False, "--debug-stages", help="Print each stage's result as a line of JSON on stderr."),
) -> None:
    """Make a skill smaller. The result goes to stdout, the report with its receipt to stderr."""
    if pieces.plan:
        refuse_settled(context)
    learnings = OFF if no_calibration else learnings_dir
    run_request(Request(path, goal, pieces, output, source, models, learnings, debug_stages))


@expand_groups
def restore(
    path: str = argument(metavar="PATH", help="The original: a SKILL.md, a skill folder, or - for stdin."),
    ids: list[str] | None = argument(
        None, metavar="ID...", help="The pieces to bring back, by their ids in the receipt."
    ),
    plan: str = option("", "--plan", metavar="FILE", help="The plan of the run, saved with --save-plan."),
    section: list[str] | None = option(
        None, "--section", metavar="HEADING", help="A section to bring back, with those below it. Can be repeated."
    ),
    save_plan: str = SAVE_PLAN,
    accept_unproved: bool = ACCEPT_UNPROVED,
    allow_unverified: bool = ALLOW_UNVERIFIED,
    *,
    output: Output,
    source: Source,
) -> None:
    """Bring pieces back. Writes the result of a saved plan, with these pieces as in the original."""
    if not plan:
        raise UsageError("restore needs the plan of the run.", "Give one: --plan=FILE, from compress --save-plan=FILE.")
    if not ids and not section:
        raise UsageError("Nothing to bring back.", "Name an id of the receipt, or a heading with --section.")
    pieces = Pieces(keep=ids, keep_section=section, plan=plan, save_plan=save_plan, accept_unproved=accept_unproved)
    goal = Goal(allow_unverified=allow_unverified)
    run_request(Request(path, goal, pieces, output, source))


@dataclass(frozen=True, slots=True)
class Request:
    """All that a command was asked for: the skill at `path`, the groups of options, the folder of learnings or OFF."""

    path: str
    goal: Goal = field(default_factory=Goal)
    pieces: Pieces = field(default_factory=Pieces)
    output: Output = field(default_factory=Output)
    source: Source = field(default_factory=Source)
    models: ModelOptions = field(default_factory=ModelOptions)
    learnings: str = OFF
    debug_stages: bool = False


def run_request(request: Request) -> None:
    """Read the skill, make it smaller and hand out what was asked for; raises whatever one of the steps refuses."""
    console = open_console(stderr=True, soft_wrap=True)
    job = _prepare(request)
    result, chosen = _distill(request, job, console)
    _hand_out(request, job, result, chosen, console)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is settled before a skill is distilled: all that was read, the options, the guard, the files to write."""

    skill: Skill
    settings: Config
    scorer: PhraseScorer | None
    options: DistillOptions
    guard: SelfCompression | None
    target: Path | None
    plan_file: Path | None


def _prepare(request: Request) -> _Job:
    """Everything that can be refused is refused here: nothing is sent and nothing written before."""
    pieces, output, source = request.pieces, request.output, request.source
    options = options_of(request.goal)
    output.check()
    check_pieces(pieces, options.mode)
    settings = load_config(source.config, use=not source.no_config)
    scorer = choose_token_scorer(request.models.token_scorer)
    skill = read_input(request.path, source.max_bytes)
    options = with_plan(options, pieces)
    shows_only = output.only_shows or (output.to_stdout and options.mode is Mode.ONELINER)
    guard = find_self_compression(skill, options, yes=output.yes, delivers=not shows_only)
    folder_given = request.path != STDIN and Path(request.path).is_dir()
    file = "" if output.to_stdout else output.file
    if guard and skill.path and not (output.file or shows_only or output.json_ or folder_given):
        file = str(skill.path.with_name(COMPRESSED_FILE))
    target = check_target(file, skill.path, folder_given=folder_given, force=output.force) if file else None
    plan_file = plan_target(pieces, skill, target, folder_given=folder_given, force=output.force)
    options = replace(
        options,
        threshold=guard.threshold if guard else options.threshold,
        counting=Counting(source.encoding, request.models.offline),
        patterns=settings.patterns,
        keep=KeptPieces(tuple(pieces.keep or ()), tuple(pieces.keep_section or ())),
    )
    return _Job(skill, settings, scorer, options, guard, target, plan_file)


def _distill(request: Request, job: _Job, console: Console) -> tuple[Result, Chosen]:
    """The run itself, with who did the thinking in it; how far it has come is shown on a terminal."""
    quiet, debug = request.output.quiet, request.debug_stages
    with ExitStack() as ends:
        watcher = None if quiet else ends.enter_context(closing(ConsoleWatcher(console)))
        opened = choose_backends(
            replace(request.models, provider="embedded") if job.options.plan else request.models,
            (job.skill,),
            watcher,
            accept_unproved=request.pieces.accept_unproved,
            one_liner=job.options.mode is Mode.ONELINER,
        )
        chosen = ends.enter_context(closing(opened))
        if len(job.skill.text) >= _LONG_INPUT and console.is_terminal and not (quiet or debug or chosen.session):
            ends.enter_context(console.status("Distilling …"))
        backends = chosen.backends.with_scorer(job.scorer)
        observe = (lambda stage, value: typer.echo(stage_line(stage, value), err=True)) if debug else None
        result = distill(job.skill, job.options, backends, observe)
    return job.guard.with_notes(result) if job.guard else result, chosen


def _hand_out(request: Request, job: _Job, result: Result, chosen: Chosen, console: Console) -> None:
    """Ask where a human has to approve, then write and print the product, the calibration entry and the report."""
    output = request.output
    record = make_record(result, chosen.session.usage if chosen.session else None)
    # A plan that was made before, or edited, says nothing of how good the estimates of runs are.
    run = RunCalibration(record, OFF if job.options.plan else request.learnings, save=not output.only_shows)
    asks = job.guard is not None and job.guard.must_ask
    if job.guard and asks:  # nobody can approve what they have not seen
        _report(run.record, output, console)
        job.guard.ask(run.record, job.target, console)
    # The product first: whatever becomes of the report, the result is where it was asked for. Where it can't be
    # written the plan is not either, and the other way round.
    with plan_written(job.plan_file, result) if job.plan_file and not output.dry_run else nullcontext():
        deliver(run, job.target, output)
    run.save()
    with suppress(BrokenPipeError):
        if not asks:
            _report(run.record, output, console)
        if not output.quiet:
            _close_report(run, job, output, chosen.hint, console)


def deliver(run: RunCalibration, target: Path | None, output: Output) -> None:
    """Write the result to its file, and to stdout whatever the options of `output` ask for.

    Raises RefusedError where the disk or stdout does not take it.
    """
    result = run.record.result
    if target and not output.dry_run:
        write_atomically(target, result.text.encode("utf-8"))
    if output.json_:
        run.save()  # before the record is printed, which names the entry
        write_json(to_json(run.record))
    elif output.diff:
        write_stdout(unified_diff(result))
    elif not target and not output.dry_run:
        write_stdout(result.text)


def _report(record: Record, output: Output, console: Console) -> None:
    """Print the report, or beside the record on stdout its notes and warnings alone."""
    if output.quiet:
        return
    if output.json_:
        print_notes(record, console)
    else:
        print_report(record, console, verbose=output.verbose)


def _close_report(run: RunCalibration, job: _Job, output: Output, hint: str, console: Console) -> None:
    """Print whose patterns counted, and what the run leaves behind: its calibration entry, and the files written."""
    settings = job.settings
    if settings.patterns:
        protected, advisory = len(settings.patterns.protected), len(settings.patterns.advisory)
        console.print(f"Patterns from {printable(str(settings.file))}: {protected} protected, {advisory} advisory")
    for warning in run.warnings:
        console.print(Text(f"Warning: {printable(warning)}", style="yellow"))
    if (entry := run.record.entry_id) and not output.json_:
        feedback = f"skill-distiller feedback --id={entry} --actual=0-100 --outcome=worked|partial|failed"
        console.print(f"Saved as {entry} in {printable(run.folder)}; after use: {feedback}")
    if hint:
        console.print(hint)
    for file in (job.target, job.plan_file):
        if file and not output.dry_run:
            console.print(f"Written: {printable(str(file))}")
