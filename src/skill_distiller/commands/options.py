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

Output = Annotated[
    str,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write the result to this file instead of stdout.", show_default=False
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing files (never the input).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report only; write nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Print a unified diff instead of the result.")]
RecordAsJson = Annotated[
    bool, typer.Option("--json", help="Print the record of the run as JSON instead of the result and the report.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Report every section and every changed block.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No report; errors only.")]
Encoding = Annotated[str, typer.Option(metavar="NAME", help="The tiktoken encoding to count tokens in, or `estimate`.")]
MaxBytes = Annotated[int, typer.Option(min=1, metavar="N", help="Refuse an input of more bytes.")]
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
    bool,
    typer.Option("--yes", "-y", help="Approve in advance the result for a skill that itself makes skills smaller."),
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


def exclude(*pairs: tuple[str, bool, str, bool]) -> None:
    """Raises UsageError where both options of a pair, each with whether it is given, are given."""
    for a, has_a, b, has_b in pairs:
        if has_a and has_b:
            raise UsageError(f"{a} and {b} exclude each other.", "Give one of them.")
