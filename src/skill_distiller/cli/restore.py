"""The command `restore`: a saved plan applied once more, with some pieces back in full."""

from __future__ import annotations

from skill_distiller.cli.arguments import SAVE_PLAN, Output, Pieces, Source
from skill_distiller.cli.compress import Request, run_request
from skill_distiller.cli.option_groups import argument, expand_groups, option
from skill_distiller.errors import UsageError


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
    *,
    output: Output,
    source: Source,
) -> None:
    """Bring pieces back. Writes the result of a saved plan, with these pieces as in the original."""
    if not plan:
        raise UsageError("restore needs the plan of the run.", "Give one: --plan=FILE, from compress --save-plan=FILE.")
    if not ids and not section:
        raise UsageError("Nothing to bring back.", "Name an id of the receipt, or a heading with --section.")
    pieces = Pieces(keep=ids, keep_section=section, plan=plan, save_plan=save_plan)
    run_request(Request(path, pieces=pieces, output=output, source=source))
