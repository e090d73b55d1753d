"""The store on disk: one line of JSON a run, safe against many processes, crashes and foreign lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry, Line, read_lines, split_lines, with_outcome, write_line
from skill_distiller.calibration.log_files import (
    MOST,
    Ledger,
    State,
    append_bytes,
    highest_id,
    join_lines,
    load_fields,
    load_state,
    read_file,
    read_tail,
    replace_file,
    save_state,
    split_oldest,
    take_print,
    waiting_files,
)
from skill_distiller.calibration.outcomes import Report
from skill_distiller.errors import BadInputError, RefusedError, SkillDistillerError, reason_of
from skill_distiller.skill.safe_files import sibling_name, staged

FOLDER: Final = "skill-distiller"  # inside the folder of learnings
_MOST_BYTES: Final = 64_000_000  # of the store; 1,000 entries are less than 1 MB
_MOST_ARCHIVED_BYTES: Final = 16 * _MOST_BYTES
_ARCHIVE_BYTES: Final = 4_000_000  # read of the end of an archive for an estimate: some 5,000 runs
PATIENCE_SECONDS: Final = 60.0  # that a process waits for its turn; many at once on a busy machine need more than 10
_TURN: Final = 0.005  # seconds between two tries
_HAS_OUTCOME: Final = re.compile(rb'"actual"\s*:\s*[^\sn]')  # anything but null
_ELSEWHERE: Final = "Name another folder with --learnings-dir, or use --no-calibration."
_NOW: Final = partial(datetime.now, UTC)


class _BusyError(RefusedError):
    """Other processes hold the store."""


class CalibrationStore:
    """The calibration data below a folder of learnings, usually `.learnings`.

    Whatever can't be written or read raises a SkillDistillerError with one sentence.
    """

    def __init__(self, learnings: Path, now: Callable[[], datetime] = _NOW, patience: float = PATIENCE_SECONDS) -> None:
        self.folder = learnings / FOLDER
        self.file = self.folder / "calibration.jsonl"
        self.archive = self.folder / "calibration.archive.jsonl"
        self._state = self.folder / ".calibration.state.json"
        self._lock = self.folder / ".calibration.lock"
        self._pending = self.folder / ".pending"
        self._now = now
        self._patience = patience

    def append(self, fields: Mapping[str, object]) -> str:
        """Add a run and give back its id. `id` and `timestamp` are set here, first in the line.

        Takes the same time whatever the store holds: it is read only when it was changed from outside
        or has to be rotated. Where other processes hold the store too long the run is kept beside it,
        for the next call to add, and that is a RefusedError.
        """
        try:
            with self._locked():
                for file in waiting_files(self._pending):
                    if (kept := load_fields(file)) is not None:
                        self._add(kept, str(kept["timestamp"]))
                    with suppress(OSError):
                        file.unlink()
                return self._add(fields, self._timestamp())
        except _BusyError as error:
            self._put_aside({**fields, "timestamp": self._timestamp()})
            raise RefusedError(f"{error} Its entry is kept for the next run.") from None

    def _add(self, fields: Mapping[str, object], timestamp: str) -> str:
        state = self._current_state()
        if state.entries > MOST:
            state = self._rotate(state)
        identifier = f"c{state.next}"
        given = {"id": identifier, "timestamp": timestamp}
        append_bytes(self.file, write_line({**given, **fields, **given}))
        self._keep(State(state.next + 1, state.entries + 1, take_print(self.file)))
        return identifier

    def _put_aside(self, fields: Mapping[str, object]) -> None:
        """Keep a run in a file of its own, which whoever gets the store next adds and removes."""
        try:
            self._pending.mkdir(exist_ok=True)
            file = sibling_name(self._pending / "run", ".json")
            with staged(file, write_line(fields)):
                pass
        except OSError as error:
            raise RefusedError(f"Can't write to {str(self.folder)!r}: {reason_of(error)}.", _ELSEWHERE) from None

    def record(self, reports: Sequence[Report]) -> tuple[CalibrationEntry, ...]:
        """Set the outcomes of runs, all or none, and give back the entries as they are now.

        A run that has one already keeps it in its history. Raises BadInputError for an unknown id,
        naming the nearest ones.
        """
        with self._locked():
            ledger = self.read(whole=True)
            changed: dict[str, CalibrationEntry] = {}
            if not ledger.entries:
                missing = f"There is no calibration entry in {str(self.folder)!r}."
                raise BadInputError(missing, "Compress a skill here first.")
            for report in reports:
                identifier = report.id or ledger.last.id
                entry = changed.get(identifier) or ledger.find(identifier)
                changed[identifier] = with_outcome(entry, report.outcome, self._timestamp())
            state = self._current_state()
            self._rewrite(self.archive, ledger.archived, changed)
            if self._rewrite(self.file, ledger.live, changed):
                self._keep(State(state.next, state.entries, take_print(self.file)))
            return tuple(changed.values())

    def read(self, *, whole: bool = False) -> Ledger:
        """What the store holds now; of its archive the latest runs that have an outcome, or with `whole` all."""
        self._check_folders()
        try:
            # The store first: a rotation between the two reads shows a run twice rather than never.
            live = self._read_live()
            if whole:
                archived = read_lines(split_lines(read_file(self.archive, _MOST_ARCHIVED_BYTES)))
            else:
                archived = read_lines(_with_outcome(read_tail(self.archive, _ARCHIVE_BYTES)))
        except OSError as error:
            raise BadInputError(f"Can't read {str(self.folder)!r}: {reason_of(error)}.", _ELSEWHERE) from None
        return Ledger(live, archived)

    def _read_live(self) -> tuple[Line, ...]:
        content = read_file(self.file, _MOST_BYTES)
        lines = read_lines(split_lines(content))
        if lines and lines[-1].problem and not lines[-1].raw.endswith(b"\n"):
            # Torn off, or being written just now: the store has changed by the time its size is taken.
            again = read_file(self.file, _MOST_BYTES)
            lines = lines if again == content else read_lines(split_lines(again))
        return lines

    def _check_folders(self) -> None:
        """Raise RefusedError where the store stands behind a link: what is written there may be anybody's."""
        for folder in (self.folder.parent, self.folder, self._pending):
            if folder.is_symlink():
                raise RefusedError(f"{str(folder)!r} is a link; nothing is read or written there.", _ELSEWHERE)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        self._check_folders()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._lock.is_symlink() or (self._lock.exists() and not self._lock.is_file()):
                raise RefusedError(f"{str(self._lock)!r} is not a regular file.", "Move it away.")
            with FileLock(self._lock, timeout=self._patience, poll_interval=_TURN):
                yield
        except Timeout:
            raise _BusyError(
                f"Other processes have held {str(self._lock)!r} for {self._patience:g} seconds.",
                "Try again when they are done.",
            ) from None
        except OSError as error:
            raise RefusedError(f"Can't write to {str(self.folder)!r}: {reason_of(error)}.", _ELSEWHERE) from None

    def _current_state(self) -> State:
        """The state that was kept, or the one derived from the files where they are not as they were left."""
        kept, now = load_state(self._state), take_print(self.file)
        if kept and kept.file == now:
            return kept
        entries = sum(line.entry is not None for line in self._read_live())
        given = max(highest_id(self.file), highest_id(self.archive), kept.next - 1 if kept else 0)
        return State(given + 1, entries, now)

    def _keep(self, state: State) -> None:
        """Keep the state; where that fails it is derived anew next time, and the run is recorded all the same."""
        with suppress(OSError, SkillDistillerError):
            save_state(self._state, state)

    def _rotate(self, state: State) -> State:
        """Move the oldest entries to the archive: there first, so that a crash can only double them."""
        oldest, rest = split_oldest(self._read_live())
        block = b"".join(line.raw for line in oldest)
        if read_tail(self.archive, len(block)) != block:  # it is, where a rotation was interrupted
            older = read_file(self.archive, _MOST_ARCHIVED_BYTES)
            replace_file(self.archive, join_lines([older, block] if older else [block]))
        replace_file(self.file, join_lines([line.raw for line in rest]))
        return State(state.next, sum(line.entry is not None for line in rest), take_print(self.file))

    def _rewrite(self, path: Path, lines: Sequence[Line], changed: Mapping[str, CalibrationEntry]) -> bool:
        """Put changed entries in the place of those they come from; whether there was any."""
        new = [_updated(line, changed) for line in lines]
        if new == [line.raw for line in lines]:
            return False
        replace_file(path, join_lines(new))
        return True

    def _timestamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _updated(line: Line, changed: Mapping[str, CalibrationEntry]) -> bytes:
    new = changed.get(line.entry.id) if line.entry else None
    same = new and line.entry and new.timestamp == line.entry.timestamp  # not another run of the same id
    return write_line(new.fields) if new and same else line.raw


def _with_outcome(tail: bytes) -> list[bytes]:
    """The lines that may hold an outcome; the first one is cut unless the whole file was read."""
    lines = split_lines(tail)
    if len(tail) >= _ARCHIVE_BYTES:
        lines = lines[1:]
    return [line for line in lines if _HAS_OUTCOME.search(line)]
