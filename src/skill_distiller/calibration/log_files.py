"""Files of the store: read, appended and rotated whole, durable, never through a link or into a device."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from skill_distiller.calibration.entry import Line
from skill_distiller.errors import RefusedError

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


def append_bytes(path: Path, content: bytes, *, new_line: bool = True) -> None:
    """Add to the end and wait until it is on the disk; with `new_line` a last line without an end gets one first.

    Where the disk is full, what was written of it is taken back.
    """
    new = not path.exists()
    with open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND) as descriptor:
        size = os.fstat(descriptor).st_size
        if size and new_line:
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
        _sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Give a file a new content in one step: a reader sees the old one or the new one.

    The caller holds the lock, so the temporary sibling has a fixed name: one that a killed process
    left is simply written anew.
    """
    temporary = path.with_name(f".{path.name.lstrip('.')}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        with open_regular(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
            _write_all(descriptor, content)
            if durable:
                os.fsync(descriptor)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        _sync_folder(path.parent)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


MOST: Final = 1000  # entries; above it the next append rotates
MOVED: Final = 100  # the oldest entries, as many as move at once


def split_oldest(lines: Sequence[Line]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """The lines that move, and those that stay: every line that holds no entry stays where it is.

    As many move as bring the store below the limit again, in hundreds: a store that another tool
    let grow to 5,000 entries is not rotated forty times.
    """
    entries = [line for line in lines if line.entry]
    excess = len(entries) - MOST
    hundreds = -(-excess // MOVED) if excess > 0 else 0
    moving = {line.number for line in entries[: hundreds * MOVED]}
    return (
        tuple(line for line in lines if line.number in moving),
        tuple(line for line in lines if line.number not in moving),
    )


def join_lines(lines: Sequence[Line]) -> bytes:
    """The lines as a file, byte for byte; one that had no end gets it when another follows."""
    pieces = [line.raw if line.raw.endswith(b"\n") else line.raw + b"\n" for line in lines[:-1]]
    return b"".join([*pieces, *(line.raw for line in lines[-1:])])


def missing_part(block: bytes, tail: bytes) -> bytes:
    """What of a block of lines is still to be written to an archive that ends with `tail`.

    All of it, unless a rotation was interrupted: then some line of the tail begins what is a
    beginning of the block (or the whole), and only the rest is missing.

    >>> missing_part(b"one\\ntwo\\n", b"\\nzero\\none\\ntw")
    b'o\\n'
    """
    for end in re.finditer(b"\n", tail):
        written = tail[end.end() :]
        if written and block.startswith(written):
            return block[len(written) :]
    return block
