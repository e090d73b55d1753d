"""`skill-distiller restore`: apply a plan with some pieces back in full."""

from __future__ import annotations

from typing import Annotated

import typer

from skill_distiller.cli.arguments import (
    ConfigFile,
    Diff,
    DryRun,
    Encoding,
    Force,
    MaxBytes,
    NoConfig,
    Output,
    Quiet,
    RecordAsJson,
    Verbose,
    Yes,
)
from skill_distiller.cli.compress import compress
from skill_distiller.cli.input_output import MAX_BYTES
from skill_distiller.cli.plan_file import SavePlan
from skill_distiller.errors import UsageError
from skill_distiller.tokens import DEFAULT_ENCODING


def restore(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="The original: a SKILL.md, a skill folder, or - for stdin.",
            show_default=False,
        ),
    ],
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID...", help="The pieces to bring back, by their ids in the receipt.", show_default=False
        ),
    ] = None,
    plan: Annotated[
        str,
        typer.Option("--plan", metavar="FILE", help="The plan of the run, saved with --save-plan.", show_default=False),
    ] = "",
    section: Annotated[
        list[str] | None,
        typer.Option(
            "--section",
            metavar="HEADING",
            help="A section to bring back, with those below it. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    output: Output = "",
    save_plan: SavePlan = "",
    force: Force = False,
    dry_run: DryRun = False,
    diff: Diff = False,
    json_: RecordAsJson = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
    encoding: Encoding = DEFAULT_ENCODING,
    max_bytes: MaxBytes = MAX_BYTES,
    config: ConfigFile = "",
    no_config: NoConfig = False,
    yes: Yes = False,
) -> None:
    """Bring pieces back. Writes the result of a saved plan, with these pieces as in the original."""
    if not plan:
        raise UsageError("restore needs the plan of the run.", "Give one: --plan=FILE, from compress --save-plan=FILE.")
    if not ids and not section:
        raise UsageError("Nothing to bring back.", "Name an id of the receipt, or a heading with --section.")
    compress(
        context,
        path,
        keep=ids,
        keep_section=section,
        plan=plan,
        save_plan=save_plan,
        output=output,
        force=force,
        dry_run=dry_run,
        diff=diff,
        json_=json_,
        verbose=verbose,
        quiet=quiet,
        encoding=encoding,
        max_bytes=max_bytes,
        config=config,
        no_config=no_config,
        yes=yes,
    )
