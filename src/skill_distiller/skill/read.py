"""Read a skill, or the folder it stands in, from disk or a stream: the only input of the tool, with its limits."""

from __future__ import annotations

import os
import posixpath
import re
import stat
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.skill.folder import (
    MAX_FILES,
    SKILL_PATH,
    VERSION_CONTROL,
    SkillFile,
    SkillFolder,
    check_path,
    role_of,
)
from skill_distiller.skill.model import MAX_BLOCKS, MAX_BYTES, SKILL_FILE, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.safe_files import PERMISSIONS, read_below, read_regular

_SHOWN: Final = 5  # skills of a folder that a message names
_CHUNK: Final = 1 << 22  # bytes; the limit may be larger than memory
_BYTES_A_BLOCK: Final = 400
_RAISE: Final = "Raise the limit with --max-bytes if this really is a skill."
_NO_CONTENT: Final = "Provide a valid SKILL.md file path or pipe content via stdin."


def read_skill(path: str | Path, max_bytes: int = MAX_BYTES) -> Skill:
    """Read and parse a SKILL.md, or the one inside a skill folder.

    A link that is named is followed. One in a folder that was named is whoever's made the folder: it may not lead out,
    to a file that nobody meant and whose text a language model would be sent.

    Raises BadInputError when it is missing, empty, not UTF-8 text, larger than `max_bytes`, or of more than 5,000
    blocks (of more bytes than the default: one for each 400).
    """
    file = Path(path)
    try:
        if file.is_dir():
            file = file / SKILL_FILE
            if not file.is_file():
                raise _no_skill(Path(path))
            if file.is_symlink() and not file.resolve().is_relative_to(Path(path).resolve()):
                raise _link_out(file)
        content = _limited(read_regular(file, max_bytes), repr(str(path)), max_bytes)
    except FileNotFoundError:
        raise BadInputError(f"There is no file {str(path)!r}.", _NO_CONTENT) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadInputError(f"Can't read {str(path)!r}: {reason_of(error)}.", _NO_CONTENT) from error
    return _parsed(content, repr(str(path)), file, max_bytes)


def _link_out(file: Path) -> BadInputError:
    return BadInputError(
        f"{str(file)!r} is a link out of its folder; it is not read.",
        "If you trust it, name the file itself, or put the file in its place.",
    )


def _no_skill(folder: Path, hint: str = _NO_CONTENT) -> BadInputError:
    """What is wrong with a folder that holds no SKILL.md, and what to give instead."""
    names = sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths
    other = next((name for name in names if name.lower() == SKILL_FILE.lower()), "")
    if other == SKILL_FILE:
        return BadInputError(
            f"{SKILL_FILE} in the folder {str(folder)!r} is no file, but a folder, pipe, device or link to nothing.",
            "Put the file in its place.",
        )
    if other:
        return BadInputError(
            f"The folder {str(folder)!r} holds no {SKILL_FILE}, but {other!r}.",
            f"Rename it to {SKILL_FILE}, which is what agents look for, or give the file itself.",
        )
    skills = [name for name in names if (folder / name / SKILL_FILE).is_file()]
    if skills:
        shown = ", ".join(skills[:_SHOWN]) + (", …" if len(skills) > _SHOWN else "")
        return BadInputError(
            f"The folder {str(folder)!r} is no skill but holds {len(skills)}: {shown}.",
            f"Give one of them: {folder / skills[0]}. For all: skill-distiller batch {folder} -o OUT",
        )
    return BadInputError(f"The folder {str(folder)!r} holds no {SKILL_FILE}.", hint)


def read_stream(
    stream: BinaryIO, max_bytes: int = MAX_BYTES, *, name: str = "stdin", path: Path | None = None
) -> Skill:
    """Read and parse a skill from a binary stream, `name` in messages; raises as `read_skill` does."""
    content = b""
    while chunk := stream.read(min(_CHUNK, max_bytes + 1 - len(content))):
        content += chunk
    return _parsed(_limited(content, name, max_bytes), name, path, max_bytes)


def _limited(content: bytes, name: str, max_bytes: int) -> bytes:
    if len(content) > max_bytes:
        raise BadInputError(f"{name} is larger than {max_bytes:,} bytes.", _RAISE)
    return content


def _parsed(content: bytes, name: str, path: Path | None, max_bytes: int) -> Skill:
    """The skill, unless it has so many blocks that they, and not their bytes, take minutes."""
    skill = parse_skill(_decode(content, name), path)
    most = max(MAX_BLOCKS, max_bytes // _BYTES_A_BLOCK)
    if len(skill.blocks) + len(skill.sections) > most:
        raise BadInputError(f"{name} has more than {most:,} blocks.", _RAISE)
    return skill


# What people hand over instead of Markdown, by its first bytes.
_OTHERS: Final = {b"%PDF-": "a PDF", b"PK\x03\x04": "a ZIP archive or an office document", b"{\\rtf": "an RTF document"}

_PAGE: Final = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)


def _decode(content: bytes, name: str) -> str:
    for beginning, what in _OTHERS.items():
        if content.startswith(beginning):
            raise BadInputError(
                f"{name} is {what}, not Markdown.", "Give the SKILL.md itself, or the text in Markdown."
            )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(
            f"{name} is not UTF-8 text (byte {error.start}).",
            "Convert it to UTF-8, or check that it is a SKILL.md.",
        ) from None
    if "\0" in text:
        raise BadInputError(f"{name} looks like a binary file (it holds NUL bytes).", _NO_CONTENT)
    if _PAGE.match(text):
        raise BadInputError(
            f"{name} is a page in HTML, not Markdown.",
            "Give the SKILL.md itself; on GitHub it is behind the button Raw, on GitLab behind Open raw.",
        )
    if not text.lstrip("\ufeff").strip():
        raise BadInputError(f"{name} is empty.", _NO_CONTENT)
    return text


# What a version control keeps beside a skill is no part of it.
_HINT: Final = f"Name a folder that holds a {SKILL_FILE}."


def read_folder(path: str | Path, max_bytes: int = MAX_BYTES) -> SkillFolder:
    """A skill folder, given by its path or that of its SKILL.md; the files beside it are read when asked for.

    Version control (`.git` and its like) is left out. Symbolic links are listed, and never followed
    out of the folder. Raises BadInputError where SKILL.md can't be read (as `read_skill` does) or
    leads out of the folder, for names that are not safe, for pipes, sockets and devices, and where
    the folder holds more than 10,000 files or 16 levels.
    """
    root = Path(path)
    try:
        if root.name == SKILL_FILE and not root.is_dir():
            root = root.parent
        if not root.is_dir():
            raise BadInputError(f"There is no folder {str(path)!r}.", _HINT)
        entries = dict(sorted(walk(root)))
        folders = {path for path, status in entries.items() if stat.S_ISDIR(status.st_mode)}
        files = tuple(_file(root, path, status) for path, status in entries.items() if path not in folders)
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the path; RuntimeError: a loop
        raise BadInputError(f"Can't read {str(path)!r}: {reason_of(error)}.", _HINT) from None
    own = next((file for file in files if file.path == SKILL_PATH), None)
    if own is None:
        raise _no_skill(root, _HINT)
    if own.link and own.leads_to is None:
        raise _link_out(root / SKILL_FILE)
    name = repr(str(root / SKILL_FILE))
    content = read_below(root, own.leads_to or SKILL_PATH, max_bytes)
    skill = read_stream(BytesIO(content), max_bytes, name=name, path=root / SKILL_FILE)
    full = {above for file in files for above in file.path.parents}
    empty = folders - full - {above for folder in folders for above in folder.parents}
    others = tuple(file for file in files if file is not own)
    return SkillFolder(root, skill, others, tuple(sorted(empty)), None if own.link else own.mode)


def walk(root: Path) -> Iterator[tuple[PurePosixPath, os.stat_result]]:
    """Every name in a folder, with what the system says of it, links not followed."""
    waiting = [PurePosixPath()]
    count = 0
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in entries:
                if entry.name in VERSION_CONTROL:
                    continue
                count += 1
                if count > MAX_FILES:
                    raise BadInputError(f"The folder holds more than {MAX_FILES:,} files.", "Point at a single skill.")
                path = check_path(folder / entry.name)
                yield path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)


def _file(root: Path, path: PurePosixPath, status: os.stat_result) -> SkillFile:
    if stat.S_ISLNK(status.st_mode):
        text = os.readlink(root / path)  # noqa: PTH115 - Path would clean the text up
        return SkillFile(path, role_of(path), 0, root=root, link=text, leads_to=_place_inside(root, path, text))
    if not stat.S_ISREG(status.st_mode):
        raise BadInputError(
            f"{str(path)!r} is no file but a pipe, a socket or a device.", "Take it out of the skill folder."
        )
    return SkillFile(path, role_of(path), status.st_size, status.st_mode & PERMISSIONS, root=root)


def _place_inside(root: Path, path: PurePosixPath, text: str) -> PurePosixPath | None:
    """The path in the folder that a link leads to, None where it leads out, or would in a copy of the folder.

    Followed part by part: a `..` behind another link may leave the folder and come back in by its name.
    """
    if posixpath.isabs(text):
        return None
    try:
        top, place = root.resolve(), root / path.parent
        for part in PurePosixPath(text).parts:
            place = place / part
            place.resolve().relative_to(top)
        return PurePosixPath((root / path).resolve().relative_to(top).as_posix())
    except (OSError, RuntimeError, ValueError):  # a loop of links, or a place elsewhere
        return None


_MOST_PATH: Final = 1000  # characters


def as_skill(given: str | Path | Skill | SkillFolder) -> Skill:
    """The skill that was given, read or parsed where it has to be; raises UsageError for a path in a text."""
    if isinstance(given, Skill):
        return given
    if isinstance(given, SkillFolder):
        return given.skill
    if isinstance(given, Path):
        return read_skill(given)
    line = given.strip()
    short = "\n" not in line and len(line) < _MOST_PATH
    if short and (line.endswith(".md") or ("/" in line and Path(line).exists())):
        raise UsageError(f"{line!r} is taken for the text of a skill, and looks like a path.", "Give a Path.")
    return parse_skill(given)
