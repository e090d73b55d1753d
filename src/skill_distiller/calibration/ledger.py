"""What a store holds, and what an append must know without reading it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry, Line, id_number
from skill_distiller.calibration.log_files import open_regular, read_tail, replace_file

_NEAREST: Final = 3  # ids offered in place of an unknown one


@dataclass(frozen=True)
class Ledger:
    """The lines of the store and those read of its archive."""

    live: tuple[Line, ...] = ()
    archived: tuple[Line, ...] = ()

    @cached_property
    def entries(self) -> tuple[CalibrationEntry, ...]:
        """Every entry once, oldest first.

        An entry that stands twice (same id, same time: a rotation was interrupted) counts once, as
        it stands last. Two runs that were given the same id (two stores were merged) are both there.
        """
        found = {(e.id, e.timestamp): e for e in _entries(self.archived)}
        found.update({(e.id, e.timestamp): e for e in _entries(self.live)})
        return tuple(found.values())

    @property
    def unreadable(self) -> tuple[Line, ...]:
        """The lines of the store, without its archive, that hold something but no entry."""
        return tuple(line for line in self.live if line.problem)

    @property
    def last(self) -> CalibrationEntry | None:
        """The entry of the latest run, None in an empty store."""
        return next(_entries(self.live[::-1]), None) or (self.entries[-1] if self.entries else None)

    def find(self, identifier: str) -> CalibrationEntry | None:
        """The entry with an id, the latest of several."""
        return next((entry for entry in reversed(self.entries) if entry.id == identifier), None)

    def nearest(self, identifier: str) -> list[str]:
        """The ids that somebody may have meant, the likeliest first."""
        known = {entry.id: entry.number for entry in self.entries}
        number = id_number(identifier if identifier.startswith("c") else f"c{identifier}")
        if number:
            return sorted(known, key=lambda name: (abs(known[name] - number), -known[name]))[:_NEAREST]
        return get_close_matches(identifier, known, _NEAREST, 0.0)


def _entries(lines: tuple[Line, ...]) -> Iterator[CalibrationEntry]:
    return (line.entry for line in lines if line.entry)


_MOST: Final = 4096  # bytes; the file holds a few numbers
_CHUNK: Final = 1 << 20  # bytes
_OVERLAP: Final = 64  # bytes; an id that a cut goes through is found in the next chunk
_ID: Final = re.compile(rb'"id"\s{0,4}:\s{0,4}"c([0-9]{1,40})"')


@dataclass(frozen=True, slots=True)
class Print:
    """What tells that a file is as it was: its number, size and time. All 0 for one that is not there."""

    inode: int = 0
    size: int = 0
    time: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """The number of the next id, how many entries the store holds, and the store that this is true of."""

    next: int
    entries: int
    file: Print


def take_print(path: Path) -> Print:
    """The print of a file as it is now."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return Print()
    return Print(status.st_ino, status.st_size, status.st_mtime_ns)


def load_state(path: Path) -> State | None:
    """The state that was kept, None where there is none that can be read."""
    try:
        values = json.loads(read_tail(path, _MOST))
        state = State(values["next"], values["entries"], Print(**values["file"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers = (state.next, state.entries, state.file.inode, state.file.size, state.file.time)
    return state if all(type(n) is int and n >= 0 for n in numbers) and state.next else None


def save_state(path: Path, state: State) -> None:
    """Keep a state; not waited for, as a lost one is derived anew."""
    replace_file(path, json.dumps(asdict(state)).encode() + b"\n", durable=False)


def highest_id(path: Path) -> int:
    """The highest number of an id in a file, torn and foreign lines included; 0 where there is none."""
    return max((int(match[1]) for chunk in _chunks(path) for match in _ID.finditer(chunk)), default=0)


def _chunks(path: Path) -> Iterator[bytes]:
    before = b""
    try:
        with open_regular(path, os.O_RDONLY) as descriptor:
            while chunk := os.read(descriptor, _CHUNK):
                yield before + chunk
                before = chunk[-_OVERLAP:]
    except FileNotFoundError:
        return
