"""What surrounds a run: calibration before and after it, and what is told of it on stderr."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate, calibrate
from skill_distiller.calibration.store import CalibrationStore
from skill_distiller.cli.learnings import LEARNINGS, OFF
from skill_distiller.errors import SkillDistillerError
from skill_distiller.report.calibration_text import unreadable_text
from skill_distiller.report.console import print_calibration, print_notes, print_report
from skill_distiller.report.log_entry import made_with, to_entry
from skill_distiller.report.progress import usage_line
from skill_distiller.report.record import make_record
from skill_distiller.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from skill_distiller.providers.model import Usage
    from skill_distiller.run.config import Config
    from skill_distiller.run.result import Result


class RunCalibration:
    """What earlier runs say of this one (`estimate`), and this one's entry (`id`, "" where there is none).

    Whatever goes wrong on the way is one of the `warnings`, each a sentence: a run does not fail
    because its calibration does. `usage` is what was asked of a language model, if any was: runs are
    compared with those of the same provider and model.
    """

    def __init__(
        self,
        learnings: str,
        distillation: Result,
        usage: Usage | None = None,
        *,
        use: bool = True,
        save: bool = True,
    ) -> None:
        self.estimate: Estimate = UNCALIBRATED
        self.id = ""
        self.warnings: list[str] = []
        self._distillation = distillation
        self._usage = usage
        on = use and learnings != OFF
        self._store = CalibrationStore(Path(learnings or LEARNINGS)) if on else None
        self._save = save and on
        if self._store:
            self._look_up(self._store)

    @property
    def folder(self) -> str:
        """Where the entry is kept."""
        return str(self._store.folder) if self._store else ""

    def _look_up(self, store: CalibrationStore) -> None:
        try:
            ledger = store.read()
        except (SkillDistillerError, ValueError) as error:  # ValueError: a NUL byte in the path
            self.warnings.append(f"No calibration: {error}")
            self._save = False
            return
        if ledger.unreadable:
            self.warnings.append(unreadable_text(str(store.file), ledger.unreadable))
        self.estimate = calibrate(ledger.entries, self._distillation.run.options.mode.value, *made_with(self._usage))

    def save(self) -> None:
        """Add the entry of this run, once."""
        if not self._save or not self._store:
            return
        self._save = False
        try:
            self.id = self._store.append(to_entry(make_record(self._distillation, self.estimate, usage=self._usage)))
        except (SkillDistillerError, ValueError) as error:
            self.warnings.append(f"This run is not in the calibration data. {error}")


def report(
    distillation: Result,
    run: RunCalibration,
    console: Console,
    usage: Usage | None,
    *,
    verbose: bool,
    notes_only: bool,
) -> None:
    """Print the report of a run, or its notes and warnings alone."""
    record = make_record(distillation, run.estimate, run.id, usage)
    if notes_only:
        print_notes(record, console)
        return
    print_report(record, console, verbose=verbose)
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
