"""The command `compress`, and the run behind `restore`: options in, product on stdout, report on stderr."""

from __future__ import annotations

from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.text import Text

from skill_distiller.cli.approval.self_compression import COMPRESSED_FILE, SelfCompression, find_self_compression
from skill_distiller.cli.input_output import (
    STDIN,
    Target,
    find_target,
    names_several,
    read_input,
    write_json,
    write_stdout,
    write_target,
)
from skill_distiller.cli.learnings import LEARNINGS_DIR, LEARNINGS_VARIABLE, OFF, RunCalibration
from skill_distiller.cli.options.arguments import Goal, Output, Pieces, Source, exclude, options_of, with_budget
from skill_distiller.cli.options.models import ModelOptions
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.cli.options.show_config import is_default, print_settings, with_settings
from skill_distiller.cli.plan_file import (
    check_pieces,
    folder_to_move_in,
    plan_target,
    plan_written,
    refuse_settled,
    with_plan,
)
from skill_distiller.errors import ProviderError, RefusedError, UsageError
from skill_distiller.planning.plan import Mode
from skill_distiller.report.console import ConsoleWatcher, open_console, print_notes, print_report
from skill_distiller.report.json_record import stage_line, to_json
from skill_distiller.report.losses import diff_of
from skill_distiller.report.record import Record, make_record
from skill_distiller.report.text import printable
from skill_distiller.rewriting.redundant import PhraseScorer
from skill_distiller.run.config import Config, load_config
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Note, NoteKind, Result
from skill_distiller.run.run import (
    Chosen,
    Counting,
    DistillOptions,
    KeptPieces,
    Run,
    choose_backends,
    choose_token_scorer,
    watch_nothing,
)
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill

_LONG_INPUT: Final = 200_000  # characters; from there on a terminal sees that work goes on


@expand_groups
def compress(
    context: typer.Context,
    paths: list[str] | None = argument(
        None,
        metavar="PATH...",
        help="A SKILL.md, a skill folder, or - (or nothing) for stdin. Several, folders of skills, or patterns: into a "
        "folder, in place, or to look at.",
    ),
    *,
    goal: Goal,
    pieces: Pieces,
    output: Output,
    source: Source,
    models: ModelOptions,
    no_calibration: bool = option(
        False, "--no-calibration", panel="Calibration", help="Neither use nor add to the calibration data."
    ),
    learnings_dir: str = LEARNINGS_DIR,
    debug_stages: bool = option(False, "--debug-stages", help="Print each stage's result as a line of JSON on stderr."),
    to_references: bool = option(
        False,
        "--to-references",
        panel="Output",
        help="Not here: `skill-distiller reduce DIR -o OUT` moves text into files beside.",
    ),
) -> None:
    """Make a skill smaller. The result goes to stdout, the report with its receipt to stderr."""
    paths = paths or [STDIN]
    if to_references:
        raise UsageError(
            "compress writes one file, and moved text needs more.",
            f"Write: skill-distiller reduce {paths[0] if paths[0] != STDIN else 'DIR'} -o OUT",
        )
    if pieces.plan:
        refuse_settled(context)
    config = load_config(source.config, use=not source.no_config)
    if is_default(context, "learnings_dir"):
        learnings_dir = config.values.get("learnings", "")
    goal, source = with_settings(goal, config, context), with_settings(source, config, context)
    models, learnings = with_settings(models, config, context), OFF if no_calibration else learnings_dir
    request = Request(paths[0], goal, pieces, output, source, models, learnings, debug_stages, config)
    if names_several(paths):
        from skill_distiller.cli.library.batch import compress_several

        compress_several(request, paths)
    else:
        run_request(request)


@dataclass(frozen=True, slots=True)
class Request:
    """All that a command was asked for: the skill at `path`, the groups of options, the folder of learnings or OFF.

    What the `config` sets is in the options already, but for patterns and sections to keep.
    """

    path: str
    goal: Goal = field(default_factory=Goal)
    pieces: Pieces = field(default_factory=Pieces)
    output: Output = field(default_factory=Output)
    source: Source = field(default_factory=Source)
    models: ModelOptions = field(default_factory=ModelOptions)
    learnings: str = OFF
    debug_stages: bool = False
    config: Config = field(default_factory=Config)


def run_request(request: Request) -> None:
    """Read the skill, make it smaller and hand out what was asked for; raises whatever one of the steps refuses."""
    console = open_console(stderr=True, soft_wrap=True)
    job = _prepare(request)
    result, chosen = _distill(request, job, console)
    _hand_out(request, job, result, chosen, console)


@dataclass(frozen=True, slots=True)
class _Job:
    """What is settled before a skill is distilled: all that was read, the options, the guard, what will be written."""

    skill: Skill
    settings: Config
    scorer: PhraseScorer | None
    options: DistillOptions
    guard: SelfCompression | None
    target: Target | None
    plan_file: Path | None
    folder: SkillFolder | None = None  # in which pieces may move, read where they can


def _prepare(request: Request) -> _Job:
    """Everything that can be refused is refused here: nothing is sent and nothing written before."""
    pieces, output, source = request.pieces, request.output, request.source
    options = options_of(request.goal)
    output.check()
    check_pieces(pieces, options.mode)
    pieces.check_gates(options.mode)
    if pieces.interactive and request.path == STDIN:
        raise UsageError("--interactive reads your answers from stdin.", "Name the skill by its path.")
    exclude(("--interactive", pieces.interactive, "--quiet", output.quiet))
    settings = request.config
    scorer = choose_token_scorer(request.models.token_scorer)
    skill = read_input(request.path, source.max_bytes)
    options = with_plan(options, pieces)
    if output.apply and options.mode is Mode.ONELINER:
        raise UsageError("Three lines are no skill; --apply has no meaning with --mode=oneliner.", "Use -o FILE.")
    shows_only = output.only_shows or (output.to_stdout and options.mode is Mode.ONELINER)
    guard = find_self_compression(skill, options, yes=output.yes, delivers=not shows_only)
    folder_given = request.path != STDIN and Path(request.path).is_dir()
    file = "" if output.to_stdout else output.file
    if guard and skill.path and not (output.file or shows_only or output.json_ or folder_given):
        file = str(skill.path.with_name(COMPRESSED_FILE))
    target = _target(request, skill, file, folder_given=folder_given, guarded=guard is not None)
    if pieces.interactive and not (pieces.save_plan or output.dry_run):
        from skill_distiller.cli.approval.interactive import plan_name

        pieces = replace(pieces, save_plan=plan_name(skill))
    plan_file = plan_target(
        pieces, skill, target.file if target else None, folder_given=folder_given, force=output.force
    )
    options = replace(
        options,
        threshold=guard.threshold if guard else options.threshold,
        counting=Counting(source.encoding, request.models.offline),
        patterns=settings.patterns,
        keep=_pieces_to_keep(pieces, settings, skill, options),
    )
    options = with_budget(options, request.goal, skill)
    writes_folder = folder_given and (target.folder is not None if target else output.only_shows)
    folder = folder_to_move_in(options, pieces, request.path, source.max_bytes, writes_folder=writes_folder)
    return _Job(skill, settings, scorer, options, guard, target, plan_file, folder)


def _pieces_to_keep(pieces: Pieces, config: Config, skill: Skill, options: DistillOptions) -> KeptPieces:
    """What the command line and the plan name, and the headings that the configuration has for a skill of this name."""
    ids, named = tuple(pieces.keep or ()), tuple(pieces.keep_section or ())
    if options.plan or options.mode is Mode.ONELINER:
        return KeptPieces(ids, named, options.plan.moved if options.plan else (), pieces.no_drop)
    headings = tuple(dict.fromkeys((*named, *config.keep.get(skill.name, ()))))
    return KeptPieces(ids, headings, everything=pieces.no_drop)


def _target(request: Request, skill: Skill, file: str, *, folder_given: bool, guarded: bool) -> Target | None:
    """Where the result goes, None for stdout; raises what the place refuses."""
    output, whole = request.output, folder_given and not request.goal.is_one_liner
    if output.apply and guarded:
        raise RefusedError("A skill that makes skills smaller is never overwritten.", "Write to another file with -o.")
    if output.apply:
        from skill_distiller.cli.approval.in_place import check_in_place

        return Target(check_in_place(skill.path, force=output.force), in_place=True)
    return find_target(file, skill.path, folder_given=folder_given, force=output.force, whole=whole) if file else None


def _distill(request: Request, job: _Job, console: Console) -> tuple[Result, Chosen]:
    """The run itself, with who did the thinking in it; a model that nobody named may fail, and it goes on without."""
    models = replace(request.models, provider="embedded") if job.options.plan else request.models
    try:
        return _distill_with(models, request, job, console)
    except ProviderError as error:
        if not models.takes_what_is_there:
            raise
        result, chosen = _distill_with(replace(models, provider="embedded"), request, job, console)
        return replace(result, notes=(*result.notes, Note(NoteKind.WITHOUT_MODEL, str(error)))), chosen


def _distill_with(models: ModelOptions, request: Request, job: _Job, console: Console) -> tuple[Result, Chosen]:
    """The run with these models; how far it has come is shown on a terminal."""
    quiet, debug = request.output.quiet, request.debug_stages
    with ExitStack() as ends:
        named = not models.takes_what_is_there
        watcher = None if quiet else ends.enter_context(closing(ConsoleWatcher(console, named=named)))
        opened = choose_backends(
            models,
            (job.skill,),
            watcher,
            accept_unproved=request.pieces.accept_unproved,
            one_liner=job.options.mode is Mode.ONELINER,
        )
        chosen = ends.enter_context(closing(opened))
        if len(job.skill.text) >= _LONG_INPUT and console.is_terminal and not (quiet or debug or chosen.sessions):
            ends.enter_context(console.status("Distilling …"))
        backends = chosen.backends.with_scorer(job.scorer)
        observe = (lambda stage, value: typer.echo(stage_line(stage, value), err=True)) if debug else None
        if request.pieces.gates:
            from skill_distiller.cli.pass_gates import distill_gated

            run = Run(job.options, backends, observe or watch_nothing)
            result = distill_gated(run, job.skill, request.path, request.pieces, models, console, quiet=quiet)
        else:
            result = distill(job.folder or job.skill, job.options, backends, observe)
        if request.pieces.interactive:
            from skill_distiller.cli.approval.interactive import with_answers

            result = with_answers(result, backends, console, job.folder)
    return job.guard.with_notes(result) if job.guard else result, chosen


def _hand_out(request: Request, job: _Job, result: Result, chosen: Chosen, console: Console) -> None:
    """Ask where a human has to approve, then write and print the product, the calibration entry and the report."""
    output = request.output
    record = make_record(result, tuple(session.usage for session in chosen.sessions))
    # A plan that was made before, or edited, says nothing of how good the estimates of runs are.
    run = RunCalibration(record, OFF if job.options.plan else request.learnings, save=not output.only_shows)
    earlier = run.results
    if earlier and earlier.holds(result.original.text):
        result = replace(result, notes=(*result.notes, Note(NoteKind.SECOND_PASS)))
        run.record = replace(run.record, result=result)
    asks = job.guard is not None and job.guard.must_ask
    if job.guard and asks:  # nobody can approve what they have not seen
        _report(run.record, output, console)
        job.guard.ask(run.record, job.target.file if job.target else None, console)
    # The product first: whatever becomes of the report, the result is where it was asked for. Where it can't be
    # written the plan is not either, and the other way round.
    with plan_written(job.plan_file, result) if job.plan_file and not output.dry_run else nullcontext():
        backup = deliver(run, job.target, output)
    run.save()
    if earlier and run.record.entry_id and result.changed and not result.one_liner:
        earlier.add(result.text)
    with suppress(BrokenPipeError):
        if not asks:
            _report(run.record, output, console)
        if not output.quiet:
            _close_report(run, job, output, chosen.hint, console)
            if not output.dry_run:
                _print_written(job, result, backup, console)


def deliver(run: RunCalibration, target: Target | None, output: Output) -> Path | None:
    """Write the result to its place, and to stdout what `output` asks for; a backup that was made, if any."""
    result, backup = run.record.result, None
    if target and not output.dry_run:
        backup = write_target(target, result, force=output.force)
    if output.json_:
        run.save()  # before the record is printed, which names the entry
        write_json(to_json(run.record))
    elif output.diff:
        write_stdout(diff_of(result))
    elif not target and not output.dry_run:
        write_stdout(result.text)
    return backup


def _print_written(job: _Job, result: Result, backup: Path | None, console: Console) -> None:
    """Print the places that were written to, and where what was there before is kept."""
    target = job.target
    if target and not target.in_place:
        console.print(f"Written: {printable(str(target.folder or target.file))}")
        if backup:
            console.print(f"The folder that was there is now {printable(str(backup))}")
    elif target and result.changed:
        console.print(f"Applied: {printable(str(target.file))}; its original is {printable(str(backup))}")
        console.print("To take it back: skill-distiller undo")
    elif target:
        console.print("Nothing to apply: the file is as it was.")
    if job.plan_file:
        console.print(f"Written: {printable(str(job.plan_file))}")


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
    print_settings(settings, console)
    if settings.patterns:
        protected, advisory = len(settings.patterns.protected), len(settings.patterns.advisory)
        own = f" and {settings.base.file}" if settings.base and settings.base.patterns else ""
        console.print(printable(f"Patterns from {settings.file}{own}: {protected} protected, {advisory} advisory"))
    for warning in run.warnings:
        console.print(Text(f"Warning: {printable(warning)}", style="yellow"))
    if (entry := run.record.entry_id) and not output.json_:
        feedback = f"skill-distiller feedback --id={entry} --actual=0-100 --outcome=worked|partial|failed"
        console.print(f"Saved as {entry} in {printable(run.folder)}; after use: {feedback}")
        if run.is_new:
            console.print(f"Such a line of figures, no text, is kept of each run; {LEARNINGS_VARIABLE}=off ends that.")
    if hint and output.verbose:
        console.print(hint)
