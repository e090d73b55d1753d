"""Files of folders that may come from anyone: read without following a link, written whole and onto the disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from skill_distiller.errors import BadInputError, reason_of

_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)
# NONBLOCK: a named pipe must not hold a run up before it is refused.
_READ: Final = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | _BINARY
_FOLDER: Final = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_DIRECTORY", 0)
_CHUNK: Final = 1 << 20  # bytes
_HANDED_OVER: Final = ("/dev/fd/", "/proc/self/fd/")
_NO_FILE: Final = "it is no file but a folder, a pipe, a socket or a device"
_RANDOM_BYTES: Final = 8
_MAX_NAME: Final = 40  # characters of a name that its temporary sibling shows
PERMISSIONS: Final = 0o777  # the bits of a mode that are kept: rights, and no set-user-id


def read_regular(path: Path, max_bytes: int) -> bytes:
    """The first bytes of a file that somebody named, `max_bytes` and one more at most.

    Raises OSError, for a pipe, a socket or a device as well: to open one may wait for ever, or do something. A pipe
    that this process was started with (`<(command)` of a shell) is read as stdin would be.
    """
    handed_over = str(path).startswith(_HANDED_OVER)
    if not handed_over and not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, _NO_FILE)
    flags = os.O_RDONLY | _BINARY | (0 if handed_over else getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(os.open(path, flags), "rb") as stream:
        kind = os.fstat(stream.fileno()).st_mode
        if not stat.S_ISREG(kind) and not (handed_over and stat.S_ISFIFO(kind)):
            raise OSError(errno.EINVAL, _NO_FILE)
        content = b""
        while chunk := stream.read(min(_CHUNK, max_bytes + 1 - len(content))):  # the limit may be larger than memory
            content += chunk
        return content


def read_below(root: Path, path: PurePosixPath, max_bytes: int) -> bytes:
    """The first bytes of a file below a folder, `max_bytes` and one more at most; raises as `chunks_below` does."""
    content = bytearray()
    for chunk in chunks_below(root, path):
        content += chunk
        if len(content) > max_bytes:
            break
    return bytes(content[: max_bytes + 1])


def chunks_below(root: Path, path: PurePosixPath) -> Iterator[bytes]:
    """The content of a file below a folder, in pieces of at most a megabyte.

    Raises BadInputError where the path goes through a link, or ends at anything but a regular file
    that can be read.
    """
    if path.is_absolute() or ".." in path.parts:
        raise BadInputError(f"{str(path)!r} leads out of the folder.", "Name a file inside of it.")
    try:
        descriptor = _open_by_parts(root, path) if os.open in os.supports_dir_fd else _open_checked(root, path)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadInputError(f"{str(path)!r} is not a regular file.", "Take it out of the folder.")
            while chunk := os.read(descriptor, _CHUNK):
                yield chunk
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        raise BadInputError(f"Can't read {str(path)!r}: {reason_of(error)}.", "Check the files of the skill.") from None


def _open_by_parts(root: Path, path: PurePosixPath) -> int:
    # Part by part: a folder that becomes a link meanwhile is not followed either.
    folder = os.open(root, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        for part in path.parts[:-1]:
            below = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = below
        return os.open(path.name, _READ, dir_fd=folder)
    finally:
        os.close(folder)


def _open_checked(root: Path, path: PurePosixPath) -> int:
    places = [root.joinpath(*path.parts[: i + 1]) for i in range(len(path.parts))]
    if any(place.is_symlink() for place in places):
        raise BadInputError(f"{str(path)!r} goes through a link.", "Name the file itself.")
    return os.open(places[-1], _READ)


def sibling_name(file: Path, suffix: str = "") -> Path:
    """A hidden name beside a file or folder that nothing has: the beginning of its name, then random letters."""
    return file.with_name(f".{file.name[:_MAX_NAME]}.{os.urandom(_RANDOM_BYTES).hex()}{suffix}")


def write_new(file: Path, chunks: Iterable[bytes], mode: int | None = None) -> None:
    """Write a file that must not exist and wait until it is on the disk; raises OSError.

    `mode` are its permission bits, None for what a new file gets. What a failure leaves of it is the
    caller's to remove.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY
    # Never wider than asked for, not even while it is written.
    with os.fdopen(os.open(file, flags, 0o666 if mode is None else mode & PERMISSIONS), "wb") as stream:
        for chunk in chunks:
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    if mode is not None:
        file.chmod(mode & PERMISSIONS)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can do that."""
    if os.name != "posix":  # elsewhere a folder can't be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
