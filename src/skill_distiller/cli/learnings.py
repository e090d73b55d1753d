"""The folder of learnings: the option that names it, the store in it, what it says of a run, results known again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from skill_distiller.calibration.estimate import calibrate
from skill_distiller.calibration.log_files import Ledger
from skill_distiller.calibration.store import CalibrationStore
from skill_distiller.cli.input_output import data_folder
from skill_distiller.cli.options.option_groups import option
from skill_distiller.errors import SkillDistillerError, UsageError
from skill_distiller.report.calibration_text import unreadable_text
from skill_distiller.report.text import printable
from skill_distiller.skill.safe_files import read_regular, staged

if TYPE_CHECKING:
    from skill_distiller.report.record import Record


LEARNINGS: Final = ".learnings"
LEARNINGS_VARIABLE: Final = "SKILL_DISTILLER_LEARNINGS"
OFF: Final = "off"  # in place of a folder: no calibration, as with --no-calibration

LEARNINGS_DIR: Final = option(
    "",
    "--learnings-dir",
    envvar=LEARNINGS_VARIABLE,
    panel="Calibration",
    metavar="DIR",
    help="The folder that holds the calibration data, or `off`. Default: .learnings of the project, else the user's "
    "data folder.",
)
_PROJECT: Final = (LEARNINGS, ".git", "pyproject.toml")  # what a project has at its root


def default_learnings() -> str:
    """The folder of learnings where none is named: `.learnings` at the project's root, else in the user's data folder.

    Above the working folder only folders of the user's own count: others may be anybody's.
    """
    try:
        here = Path.cwd()
        home = Path.home()
    except (OSError, RuntimeError):  # the folder was deleted; nobody's home
        return str(data_folder() / "learnings")
    for folder in (here, *here.parents):
        if folder != here and (folder == home or not _is_own(folder)):
            break
        if any(os.path.lexists(folder / name) for name in _PROJECT):
            return LEARNINGS if folder == here else str(folder / LEARNINGS)
    return str(data_folder() / "learnings")


def _is_own(folder: Path) -> bool:
    return not hasattr(os, "geteuid") or folder.stat().st_uid == os.geteuid()


def open_store(learnings: str) -> CalibrationStore:
    """The store below a folder of learnings; raises UsageError where calibration is switched off."""
    if learnings == OFF:
        raise UsageError("Calibration is switched off.", "Name its folder with --learnings-dir.")
    return CalibrationStore(Path(learnings or default_learnings()))


def read_whole(store: CalibrationStore) -> Ledger:
    """Everything the store and its archive hold, with a warning on stderr for what can't be read."""
    ledger = store.read(whole=True)
    if ledger.unreadable:
        typer.echo(f"Warning: {printable(unreadable_text(str(store.file), ledger.unreadable))}", err=True)
    return ledger


class RunCalibration:
    """The `record` of a run with what earlier runs say of it, and once it is saved with the id of its own entry.

    Runs are compared with those of the same mode, provider and model. Whatever goes wrong on the way
    is one of the `warnings`, each a sentence: a run does not fail because its calibration does.
    """

    def __init__(self, record: Record, learnings: str, *, save: bool) -> None:
        self.record = record
        self.warnings: list[str] = []
        self._store = None if learnings == OFF else open_store(learnings)
        self._save = save
        self._is_new = False
        with self._no_reason_to_fail("No calibration: "):
            self._look_up()

    @property
    def results(self) -> Results | None:
        """The results of earlier runs, None where nothing is kept."""
        return Results(self._store.folder) if self._store else None

    @property
    def is_new(self) -> bool:
        """Whether the entry of this run is the first in its place."""
        return self._is_new

    @property
    def folder(self) -> str:
        """Where the entry is kept."""
        return str(self._store.folder) if self._store else ""

    def _look_up(self) -> None:
        if not self._store:
            return
        ledger = self._store.read()
        if ledger.unreadable:
            self.warnings.append(unreadable_text(str(self._store.file), ledger.unreadable))
        mode = self.record.result.run.options.mode
        self.record = replace(self.record, estimate=calibrate(ledger.entries, mode, *self.record.made_with))

    def save(self) -> None:
        """Add the entry of this run, once."""
        if not self._save or not self._store:
            return
        self._save = False
        from skill_distiller.report.json_record import to_entry  # not for those who only read the store

        with self._no_reason_to_fail("This run is not in the calibration data. "):
            self._is_new = not self._store.file.exists()
            self.record = replace(self.record, entry_id=self._store.append(to_entry(self.record)))

    @contextmanager
    def _no_reason_to_fail(self, what: str) -> Iterator[None]:
        try:
            yield
        except (SkillDistillerError, ValueError) as error:  # ValueError: a NUL byte in the path
            self.warnings.append(f"{what}{error}")
            self._save = False


_FILE: Final = "results.txt"
_MOST: Final = 5000  # results that are remembered
_LINE_BYTES: Final = 65  # a SHA-256 in hex and a line feed


class Results:
    """The hashes of the results that were handed out, one a line, beside the calibration data.

    It is there for a warning, so it never fails: what can't be read is not known, what can't be written is forgotten.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE

    def holds(self, text: str) -> bool:
        """Whether a text is the result of an earlier run."""
        return _hash(text) in self._read()

    def add(self, text: str) -> None:
        """Remember a result; the oldest are forgotten."""
        known = self._read()
        own = _hash(text)
        if own in known:
            return
        try:
            if self._file.parent.is_symlink() or self._file.is_symlink():
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if known and len(known) < _MOST:
                with os.fdopen(os.open(self._file, os.O_WRONLY | os.O_APPEND), "w", encoding="ascii") as stream:
                    stream.write(f"{own}\n")
                return
            text = "".join(f"{one}\n" for one in [*known, own][-_MOST // 2 :])
            with staged(self._file, text.encode("ascii")):
                pass
        except (OSError, ValueError):
            return

    def _read(self) -> list[str]:
        try:
            content = read_regular(self._file, 2 * _MOST * _LINE_BYTES)
        except (OSError, ValueError):
            return []
        return [line for line in content.decode("ascii", "replace").split() if len(line) == _LINE_BYTES - 1]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
