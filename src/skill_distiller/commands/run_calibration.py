"""Calibration around one run of `compress`: the estimate before, the entry after, and never an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from skill_distiller.calibration import UNCALIBRATED, CalibrationStore, Estimate, calibrate
from skill_distiller.commands.options import LEARNINGS, OFF
from skill_distiller.errors import SkillDistillerError
from skill_distiller.reporting.calibration import unreadable_text
from skill_distiller.reporting.entry import made_with, to_entry

if TYPE_CHECKING:
    from skill_distiller.pipeline import Distillation
    from skill_distiller.providers.usage import Usage


class RunCalibration:
    """What earlier runs say of this one (`estimate`), and this one's entry (`id`, "" where there is none).

    Whatever goes wrong on the way is one of the `warnings`, each a sentence: a run does not fail
    because its calibration does. `usage` is what was asked of a language model, if any was: runs are
    compared with those of the same provider and model.
    """

    def __init__(
        self,
        learnings: str,
        distillation: Distillation,
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
        self.estimate = calibrate(ledger.entries, self._distillation.options.mode.value, *made_with(self._usage))

    def save(self) -> None:
        """Add the entry of this run, once."""
        if not self._save or not self._store:
            return
        self._save = False
        try:
            self.id = self._store.append(to_entry(self._distillation, self._usage))
        except (SkillDistillerError, ValueError) as error:
            self.warnings.append(f"This run is not in the calibration data. {error}")
