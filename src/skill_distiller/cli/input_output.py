"""Read the skill that the command line names; hand out the product, never over what was read."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from skill_distiller.errors import BadInputError, RefusedError, UsageError, reason_of
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE
from skill_distiller.skill.safe_files import read_regular, staged

if TYPE_CHECKING:
    from skill_distiller.run.result import Result
    from skill_distiller.skill.folder import SkillFolder
    from skill_distiller.skill.model import Skill

STDIN: Final = "-"


def read_input(path: str, max_bytes: int = MAX_BYTES) -> Skill:
    """The skill in a file, a folder or, for `-`, on stdin; raises BadInputError as `read_skill` does."""
    from skill_distiller.skill.read import read_skill, read_stream

    if not path or (path == STDIN and (sys.stdin is None or sys.stdin.isatty())):
        raise BadInputError(
            "No content." if path else "The path is empty.",
            "Provide a valid SKILL.md file path or pipe content via stdin.",
        )
    if path == STDIN:
        return read_stream(sys.stdin.buffer, max_bytes)
    if not os.path.lexists(path.replace("\0", "")):
        refuse_odd_path(path)
    return read_skill(path, max_bytes)


def read_input_folder(path: str, max_bytes: int = MAX_BYTES) -> SkillFolder:
    """A skill with the files beside it; a file of another name, or stdin, is a skill alone. Raises as `read_input`."""
    from skill_distiller.skill.folder import SkillFolder
    from skill_distiller.skill.read import read_folder

    is_there = path != STDIN and os.path.lexists(path.replace("\0", ""))
    if is_there and (os.path.isdir(path) or Path(path).name == SKILL_FILE):  # noqa: PTH112 - as in `find_target`
        return read_folder(path, max_bytes)
    return SkillFolder(None, read_input(path, max_bytes))


def names_several(paths: Sequence[str]) -> bool:
    """Whether paths mean more than one skill: several, a pattern, or a folder that is none but holds some.

    Raises UsageError for stdin among others.
    """
    if len(paths) > 1 and STDIN in paths:
        raise UsageError("stdin brings one skill.", "Leave - out, or name it alone.")
    if len(paths) != 1:
        return len(paths) > 1
    path = paths[0].replace("\0", "")
    if path != STDIN and not os.path.lexists(path):
        from glob import has_magic  # few paths are not there

        return bool(has_magic(path)) and not _ADDRESS.match(path)
    try:
        folder = Path(path)
        if path == STDIN or not folder.is_dir() or os.path.lexists(folder / SKILL_FILE):
            return False
        from skill_distiller.library.find_skills import FoundSkill, find_skills

        return any(isinstance(found, FoundSkill) for found in find_skills([path]))
    except (OSError, RuntimeError):  # the command says what is wrong with it
        return False


_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


def refuse_odd_path(path: str) -> None:
    """Raise BadInputError for what is no path: an address, or what the shell should have expanded."""
    if _ADDRESS.match(path):
        raise BadInputError(f"{path!r} is an address; nothing is fetched from the network.", _how_to_fetch(path))
    refuse_tilde(path)


# Pages of a forge that show a file, or a whole repository: how what they show is fetched, and from where.
_PAGES: Final = (
    (re.compile(r"(https?://)github\.com/([^/]+/[^/]+)/blob/(.+)"), "curl -L", "{0}raw.githubusercontent.com/{1}/{2}"),
    (re.compile(r"(https?://[^/]+/.+?/-)/blob/(.+)"), "curl -L", "{0}/raw/{1}"),
    (re.compile(r"(https?://git(?:hub|lab)\.com/[^/]+/[^/]+?)(?:/(?:-/)?tree/.*|\.git|/)?"), "git clone", "{0}"),
)


def _how_to_fetch(address: str) -> str:
    """What to type for what an address leads to: the file that a page shows, a repository, or whatever is there."""
    if address.lower().startswith("file://"):
        return "Write the path without file://."
    bare = address.partition("#")[0].partition("?")[0]
    for page, command, source in _PAGES:
        if match := page.fullmatch(bare):
            address = source.format(*match.groups())
            if command == "git clone":
                return f"Fetch it first: git clone {shlex.quote(address)}; then give a folder of it."
            break
    return f"Fetch it first: curl -L {shlex.quote(address)} -o fetched.md"


def refuse_tilde(path: str) -> None:
    """Raise BadInputError for `~/…`, of which a shell makes the home folder, but not in quotes or behind `=`."""
    if path.partition("/")[0] == "~":
        raise BadInputError(
            f"The shell did not put your home folder in place of the ~ of {path!r}.",
            "Write it without quotes and with a blank before it, or write $HOME in place of ~.",
        )


def read_side_file(path: str, most_bytes: int, hint: str, name: str = "", *, stdin: bool = False) -> str:
    """The text of a file that an option names, `name` in messages; with `stdin` `-` means that.

    Raises BadInputError where it can't be had, is too large or no UTF-8.
    """
    name = name or repr(path)
    try:
        from_stdin = stdin and path == STDIN
        content = sys.stdin.buffer.read(most_bytes + 1) if from_stdin else read_regular(Path(path), most_bytes)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadInputError(f"Can't read {name}: {reason_of(error)}.", hint) from None
    if len(content) > most_bytes:
        raise BadInputError(f"{name[0].upper()}{name[1:]} is larger than {most_bytes:,} bytes.", hint)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInputError(f"{name[0].upper()}{name[1:]} is not UTF-8 text (byte {error.start}).", hint) from None


# `/dev/stdout` may lead to a file: to replace it would take it from every program of the machine.
_SYSTEM: Final = frozenset({"dev", "proc"})
_SEPARATORS: Final = tuple(filter(None, (os.sep, os.altsep)))  # with which the name of a folder may end


class Target(NamedTuple):
    """Where a result is written: the `file`, or with all that belongs to it the `folder`; or over its original.

    With `makes_folder` the folder of the file is to be made first.
    """

    file: Path
    folder: Path | None = None
    in_place: bool = False
    makes_folder: bool = False


def find_target(name: str, source: Path | None, *, folder_given: bool, force: bool, whole: bool) -> Target:
    """The place that -o means: as `check_target`, but a folder gets the `whole` skill folder, and may yet be made."""
    refuse_tilde(name)
    place, is_new = Path(name), name.endswith(_SEPARATORS) and not os.path.lexists(name.rstrip("".join(_SEPARATORS)))
    if not (is_new or os.path.isdir(place)):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        return Target(check_target(name, source, folder_given=folder_given, force=force))
    if is_new:
        if not place.parent.is_dir():
            raise UsageError(f"The folder {str(place.parent)!r} does not exist.", "Create it, or name another place.")
        if source is not None:
            _refuse_source(place, source, folder_given=folder_given)
        return Target(place / SKILL_FILE, folder=place if whole else None, makes_folder=True)
    file = check_target(name, source, folder_given=folder_given, force=force)
    if not whole:
        return Target(file)
    if any(place.iterdir()) and not file.exists():
        raise RefusedError(f"The folder {name!r} holds something else than a skill.", "Name an empty or a new folder.")
    return Target(file, folder=place)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none; raises RefusedError."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise RefusedError(f"Can't make {str(folder)!r}: {reason_of(error)}.", "Name another place with -o.") from None


def check_target(name: str, source: Path | None, *, folder_given: bool, force: bool) -> Path:
    """The file that the product will be written to; a folder means SKILL.md inside it.

    `source` is the SKILL.md that was read, None for stdin; with `folder_given` the whole skill
    folder is the source. Raises UsageError for a place that can't be written to, and RefusedError for
    the input itself (the file behind stdin too), for a place inside a source folder, for a folder that
    is or holds the source, and, without `force`, for a file that exists; BadInputError as `refuse_tilde` does.
    """
    target = Path(name)
    refuse_tilde(name)
    try:
        if name.endswith(_SEPARATORS) and not target.is_dir():
            raise UsageError(f"The folder {name!r} does not exist.", "Create it, or name another file with -o.")
        if source is not None:
            _refuse_source(target, source, folder_given=folder_given)
        file = target / SKILL_FILE if target.is_dir() else target
        _refuse_file(file, source, force=force)
    except (OSError, RuntimeError) as error:  # a name too long, a loop of links
        raise UsageError(f"Can't write to {name!r}: {reason_of(error)}.", "Name another file with -o.") from None
    return file


def _refuse_file(file: Path, source: Path | None, *, force: bool) -> None:
    if file.exists() and (file.samefile(source) if source else _is_stdin(file)):
        raise RefusedError(f"{str(file)!r} is the input; it is never overwritten.", "Name another file with -o.")
    if not file.parent.is_dir():
        raise UsageError(f"The folder {str(file.parent)!r} does not exist.", "Create it, or name another file with -o.")
    if file.exists() and (not file.is_file() or _SYSTEM.intersection(file.absolute().parts[1:2])):
        raise RefusedError(f"{str(file)!r} is not a regular file.", "Write to stdout for a pipe or a device.")
    if os.path.lexists(file) and not force:
        raise RefusedError(f"{str(file)!r} exists.", "Use --force to overwrite it, or name another file with -o.")


def _is_stdin(file: Path) -> bool:
    """Whether a file that exists is what stdin was redirected from."""
    try:
        return os.path.samestat(os.fstat(sys.stdin.fileno()), file.stat())
    except (OSError, ValueError):  # stdin is no file
        return False


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


def data_folder() -> Path:
    """Where the tool keeps what is no project's: the user's data folder of this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir("skill-distiller", appauthor=False))


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file byte for byte: to a temporary sibling first, then in one step into its place.

    Raises RefusedError when the disk does not take it; what was there before is then untouched.
    """
    try:
        with staged(file, content):
            pass
    except OSError as error:
        raise RefusedError(f"Can't write {str(file)!r}: {reason_of(error)}.", "Name another place with -o.") from None


def write_target(target: Target, result: Result, *, force: bool) -> Path | None:
    """Write a result to its place; the path of what was there before, where that is kept."""
    content = result.text.encode("utf-8")
    if target.in_place:
        from skill_distiller.cli.approval.in_place import write_in_place

        return write_in_place(target.file, result.original.text.encode("utf-8"), content) if result.changed else None
    if target.folder:
        from skill_distiller.skill.read import read_folder
        from skill_distiller.skill.write_folder import write_folder

        if result.moves:
            return write_folder(result.moves.split.after, target.folder, force=force)
        folder = read_folder(result.original.path.parent) if result.original.path else None
        return write_folder(folder.with_skill(result.distilled), target.folder, force=force) if folder else None
    if target.makes_folder:
        make_folder(target.file.parent)
    write_atomically(target.file, content)
    return None


def write_stdout(text: str, *, safe: bool = False) -> None:
    """Byte for byte into a pipe or file; on a terminal control characters of the skill are shown as codes.

    A `safe` text is ours, its escape sequences included.
    """
    if sys.stdout is None:
        raise RefusedError("stdout is closed.", "Name a file with -o.")
    if sys.stdout.isatty() and not safe:
        from skill_distiller.report.text import printable_lines

        text = printable_lines(text)
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))  # a file name may hold what is not UTF-8
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_stdout()
        raise RefusedError(f"Can't write to stdout: {reason_of(error)}.", "Name a file with -o.") from None


_PLACE: ContextVar[str | None] = ContextVar("_PLACE", default=None)


@contextmanager
def one_of_many(place: str) -> Iterator[None]:
    """In here each record stands on a line of its own and begins with the place of its skill: there are several."""
    token = _PLACE.set(place)
    try:
        yield
    finally:
        _PLACE.reset(token)


def write_json(record: Mapping[str, object]) -> None:
    """A record as indented JSON, one of many on a line; plain ASCII on a terminal, where a character could steer it."""
    place, plain = _PLACE.get(), sys.stdout is None or sys.stdout.isatty()
    if place is None:
        write_stdout(json.dumps(record, indent=2, ensure_ascii=plain) + "\n")
    else:
        write_stdout(json.dumps({"place": place, **record}, ensure_ascii=plain) + "\n")


def drop_stdout() -> None:
    """Leave nothing for the interpreter to flush at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
