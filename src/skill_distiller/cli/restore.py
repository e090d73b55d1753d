"""The command `restore`: a saved plan applied once more, with some pieces back in full."""

from __future__ import annotations

from typing import Annotated

import typer

from skill_distiller.cli.arguments import AcceptUnproved, Output, Pieces, SavePlan, Source
from skill_distiller.cli.compress import Request, run_request
from skill_distiller.cli.option_groups import expand_groups
from skill_distiller.errors import UsageError


@expand_groups
def restore(
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
    save_plan: SavePlan = "",
    accept_unproved: AcceptUnproved = False,
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
    run_request(Request(path, pieces=pieces, output=output, source=source))
