"""Files of the store, read, appended and rotated whole, never through a link or into a device; and what they hold."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry, Line, id_number
from skill_distiller.errors import BadInputError, RefusedError
from skill_distiller.skill.safe_files import staged, sync_folder

# NONBLOCK: a named pipe must not hold a run up before it is refused.
_SAFE: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK: Final = 1 << 20  # bytes


@contextmanager
def open_regular(path: Path, flags: int) -> Iterator[int]:
    """The descriptor of a regular file; raises RefusedError for a link, a device, a pipe or a folder."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise RefusedError(f"{str(path)!r} is not a regular file.", "Move it away, or name another --learnings-dir.")
    descriptor = os.open(path, flags | _SAFE, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise RefusedError(f"{str(path)!r} is not a regular file.", "Move it away.")
        yield descriptor
    finally:
        os.close(descriptor)


def read_file(path: Path, limit: int) -> bytes:
    """The content, empty for a file that is not there; raises RefusedError above `limit` bytes."""
    content = read_tail(path, limit + 1)
    if len(content) > limit:
        raise RefusedError(f"{str(path)!r} is larger than {limit:,} bytes.", "Move it away.")
    return content


def read_tail(path: Path, length: int) -> bytes:
    """The last `length` bytes at most, empty for a file that is not there."""
    try:
        with open_regular(path, os.O_RDONLY) as descriptor:
            os.lseek(descriptor, max(0, os.fstat(descriptor).st_size - length), os.SEEK_SET)
            pieces = []
            while length > 0 and (piece := os.read(descriptor, min(_CHUNK, length))):
                pieces.append(piece)
                length -= len(piece)
            return b"".join(pieces)
    except FileNotFoundError:
        return b""


def append_bytes(path: Path, content: bytes) -> None:
    """Add to the end and wait until it is on the disk; a last line without an end gets one first.

    Where the disk is full, what was written of it is taken back.
    """
    new = not path.exists()
    with open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as descriptor:
        size = os.fstat(descriptor).st_size
        if size:
            os.lseek(descriptor, size - 1, os.SEEK_SET)
            if os.read(descriptor, 1) != b"\n":
                content = b"\n" + content
        try:
            _write_all(descriptor, content)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    if new:
        sync_folder(path.parent)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file a new content in one step, on the disk when this ends: a reader sees the old one or the new one."""
    with staged(path, content):
        pass
    sync_folder(path.parent)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


MOST: Final = 1000  # entries; above it the next append rotates
MOVED: Final = 100  # the oldest entries, as many as move at once


def split_oldest(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines that move, and those that stay: every line that holds no entry stays where it is.

    As many move as bring the store below the limit again, in hundreds: a store that another tool
    let grow to 5,000 entries is not rotated forty times.
    """
    entries = [line for line in lines if line.entry]
    hundreds = max(0, math.ceil((len(entries) - MOST) / MOVED))
    moving = {line.number for line in entries[: hundreds * MOVED]}
    oldest, rest = (tuple(line for line in lines if (line.number in moving) == moves) for moves in (True, False))
    return oldest, rest


def join_lines(lines: Sequence[bytes]) -> bytes:
    """The lines as a file, byte for byte; one that had no end gets it when another follows."""
    return b"".join([*(line if line.endswith(b"\n") else line + b"\n" for line in lines[:-1]), *lines[-1:]])


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
        entries = (line.entry for line in (*self.archived, *self.live) if line.entry)
        return tuple({(entry.id, entry.timestamp): entry for entry in entries}.values())

    @property
    def unreadable(self) -> tuple[Line, ...]:
        """The lines of the store, without its archive, that hold something but no entry."""
        return tuple(line for line in self.live if line.problem)

    @property
    def last(self) -> CalibrationEntry:
        """The entry of the latest run; there has to be one."""
        live = [line.entry for line in self.live if line.entry]
        return (live or self.entries)[-1]

    def find(self, identifier: str) -> CalibrationEntry:
        """The entry with an id, the latest of several; raises BadInputError for an unknown one, naming the nearest."""
        found = next((entry for entry in reversed(self.entries) if entry.id == identifier), None)
        if found is None:
            nearest = ", ".join(self._nearest(identifier))
            hint = f"Nearest ids: {nearest}." if nearest else "Compress a skill here first."
            raise BadInputError(f"There is no calibration entry {identifier!r}.", hint)
        return found

    def _nearest(self, identifier: str) -> list[str]:
        """The ids that somebody may have meant, the likeliest first."""
        known = {entry.id: id_number(entry.id) for entry in self.entries}
        number = id_number(identifier if identifier.startswith("c") else f"c{identifier}")
        if number:
            return sorted(known, key=lambda name: (abs(known[name] - number), -known[name]))[:_NEAREST]
        return get_close_matches(identifier, known, _NEAREST, 0.0)


_MAX_WAITING: Final = 1000  # files that are added at once
_MAX_ENTRY_BYTES: Final = 100_000


def waiting_files(folder: Path) -> Sequence[Path]:
    """The files of runs that could not be added in their time, the oldest first."""
    try:
        files = [path for path in folder.iterdir() if path.suffix == ".json"]
    except OSError:
        return ()
    return sorted(files, key=lambda path: (path.lstat().st_mtime_ns, path.name))[:_MAX_WAITING]


def load_fields(path: Path) -> dict[str, object] | None:
    """The run in such a file, None for what is none: it was not written by this tool."""
    try:
        fields = json.loads(read_file(path, _MAX_ENTRY_BYTES))
    except (ValueError, RecursionError, RefusedError):
        return None
    return fields if isinstance(fields, dict) and isinstance(fields.get("timestamp"), str) else None


_MAX_STATE_BYTES: Final = 4096  # the file holds a few numbers
_ID: Final = re.compile(rb'"id"\s{0,4}:\s{0,4}"c([0-9]{1,40})"')


@dataclass(frozen=True, slots=True)
class State:
    """The number of the next id, how many entries the store holds, and the print of the store that this is true of."""

    next: int
    entries: int
    file: list[int]


def take_print(path: Path) -> list[int]:
    """What tells that a file is as it was: its number, size and time. Nothing for one that is not there."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return []
    return [status.st_ino, status.st_size, status.st_mtime_ns]


def load_state(path: Path) -> State | None:
    """The state that was kept, None where there is none that can be read."""
    try:
        state = State(**json.loads(read_tail(path, _MAX_STATE_BYTES)))
    except (ValueError, TypeError, RecursionError):
        return None
    return state if all(type(n) is int and n >= 0 for n in (state.next - 1, state.entries)) else None


def save_state(path: Path, state: State) -> None:
    """Keep a state; not waited for, as one that is lost or torn is derived anew."""
    with open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as descriptor:
        _write_all(descriptor, json.dumps(asdict(state)).encode() + b"\n")


def highest_id(path: Path) -> int:
    """The highest number of an id in a file, torn and foreign lines included; 0 where there is none."""
    try:
        with open_regular(path, os.O_RDONLY) as descriptor, open(descriptor, "rb", closefd=False) as stream:
            lines = iter(partial(stream.readline, _CHUNK), b"")
            return max((int(match[1]) for line in lines for match in _ID.finditer(line)), default=0)
    except FileNotFoundError:
        return 0
