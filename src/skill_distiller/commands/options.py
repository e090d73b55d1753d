"""Options that several commands share, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skill_distiller.errors import UsageError

if TYPE_CHECKING:
    from skill_distiller.calibration import CalibrationStore, Ledger

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
NoCalibration = Annotated[bool, typer.Option("--no-calibration", help="Neither use nor add to the calibration data.")]

ConfigFile = Annotated[
    str,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Take patterns from this TOML file. Default: the nearest .skill-distiller.toml, or pyproject.toml with "
        "[tool.skill-distiller], from the current folder up to the repository's root.",
        show_default=False,
    ),
]
NoConfig = Annotated[bool, typer.Option("--no-config", help="Use no configuration file.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Approve the result for a skill that makes skills smaller itself.")
]


def open_store(learnings: str) -> CalibrationStore:
    """The store below a folder of learnings; raises UsageError where calibration is switched off."""
    from skill_distiller.calibration import CalibrationStore

    if learnings == OFF:
        raise UsageError("Calibration is switched off.", "Name its folder with --learnings-dir.")
    return CalibrationStore(Path(learnings or LEARNINGS))


def read_whole(store: CalibrationStore) -> Ledger:
    """Everything the store and its archive hold, with a warning on stderr for what can't be read."""
    from skill_distiller.reporting.calibration import unreadable_text
    from skill_distiller.reporting.printable import printable

    ledger = store.read(whole=True)
    if ledger.unreadable:
        typer.echo(f"Warning: {printable(unreadable_text(str(store.file), ledger.unreadable))}", err=True)
    return ledger
