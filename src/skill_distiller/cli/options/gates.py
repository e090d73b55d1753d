"""The options of gates, which `compress` and `reduce` have: which gate a result has to pass, and with which exam."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from skill_distiller.cli.options.completion import one_of
from skill_distiller.cli.options.option_groups import option
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Mode

EXAM: Final = "exam"
ADAPTIVE: Final = "adaptive"
FAITHFULNESS: Final = "faithfulness"
GATES: Final = (FAITHFULNESS, EXAM, ADAPTIVE)
_PANEL: Final = "Aim"

GATE: Final[list[str] | None] = option(
    None,
    "--gate",
    panel=_PANEL,
    metavar="|".join(GATES),
    complete=one_of(*GATES),
    help="faithfulness: what stays in other words says all that it said, or comes back. exam: what carries the "
    "criteria of an exam that the result fails comes back. Both at most twice; with --strict what fails then is "
    "refused. adaptive: the smallest result that answers 9 of 10 questions as the original does. Can be repeated.",
)
GATE_OF_REDUCE: Final[list[str] | None] = option(
    None,
    "--gate",
    panel=_PANEL,
    metavar=EXAM,
    help="exam: what carries the criteria of an exam that an agent fails with the result, and not with the original, "
    "comes back (at most twice; with --strict what fails then is refused). Without a model nothing can fail: what "
    "moved is all there.",
)
EXAM_FILE: Final[str] = option(
    "",
    "--exam",
    panel=_PANEL,
    metavar="FILE",
    help="The exam for --gate. Default: that of the skill, else one by program (adaptive: questions of a model).",
)


def check_gates(names: Collection[str], exam_file: str, *, allowed: Collection[str] = GATES) -> None:
    """Raise UsageError for gates that are none or exclude each other, and for an exam that none of them takes."""
    unknown = next((name for name in names if name not in GATES), "")
    if unknown:
        raise UsageError(f"There is no gate {unknown!r}.", f"Gates: {', '.join(allowed)}.")
    if other := [name for name in names if name not in allowed]:
        raise UsageError(f"--gate={other[0]} has no meaning here.", f"Use --gate={', '.join(allowed)}.")
    if ADAPTIVE in names and len(set(names)) > 1:
        raise UsageError("--gate=adaptive goes with no other gate.", "Name one of them.")
    if exam_file and not {EXAM, ADAPTIVE} & set(names):
        raise UsageError("--exam needs --gate.", "Give --gate=exam or --gate=adaptive.")


def check_gates_of(names: Collection[str], exam_file: str, mode: Mode, *, plan: bool) -> None:
    """The same for `compress`, whose mode and plan may leave gates no room."""
    check_gates(names, exam_file)
    if names and (plan or mode is Mode.ONELINER):
        raise UsageError("--gate chooses again, which a plan and oneliner mode don't allow.", "Leave it out.")
    if ADAPTIVE in names and mode is Mode.TOKENS:
        raise UsageError("--gate=adaptive finds the size itself.", "Leave --tokens out, or use --gate=exam.")
