"""`compress --apply` and `undo`: a result in the place of its original, which is kept where no agent loads it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from glob import glob
from pathlib import Path
from typing import Final

import typer

from skill_distiller.cli.input_output import data_folder, write_atomically
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.errors import BadInputError, RefusedError, SkillDistillerError, reason_of
from skill_distiller.report.text import printable
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE
from skill_distiller.skill.safe_files import read_regular, write_new

_JOURNAL: Final = "journal.jsonl"
_MOST_BYTES: Final = 64_000_000  # of the journal: some 200,000 changes
_PATIENCE_SECONDS: Final = 30.0
_ONLY_OWN: Final = 0o600  # a skill may hold what is nobody else's business


@dataclass(frozen=True, slots=True)
class Applied:
    """A change in place: the file, and SHA-256 (hex) of what it held before and after; `time` is UTC, ISO 8601."""

    path: str
    before: str
    after: str
    time: str


def digest(content: bytes) -> str:
    """The SHA-256 of a content, in hex."""
    return hashlib.sha256(content).hexdigest()


class Journal:
    """The changes in place that were not undone, and the originals, in a folder of the user's."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "applied"

    def backup(self, change: Applied) -> Path:
        """Where the original of a change is kept."""
        return self._folder / f"{change.before}.md"

    def read(self) -> list[Applied]:
        """The changes, oldest first; lines that are none are passed over."""
        try:
            lines = read_regular(self._folder / _JOURNAL, _MOST_BYTES).decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BadInputError(f"Can't read {str(self._folder)!r}: {reason_of(error)}.", "Check the folder.") from None
        return [change for line in lines if (change := _change(line))]

    def add(self, change: Applied, original: bytes) -> None:
        """Keep the original, then the change; both are on the disk before the file itself is touched."""
        with self._held():
            backup = self.backup(change)
            if not backup.is_file() or digest(read_regular(backup, len(original))) != change.before:
                backup.unlink(missing_ok=True)
                write_new(backup, [original], _ONLY_OWN)
            self._write([*self.read(), change])

    def remove(self, change: Applied) -> None:
        """Forget a change that was undone; its original stays."""
        with self._held():
            changes = self.read()
            if change in changes:
                changes.remove(change)
                self._write(changes)

    def _write(self, changes: list[Applied]) -> None:
        text = "".join(f"{json.dumps(asdict(change))}\n" for change in changes)
        write_atomically(self._folder / _JOURNAL, text.encode("utf-8"))

    @contextmanager
    def _held(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / ".lock", timeout=_PATIENCE_SECONDS):
                yield
        except Timeout:
            raise RefusedError(f"Another run holds {str(self._folder)!r}.", "Try again when it has ended.") from None
        except OSError as error:
            raise RefusedError(
                f"Can't keep the original in {str(self._folder)!r}: {reason_of(error)}.", "Use -o FILE instead."
            ) from None


def _change(line: str) -> Applied | None:
    try:
        fields = json.loads(line)
        change = Applied(*(fields[name] for name in ("path", "before", "after", "time")))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    hexes = (change.before, change.after)
    texts = all(isinstance(value, str) for value in (change.path, *hexes, change.time))
    return change if texts and all(len(text) == 64 and text.isalnum() for text in hexes) else None


def check_in_place(path: Path | None, *, force: bool) -> Path:
    """The file that a result may be written over, links followed.

    Raises RefusedError for stdin, for a file that can't be replaced and, without `force`, for one with changes that
    git does not hold.
    """
    if path is None:
        raise RefusedError(
            "stdin can't be written in place.", "Name a SKILL.md or a skill folder, or leave --apply out."
        )
    try:
        file = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise RefusedError(f"Can't write {str(path)!r}: {reason_of(error)}.", "Use -o FILE instead.") from None
    if not os.access(file.parent, os.W_OK):
        raise RefusedError(f"The folder {str(file.parent)!r} can't be written to.", "Use -o FILE instead.")
    if not force and (state := _uncommitted(file)):
        raise RefusedError(f"{str(path)!r} {state}.", "Commit it first, or use --force: a backup is made in any case.")
    return file


# A repository may have come from anyone: nothing that its configuration names is run, and nothing is fetched.
_GIT: Final = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
_GIT_ENVIRONMENT: Final = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
_GIT_SECONDS: Final = 10


def _uncommitted(file: Path) -> str:
    """What git does not hold of a file, in words that follow its name; "" where there is nothing, or no git.

    Its content is compared here: `git status` would run filters that the repository names.
    """
    if not any(os.path.lexists(folder / ".git") for folder in file.parents) or not shutil.which("git"):
        return ""
    staged = _git(file, "ls-files", "--stage", "--", file.name)
    if staged is None:
        return ""
    if not staged.strip():
        return "" if _git(file, "check-ignore", "--", file.name) else "is not committed yet"
    committed = (_git(file, "rev-parse", "--verify", "--quiet", f"HEAD:./{file.name}") or "").strip()
    if staged.split()[1] != committed:
        return "has changes that are not committed"
    content = file.read_bytes()
    same = any(_blob(text, len(committed)) == committed for text in (content, content.replace(b"\r\n", b"\n")))
    return "" if same else "has changes that are not committed"


def _git(file: Path, *arguments: str) -> str | None:
    """What git prints, None where it fails."""
    try:
        done = subprocess.run(
            ["git", *_GIT, "-C", str(file.parent), *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **_GIT_ENVIRONMENT},
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def _blob(content: bytes, length: int) -> str:
    """The name that git gives a content, of as many hex digits as the repository's have."""
    algorithm = hashlib.sha256 if length == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def write_in_place(file: Path, original: bytes, result: bytes) -> Path:
    """Write a result over its original, which is kept; the path of the backup.

    Raises RefusedError where the file is no longer what was read, or the disk does not take it.
    """
    if _content(file) != original:
        raise RefusedError(f"{str(file)!r} was changed while it was read.", "Run the command again.")
    journal = Journal()
    change = Applied(str(file), digest(original), digest(result), datetime.now(UTC).isoformat(timespec="seconds"))
    journal.add(change, original)
    write_atomically(file, result)
    return journal.backup(change)


def _content(file: Path) -> bytes:
    try:
        return read_regular(file, MAX_BYTES * 100)
    except OSError as error:
        raise RefusedError(f"Can't read {str(file)!r}: {reason_of(error)}.", "Check the file.") from None


@expand_groups
def undo(
    paths: list[str] | None = argument(
        None,
        metavar="PATH...",
        help="A SKILL.md or a skill folder; several, or folders of skills: all that was applied there. Default: what "
        "was applied last.",
    ),
    list_: bool = option(False, "--list", help="Only list what can be undone, the latest first."),
) -> None:
    """Take back what --apply wrote. Refused for a file that was changed since."""
    journal = Journal()
    changes = journal.read()[::-1]
    if paths:
        changes = [change for change in changes if _is_in(Path(change.path), paths)]
    if list_:
        for change in changes:
            typer.echo(printable(f"{change.time}  {change.path}"))
        return
    if not changes:
        what = f"Nothing was applied to {' or '.join(map(repr, paths))}." if paths else "Nothing was applied."
        raise BadInputError(what, "skill-distiller undo --list shows what can be undone.")
    latest = {change.path: change for change in changes[::-1]}
    several, failed = bool(paths) and len(latest) > 1, list[SkillDistillerError]()
    for change in latest.values() if several else changes[:1]:
        try:
            _take_back(journal, change)
        except RefusedError as error:
            if not several:
                raise
            typer.echo(printable(f"Error: {error}\nHint: {error.hint}"), err=True)
            failed.append(error)
    if failed:
        raise typer.Exit(failed[0].exit_code)


def _is_in(file: Path, paths: Sequence[str]) -> bool:
    """Whether a file is a skill that paths name, or one in a folder of them, and not one inside of a skill's folder."""
    for path in paths:
        for named in map(Path, sorted(glob(path)) or [path]):  # noqa: PTH207 - a pattern may be absolute
            place = named.resolve()
            if file in (place, place / SKILL_FILE):
                return True
            if not (place / SKILL_FILE).exists() and file.is_relative_to(place):
                return True
    return False


def _take_back(journal: Journal, change: Applied) -> None:
    """Write a file as it was; raises RefusedError for one that was changed since."""
    file = Path(change.path)
    now, original = digest(_content(file)), _original(journal, change)
    if now not in (change.after, change.before):
        raise RefusedError(
            f"{change.path!r} was changed since; it is left as it is.",
            f"Its original is {str(journal.backup(change))!r}.",
        )
    write_atomically(file, original)
    journal.remove(change)
    typer.echo(printable(f"Undone: {change.path} is as it was before {change.time}."), err=True)


def _original(journal: Journal, change: Applied) -> bytes:
    backup = journal.backup(change)
    content = _content(backup)
    if digest(content) != change.before:
        raise RefusedError(f"The backup {str(backup)!r} is damaged.", f"{change.path!r} is left as it is.")
    return content
