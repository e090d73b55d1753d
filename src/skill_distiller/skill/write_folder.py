"""Write a whole skill folder: to a temporary sibling first, then in one rename into its place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from skill_distiller.errors import BadInputError, RefusedError, UsageError, reason_of
from skill_distiller.skill.folder import SkillFile, SkillFolder, encoded
from skill_distiller.skill.model import SKILL_FILE, render_skill
from skill_distiller.skill.safe_files import chunks_below, new_sibling, sibling_name, sweep, sync_folder, write_new

MAX_TOTAL_BYTES: Final = 1 << 30  # of all files of a folder that is written
OLD_SUFFIX: Final = ".skill-distiller-old"  # of a folder that was replaced; never removed
_HINT: Final = "Name another folder."


def write_folder(folder: SkillFolder, target: str | Path, *, force: bool = False, quick: bool = False) -> Path | None:
    """Write a skill folder to a place that is free or empty; with `force` also in place of another folder.

    Files that were not changed keep their bytes and permission bits, links that stay inside the
    folder are links again. With `force` the folder that was there is moved to a hidden sibling
    `.NAME.….skill-distiller-old`, whose path is given back (None where nothing was replaced); it is
    the caller's to remove, and put back where the new one can't take its place.

    The target is never seen half written. What a crash leaves: a hidden sibling `.NAME.….skill-distiller-new`, which
    the next run for this target removes (on Windows it stays); and where it came between the two renames of `force`, no
    target, but the old folder whole in its sibling. A file that changes while it is copied ends the run.

    For one of many folders, `quick`: whoever writes them removes what crashes left, and nothing waits for the disk.

    Raises RefusedError for a target inside, above or equal to where the folder was read from, for
    one that exists, for links that lead out of the folder, and where the disk does not take it;
    UsageError where the parent does not exist; BadInputError where a file can't be read.
    """
    place = _check_target(folder, Path(target), force=force)
    _check_files(folder)
    try:
        if not quick:
            sweep(place, folders=True)
        with new_sibling(place, Path.mkdir) as temporary:
            _fill(temporary, folder, quick=quick)
            return _move_into_place(temporary, place, force=force, quick=quick)
    except OSError as error:
        raise RefusedError(f"Can't write {str(target)!r}: {reason_of(error)}.", _HINT) from None


def _check_target(folder: SkillFolder, target: Path, *, force: bool) -> Path:
    """The absolute target; raises where nothing may be written there."""
    try:
        place = Path(os.path.abspath(target))  # noqa: PTH100 - a link keeps its own name
        real = place.resolve()
        for source in _sources(folder):
            _refuse_source(real, source.resolve(), target)
        if not place.parent.is_dir():
            raise UsageError(f"The folder {str(place.parent)!r} does not exist.", "Create it, or name another folder.")
        if os.path.lexists(place):
            _check_existing(place, target, force=force)
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a loop of links, a NUL
        raise UsageError(f"Can't write to {str(target)!r}: {reason_of(error)}.", _HINT) from None
    return place


def _check_existing(place: Path, target: Path, *, force: bool) -> None:
    if place.is_symlink() or not place.is_dir():
        raise RefusedError(f"{str(target)!r} exists and is no folder; it is not replaced.", _HINT)
    if place.is_mount():
        raise RefusedError(f"{str(target)!r} is a mount point; it can't be replaced.", "Name a folder in it.")
    if not force and any(place.iterdir()):
        raise RefusedError(f"The folder {str(target)!r} exists.", "Use --force to replace it, or name another folder.")


def _refuse_source(place: Path, source: Path, target: Path) -> None:
    inside, holds = _is_in(place, source), _is_in(source, place)
    if inside and holds:
        raise RefusedError(f"{str(target)!r} is the source folder; it is never overwritten.", _HINT)
    if inside:
        raise RefusedError(f"{str(target)!r} is inside the source folder.", "Name a place outside of it.")
    if holds:
        raise RefusedError(f"{str(target)!r} holds the source folder; nothing is written there.", _HINT)


def _is_in(place: Path, folder: Path) -> bool:
    """Whether a place is a folder or below it, whatever names the file system takes for the same."""
    if place.is_relative_to(folder):
        return True
    return folder.exists() and any(above.exists() and above.samefile(folder) for above in (place, *place.parents))


def _sources(folder: SkillFolder) -> set[Path]:
    """The folders on disk that a skill folder was read from."""
    roots = {file.root for file in folder.files} | {folder.root}
    path = folder.skill.path
    if path and path.name == SKILL_FILE:
        roots.add(path.parent)
    return {root for root in roots if root is not None}


def _check_files(folder: SkillFolder) -> None:
    for file in folder.files:
        if file.link and file.leads_to is None:
            raise RefusedError(
                f"{str(file.path)!r} is a link that leads out of the folder (to {file.link!r}).",
                "Put a copy of the file in its place, or remove the link.",
            )
    if sum(file.size for file in folder.files) > MAX_TOTAL_BYTES:
        raise BadInputError(f"The folder holds more than {MAX_TOTAL_BYTES:,} bytes.", "Take large files out of it.")


def _fill(temporary: Path, folder: SkillFolder, *, quick: bool) -> None:
    """Write all that is in a folder; links last, so that no file is written through one."""
    below = [*(file.path for file in folder.files), *(empty / SKILL_FILE for empty in folder.empty_folders)]
    folders = sorted({above for path in below for above in path.parents})
    for path in folders:
        (temporary / path).mkdir(exist_ok=path == PurePosixPath())
    write_new(temporary / SKILL_FILE, [encoded(render_skill(folder.skill))], folder.skill_mode, quick=quick)
    for file in folder.files:
        if not file.link:
            write_new(temporary / file.path, _content(file), file.mode, quick=quick)
    for file in folder.files:
        if file.link:
            (temporary / file.path).symlink_to(file.link)
    for path in () if quick else reversed(folders or [PurePosixPath()]):
        sync_folder(temporary / path)


def _content(file: SkillFile) -> Iterator[bytes]:
    """The bytes of a file; raises BadInputError where they are not as many as when the folder was read."""
    if file.content is not None or file.root is None:
        yield file.read_bytes(MAX_TOTAL_BYTES)
        return
    left = file.size
    for chunk in chunks_below(file.root, file.path):
        left -= len(chunk)
        if left < 0:
            break
        yield chunk
    if left:
        raise BadInputError(f"{str(file.path)!r} changed while it was copied.", "Read the folder again.")


def _move_into_place(temporary: Path, target: Path, *, force: bool, quick: bool) -> Path | None:
    aside = sibling_name(target, OLD_SUFFIX)
    try:
        if os.path.lexists(target) and (os.name == "nt" or (force and any(target.iterdir()))):
            target.rename(aside)
        temporary.rename(target)  # onto an empty folder where there is one; fails where it is no longer empty
    except BaseException as error:  # Ctrl-C as well
        try:
            if os.path.lexists(aside):
                aside.rename(target)
        except OSError:
            reason = reason_of(error) if isinstance(error, OSError) else "it was stopped"
            raise RefusedError(
                f"Can't write {str(target)!r}: {reason}; the folder that was there is now {str(aside)!r}.",
                "Move it back by hand.",
            ) from None
        raise
    with suppress(OSError):  # it is in its place already
        if not quick:
            sync_folder(target.parent)
    return aside if os.path.lexists(aside) else None
