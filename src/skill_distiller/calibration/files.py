"""The few things the store does to files: whole, durable, and never through a link or into a device.

A link is not followed because a folder may come from someone else: a `calibration.jsonl` that points
at a start-up file would turn each run into a line of that file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

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
