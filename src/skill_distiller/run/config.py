"""What a user sets once, in `.skill-distiller.toml` or `pyproject.toml`: found, read and checked."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from skill_distiller.analysis.patterns import (
    ADVISORY,
    BUILT_IN,
    PROTECTED,
    OwnPattern,
    PatternError,
    PatternSet,
    own_pattern,
)
from skill_distiller.errors import UsageError, reason_of

_SHOWN: Final = 80  # characters of a key or value in a message


@dataclass(frozen=True, slots=True)
class Keys:
    """A place in a file: `path` are the keys down to it, joined by dots, "" for the top."""

    file: str
    path: str = ""

    def below(self, key: str) -> Keys:
        """The place of a key here."""
        return replace(self, path=f"{self.path}.{key[:_SHOWN]}" if self.path else key[:_SHOWN])

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.file!r}: {self.path}" if self.path else repr(self.file)

    def check(self, table: Mapping[str, object], known: Sequence[str]) -> None:
        """Raise UsageError for a key that is not known, with the one that was probably meant."""
        for key in table:
            if key in known:
                continue
            near = get_close_matches(key[:_SHOWN], known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
            raise UsageError(f"{self}: there is no key {key[:_SHOWN]!r}.", hint)

    def table(self, table: Mapping[str, object], key: str) -> dict[str, object]:
        """The table under a key, empty where there is none; raises UsageError for anything else."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        place = self.below(key)
        raise UsageError(f"{place} is not a table.", f"Write [{place.path}], with its keys below.")


_KINDS: Final = ("protected", "advisory")
_NAME: Final = re.compile(r"[^\W_][\w .-]{0,62}[^\W_]|[^\W_]")
_MOST: Final = 200  # phrases and expressions of a file: each is looked for in every block
_FORMAT: Final = 'Write for example "ticket-ids" = ["JIRA-", "re:\\\\bOPS-\\\\d+\\\\b"].'


def read_patterns(table: Mapping[str, object], keys: Keys) -> PatternSet:
    """The patterns of a table `patterns`; raises UsageError for what is none."""
    keys.check(table, _KINDS)
    kinds = {kind: keys.table(table, kind) for kind in _KINDS}
    for name in sorted(kinds["protected"].keys() & kinds["advisory"].keys()):
        raise UsageError(f"{keys}: {name!r} is both protected and advisory.", "Give them different names.")
    found = {
        kind: tuple(_pattern(name, value, keys.below(kind).below(name)) for name, value in named.items())
        for kind, named in kinds.items()
    }
    _check_names(found["protected"], {pattern.name for pattern in ADVISORY}, "advisory")
    _check_names(found["advisory"], {pattern.name for pattern in PROTECTED}, "protected")
    count = sum(len(value) for named in kinds.values() for value in named.values() if isinstance(value, list))
    if count > _MOST:
        raise UsageError(f"{keys}: {count} phrases and expressions are too many.", f"Keep to {_MOST} in all.")
    return PatternSet(found["protected"], found["advisory"])


def _pattern(name: str, value: object, keys: Keys) -> OwnPattern:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{keys}: the name of a pattern has 1-64 letters, digits, spaces, hyphens or dots.", "Choose another name."
        )
    sources = [value] if isinstance(value, str) else value
    if not isinstance(sources, list) or not sources or not all(isinstance(source, str) for source in sources):
        raise UsageError(f"{keys} is not a list of phrases.", _FORMAT)
    try:
        return own_pattern(name, sources, str(keys))
    except PatternError as error:
        hint = "Put it right or take it out; an expression begins with re:, anything else is a phrase."
        raise UsageError(f"{keys}: {error}.", hint) from None


def _check_names(own: tuple[OwnPattern, ...], taken: set[str], kind: str) -> None:
    for pattern in own:
        if pattern.name in taken:
            raise UsageError(
                f"{pattern.origin}: a pattern of this name is built in, as {kind}.", "Choose another name."
            )


OWN_FILE: Final = ".skill-distiller.toml"
PROJECT_FILE: Final = "pyproject.toml"
TOOL: Final = "skill-distiller"  # the table below [tool] of a pyproject.toml
_MAX_BYTES: Final = 1_000_000
_AWAY: Final = "or leave it out with --no-config"


def has_table(file: Path) -> bool:
    """Whether a pyproject.toml has a table for this tool; one that does not name it is not even parsed."""
    content = _read(file)
    return TOOL.encode() in content and _project_table(_parse(content, file)) is not None


def read_table(file: Path) -> tuple[dict[str, object], str]:
    """The table of this tool in a configuration file, and what stands in front of its keys in messages.

    Raises UsageError for what is no file, is too large, is not UTF-8, is not TOML, or has no such table.
    """
    values = _parse(_read(file), file)
    if file.name != PROJECT_FILE:
        return values, ""
    table = _project_table(values)
    if table is None:
        raise UsageError(f"{str(file)!r} has no table [tool.{TOOL}].", f"Add the table, name another file, {_AWAY}.")
    if not isinstance(table, dict):
        raise UsageError(f"{str(file)!r}: tool.{TOOL} is not a table.", f"Write [tool.{TOOL}], {_AWAY}.")
    return table, f"tool.{TOOL}."


def _project_table(values: dict[str, object]) -> object:
    tools = values.get("tool")
    return tools.get(TOOL) if isinstance(tools, dict) else None


def _read(file: Path) -> bytes:
    try:
        if not file.is_file():  # a pipe would never end
            raise UsageError(f"{str(file)!r} is not a regular file.", f"Name a TOML file, {_AWAY}.")
        with file.open("rb") as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL byte; RuntimeError: a loop of links
        raise UsageError(f"Can't read {str(file)!r}: {reason_of(error)}.", f"Check the file, {_AWAY}.") from None
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{str(file)!r} is larger than {_MAX_BYTES:,} bytes.", f"Make it smaller, {_AWAY}.")
    return content


def _parse(content: bytes, file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{str(file)!r} is not UTF-8 text (byte {error.start}).", f"Convert it to UTF-8, {_AWAY}."
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise UsageError(f"{str(file)!r} is not valid TOML: {reason}.", f"Put it right, {_AWAY}.") from None


_REPOSITORY: Final = ".git"  # a folder, or a file in a linked working tree


def find_config(start: Path, home: Path | None) -> Path | None:
    """The nearest configuration file: in a folder or above it, up to the root of its repository or the home folder.

    Outside of both only the folder itself is looked at: what lies above it may be anybody's. Raises
    UsageError where a file that has to be looked into can't be read.
    """
    for folder in _folders(start, home):
        if os.path.lexists(folder / OWN_FILE):
            return folder / OWN_FILE
        # isfile says no where a folder can't be looked into; Path.is_file raises.
        if os.path.isfile(folder / PROJECT_FILE) and has_table(folder / PROJECT_FILE):  # noqa: PTH113
            return folder / PROJECT_FILE
    return None


def _folders(start: Path, home: Path | None) -> Sequence[Path]:
    folders: list[Path] = []
    for folder in (start, *start.parents):
        folders.append(folder)
        if folder == home or os.path.lexists(folder / _REPOSITORY):
            return folders
    return folders[:1]


PATTERNS: Final = "patterns"


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file sets; `file` is None where there is none."""

    file: Path | None = None
    patterns: PatternSet = BUILT_IN


def load_config(named: str = "", *, use: bool = True) -> Config:
    """The configuration of a run: of the file that is named, else of the nearest one (see `find_config`).

    Without `use` there is none. Raises UsageError where the file can't be used.
    """
    if named and not use:
        raise UsageError("--config and --no-config exclude each other.", "Give one of them.")
    if not use:
        return Config()
    if named:
        return read_config(Path(named))
    try:
        folder = Path.cwd()
    except OSError:  # it was deleted
        return Config()
    file = find_config(folder, _home())
    return read_config(file) if file else Config()


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (OSError, RuntimeError):  # nobody's
        return None


def read_config(file: Path) -> Config:
    """What a configuration file sets.

    Raises UsageError, which names the file and the key, for what can't be read or is not known.
    """
    table, prefix = read_table(file)
    keys = Keys(str(file), prefix.rstrip("."))
    keys.check(table, (PATTERNS,))
    patterns = keys.table(table, PATTERNS)
    return Config(file, read_patterns(patterns, keys.below(PATTERNS)))
