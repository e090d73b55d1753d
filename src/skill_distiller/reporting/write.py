"""Write the product where it was asked for, and nowhere it could do harm."""

from __future__ import annotations

import os
from pathlib import Path

from skill_distiller.document import SKILL_FILE
from skill_distiller.document.safe_files import sibling_name, write_new
from skill_distiller.errors import RefusedError, UsageError, reason_of


def check_target(target: Path, source: Path | None, *, folder_given: bool, force: bool) -> Path:
    """The file that the product will be written to; a folder means SKILL.md inside it.

    `source` is the SKILL.md that was read, None for stdin; with `folder_given` the whole skill
    folder is the source. Raises RefusedError for the input itself, for a place inside a source
    folder, for a folder that is or holds the source, and, without `force`, for a file that exists.
    """
    try:
        return _checked(target, source, folder_given=folder_given, force=force)
    except (OSError, RuntimeError) as error:  # a name too long, a loop of links
        raise UsageError(f"Can't write to {str(target)!r}: {reason_of(error)}.", "Name another file with -o.") from None


def _checked(target: Path, source: Path | None, *, folder_given: bool, force: bool) -> Path:
    if source is not None:
        _refuse_source(target, source, folder_given=folder_given)
    file = target / SKILL_FILE if target.is_dir() else target
    if source is not None and file.exists() and file.samefile(source):
        raise RefusedError(f"{str(file)!r} is the input; it is never overwritten.", "Name another file with -o.")
    if not file.parent.is_dir():
        raise UsageError(f"The folder {str(file.parent)!r} does not exist.", "Create it, or name another file with -o.")
    if file.exists() and not file.is_file():
        raise RefusedError(f"{str(file)!r} is not a regular file.", "Write to stdout for a pipe or a device.")
    if os.path.lexists(file) and not force:
        raise RefusedError(f"{str(file)!r} exists.", "Use --force to overwrite it, or name another file with -o.")
    return file


def _refuse_source(target: Path, source: Path, *, folder_given: bool) -> None:
    place, file = target.resolve(), source.resolve()
    folders = (source.parent.resolve(), file.parent)  # they differ where SKILL.md is a link
    if target.is_dir() and any(folder.is_relative_to(place) for folder in folders):
        raise RefusedError(
            f"{str(target)!r} holds the input; nothing is written there.", "Name another folder with -o."
        )
    if place == file:
        raise RefusedError(f"{str(target)!r} is the input; it is never overwritten.", "Name another file with -o.")
    if folder_given and any(place.is_relative_to(folder) for folder in folders):
        raise RefusedError(f"{str(target)!r} is inside the source folder.", "Name a place outside of it with -o.")


def write_atomically(file: Path, text: str) -> None:
    """Write a text byte for byte: to a temporary sibling first, then in one step into its place.

    Raises RefusedError when the disk does not take it; what was there before is then untouched.
    """
    write_bytes(file, text.encode("utf-8"))


def write_bytes(file: Path, content: bytes) -> None:
    """As `write_atomically`, for content that is no text."""
    try:
        _write(file, content)
    except OSError as error:
        raise RefusedError(f"Can't write {str(file)!r}: {reason_of(error)}.", "Name another place with -o.") from None


def _write(file: Path, content: bytes) -> None:
    temporary = sibling_name(file)
    try:
        write_new(temporary, [content], file.stat().st_mode if file.exists() else None)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
