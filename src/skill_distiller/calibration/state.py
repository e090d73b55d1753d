"""What an append must know without reading the store: the next id and the number of entries.

Kept in a small file beside the store. It is believed only while the store is as it was left; else it
is derived anew. The next id in it counts even then: what was once given out is not given out again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from skill_distiller.calibration.files import open_regular, read_tail, replace_file

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
