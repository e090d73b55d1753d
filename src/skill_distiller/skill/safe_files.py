"""Files of folders that may come from anyone: read without following a link, written whole and onto the disk."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Final

from skill_distiller.errors import BadInputError, reason_of

if sys.platform != "win32":
    import fcntl

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
NEW_SUFFIX: Final = ".skill-distiller-new"  # of what is being written; swept when its run is dead
_TRIES: Final = 8
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

    Raises BadInputError where the path goes through a link, or ends at anything but a regular file that can be read.
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


def write_new(file: Path, chunks: Iterable[bytes], mode: int | None = None, *, quick: bool = False) -> None:
    """Write a file that must not exist and, unless it is to be `quick`, wait until it is on the disk; raises OSError.

    `mode` are its permission bits, None for what a new file gets. What a failure leaves of it is the
    caller's to remove.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY
    # Never wider than asked for, not even while it is written.
    with os.fdopen(os.open(file, flags, 0o666 if mode is None else mode & PERMISSIONS), "wb") as stream:
        for chunk in chunks:
            stream.write(chunk)
        if not quick:
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


def lock(place: Path) -> int | None:
    """The descriptor that holds the lock of a file or folder, None where it can't be locked.

    The lock goes with the process that holds it. Raises BlockingIOError where another one holds it,
    FileNotFoundError where it was removed or moved meanwhile.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        same = place.stat().st_ino == os.fstat(descriptor).st_ino
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        raise
    except OSError:  # a file system without locks
        same = False
    if same:
        return descriptor
    os.close(descriptor)
    return None


def lock_shared(place: Path) -> int | None:
    """The descriptor of a lock that many may hold at once; no `lock` of the place is to be had meanwhile.

    None where it can't be locked, or somebody holds a `lock`.
    """
    if sys.platform == "win32":
        return None
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def sweep(target: Path, *, folders: bool) -> None:
    """Remove what killed runs for a file or folder left half written: siblings of our name and owner, not locked."""
    name = re.escape(sibling_name(target).name.rsplit(".", 1)[0])
    pattern = re.compile(rf"{name}\.[0-9a-f]+{re.escape(NEW_SUFFIX)}")
    with suppress(OSError):  # what can't be listed is in nobody's way
        for sibling in target.parent.iterdir():
            if pattern.fullmatch(sibling.name):
                with suppress(OSError):
                    _sweep_one(sibling, folders=folders)


def _sweep_one(place: Path, *, folders: bool) -> None:
    status = place.lstat()
    ours = (stat.S_ISDIR if folders else stat.S_ISREG)(status.st_mode)
    if not ours or (hasattr(os, "geteuid") and status.st_uid != os.geteuid()):
        return
    held = lock(place)
    if held is None:  # no telling whether its run is alive
        return
    try:
        shutil.rmtree(place) if folders else place.unlink()
    finally:
        os.close(held)


@contextmanager
def new_sibling(target: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """A hidden sibling of a file or folder, locked while this run lives; removed unless it was moved into place.

    `make` is given its path, and makes it. Raises OSError.
    """
    made: list[Path] = []
    held = None
    try:
        for _ in range(_TRIES):
            made.append(sibling_name(target, NEW_SUFFIX))
            make(made[-1])
            # Another run that sweeps in this moment may take it for a dead one's.
            with suppress(BlockingIOError, FileNotFoundError):
                held = lock(made[-1])
                break
        else:
            raise OSError("other runs keep removing what is written")
        yield made[-1]
    finally:
        for place in made:  # what was moved into place is not there any more
            if place.is_dir():
                shutil.rmtree(place, ignore_errors=True)
            else:
                place.unlink(missing_ok=True)
        if held is not None:
            os.close(held)


@contextmanager
def staged(file: Path, content: bytes, mode: int | None = None, *, quick: bool = False) -> Iterator[None]:
    """A file that is written beside its place, and put there once the block has ended without an error.

    Until then what was there is untouched, and a file that was there gives its mode to the new one. Raises
    OSError; what killed runs for the same file left is removed. With `quick` that is up to the caller, and so is what
    a machine that goes down may take with it: nothing waits for the disk.
    """
    if not quick:
        sweep(file, folders=False)
    mode = file.stat().st_mode if file.exists() else mode
    with new_sibling(file, lambda place: write_new(place, [content], mode, quick=quick)) as made:
        yield
        made.replace(file)
