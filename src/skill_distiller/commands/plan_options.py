"""The options about pieces to keep and about plan files, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.commands.aim import DEFAULT_THRESHOLD, Aim
from skill_distiller.errors import RefusedError, UsageError

if TYPE_CHECKING:
    from skill_distiller.document import Skill
    from skill_distiller.pipeline import Distillation
    from skill_distiller.planning.saved_plan import SavedPlan

Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="ID",
        help="Keep a piece as it is, by its id in the receipt; a heading's id means its section. Can be repeated.",
        show_default=False,
    ),
]
KeepSection = Annotated[
    list[str] | None,
    typer.Option(
        "--keep-section",
        metavar="HEADING",
        help='Keep a section as it is, with those below it: "Examples", or "Usage > Examples". Can be repeated.',
        show_default=False,
    ),
]
PlanFile = Annotated[
    str,
    typer.Option(
        "--plan", metavar="FILE", help="Apply a saved plan, edited or not, instead of choosing.", show_default=False
    ),
]
SavePlan = Annotated[
    str,
    typer.Option(
        "--save-plan",
        metavar="FILE",
        help="Save to this file, as YAML, what became of every piece; --plan applies it.",
        show_default=False,
    ),
]
# What a plan has settled already, by the names of the parameters.
_SETTLED: Final = ("mode", "threshold", "tokens", "provider", "model", "with_ci")


@dataclass(frozen=True, slots=True)
class Pieces:
    """What is to be kept, and the plan files: `plan` to apply, `save` to write; "" for none."""

    keep: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    plan: str = ""
    save: str = ""


def check_pieces(pieces: Pieces, given: typer.Context, mode: str) -> None:
    """Raises UsageError for options of a command that do not go with these."""
    if pieces.plan:
        for name in _SETTLED:
            source = given.get_parameter_source(name)
            if source is not None and source.name == "COMMANDLINE":
                option = name.replace("_", "-")
                raise UsageError(
                    f"--plan and --{option} exclude each other.", "The plan says how every piece is written."
                )
    for option, asked in (("keep", pieces.keep), ("keep-section", pieces.sections), ("save-plan", pieces.save)):
        if asked and mode == "oneliner":
            raise UsageError(
                f"--{option} has no meaning with --mode=oneliner.", "Its three lines hold no pieces of the original."
            )


def load_plan(pieces: Pieces, aim: Aim) -> tuple[SavedPlan | None, Aim]:
    """The plan to apply, if any, with the aim that it was made with; raises BadInputError for a file that is none."""
    if not pieces.plan:
        return None, aim
    from skill_distiller.reporting.read_plan import read_plan

    saved = read_plan(Path(pieces.plan))
    return saved, _aim_of(saved)


def _aim_of(saved: SavedPlan) -> Aim:
    """The aim of a plan; the default one where its file does not say."""
    tokens, threshold = saved.settings.get("tokens"), saved.settings.get("threshold")
    if saved.settings.get("mode") == "tokens" and isinstance(tokens, int) and tokens > 0:
        return Aim("tokens", DEFAULT_THRESHOLD, tokens)
    if isinstance(threshold, int | float) and 0 <= threshold <= 1:
        return Aim("threshold", float(threshold), None)
    return Aim("threshold", DEFAULT_THRESHOLD, None)


def plan_target(pieces: Pieces, skill: Skill, product: Path | None, *, folder_given: bool, force: bool) -> Path | None:
    """The file to write the plan to, None where none is asked for.

    The rules are those of `check_target`; besides, neither plan may be the file of the product.
    """
    if pieces.plan and product and product.exists() and product.samefile(pieces.plan):
        raise RefusedError(f"{str(product)!r} is the plan; it is never overwritten.", "Name another file with -o.")
    if not pieces.save:
        return None
    from skill_distiller.commands.target import choose_target

    file = Path(pieces.save)
    if pieces.save == "-" or file.is_dir():
        raise UsageError(
            f"{pieces.save!r} is not a file that a plan can be written to.", "Name a file with --save-plan."
        )
    try:
        target = choose_target(file, skill, folder_given=folder_given, force=force)
    except (RefusedError, UsageError) as error:
        error.hint = error.hint.replace("-o.", "--save-plan.")
        raise
    if product and target.resolve() == product.resolve():
        raise UsageError("The result and the plan can't be the same file.", "Name another file with --save-plan.")
    return target


def write_plan(file: Path, distillation: Distillation) -> None:
    """Write the plan of a run; raises RefusedError when the disk does not take it, or no run would read it."""
    from skill_distiller.reporting.plan_file import MAX_PLAN, plan_text
    from skill_distiller.reporting.write import write_bytes

    content = plan_text(distillation).encode("utf-8")
    if len(content) > MAX_PLAN:
        raise RefusedError(f"The plan would be larger than {MAX_PLAN:,} bytes.", "Leave --save-plan out.")
    try:
        write_bytes(file, content)
    except RefusedError as error:
        error.hint = error.hint.replace("-o.", "--save-plan.")
        raise
