"""The folder of learnings, which holds the calibration data: the option that names it, and the store below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.errors import UsageError

if TYPE_CHECKING:
    from skill_distiller.calibration.log_files import Ledger
    from skill_distiller.calibration.store import CalibrationStore

LEARNINGS: Final = ".learnings"
OFF: Final = "off"  # in place of a folder: no calibration, as with --no-calibration

LearningsDir = Annotated[
    str,
    typer.Option(
        "--learnings-dir",
        envvar="SKILL_DISTILLER_LEARNINGS",
        metavar="DIR",
        help="The folder that holds the calibration data, or `off`.",
    ),
]


def open_store(learnings: str) -> CalibrationStore:
    """The store below a folder of learnings; raises UsageError where calibration is switched off."""
    from skill_distiller.calibration.store import CalibrationStore

    if learnings == OFF:
        raise UsageError("Calibration is switched off.", "Name its folder with --learnings-dir.")
    return CalibrationStore(Path(learnings or LEARNINGS))


def read_whole(store: CalibrationStore) -> Ledger:
    """Everything the store and its archive hold, with a warning on stderr for what can't be read."""
    from skill_distiller.report.calibration_text import unreadable_text
    from skill_distiller.report.text import printable

    ledger = store.read(whole=True)
    if ledger.unreadable:
        typer.echo(f"Warning: {printable(unreadable_text(str(store.file), ledger.unreadable))}", err=True)
    return ledger
