"""Tell on stderr what a run did, and what it leaves behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skill_distiller.reporting.calls import usage_line
from skill_distiller.reporting.console import print_calibration, print_notes, print_report
from skill_distiller.reporting.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from skill_distiller.commands.run_calibration import RunCalibration
    from skill_distiller.config import Config
    from skill_distiller.pipeline import Distillation
    from skill_distiller.providers.usage import Usage


def report(
    distillation: Distillation,
    run: RunCalibration,
    console: Console,
    usage: Usage | None,
    *,
    verbose: bool,
    notes_only: bool,
) -> None:
    """Print the report of a run, or its notes and warnings alone."""
    if notes_only:
        print_notes(distillation, console)
        return
    print_report(distillation, console, verbose=verbose, estimate=run.estimate)
    if usage and verbose:
        console.print(usage_line(usage))


def close_report(
    console: Console, run: RunCalibration, settings: Config, *, named: bool, hint: str, written: Sequence[Path]
) -> None:
    """Print what a run leaves behind: its calibration entry (`named`), and the files that it has `written`."""
    if settings.patterns:
        protected, advisory = len(settings.patterns.protected), len(settings.patterns.advisory)
        console.print(f"Patterns from {printable(str(settings.file))}: {protected} protected, {advisory} advisory")
    print_calibration(console, run.warnings, run.id if named else "", run.folder)
    if hint:
        console.print(hint)
    for file in written:
        console.print(f"Written: {printable(str(file))}")
