"""What a user sets once, in `.skill-distiller.toml` or `pyproject.toml`: found, read and checked."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from skill_distiller.analysis.patterns import (
    ADVISORY,
    BUILT_IN,
    PROTECTED,
    OwnPattern,
    PatternError,
    PatternSet,
    SearchTime,
    own_pattern,
)
from skill_distiller.errors import UsageError, reason_of
from skill_distiller.run.settings import (
    BUDGETS,
    KEEP_SECTIONS,
    NO_BUDGETS,
    NO_SETTINGS,
    PRICES,
    READERS,
    Budgets,
    Keys,
    Settings,
    read_budgets,
    read_settings,
)
from skill_distiller.skill.safe_files import read_regular

OWN_FILE: Final = ".skill-distiller.toml"
PROJECT_FILE: Final = "pyproject.toml"
TOOL: Final = "skill-distiller"  # the table below [tool] of a pyproject.toml
PATTERNS: Final = "patterns"
_REPOSITORY: Final = ".git"  # a folder, or a file in a linked working tree
_MAX_BYTES: Final = 256 * 1024
# A key of so many parts: the parser takes the square of their number.
_DEEP_KEY: Final = re.compile(rb"(?:\.[ \t]*(?:[\w-]+|\"[^\"\n]*\"|'[^'\n]*')[ \t]*){32}")
_AWAY: Final = "or leave it out with --no-config"


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file sets; `file` is None where there is none.

    One that is not `trusted` came with a folder: neither named by the user nor in the user's home folder. Below its
    settings and among its patterns are those of the `base`, the user's own file: another one takes none of them away.
    """

    file: Path | None = None
    patterns: PatternSet = BUILT_IN
    settings: Settings = NO_SETTINGS
    budgets: Budgets = NO_BUDGETS
    trusted: bool = True
    base: Config | None = None

    @property
    def values(self) -> Mapping[str, str]:
        """The settings by key, those of the base included."""
        return {**(self.base.values if self.base else {}), **self.settings.values}

    @property
    def keep(self) -> Mapping[str, tuple[str, ...]]:
        """The headings to keep by name of their skill, those of the base included."""
        return {**(self.base.keep if self.base else {}), **self.settings.keep}

    @property
    def prices(self) -> Mapping[str, str]:
        """What models cost, by their names, those of the base included."""
        return {**(self.base.prices if self.base else {}), **self.settings.prices}


def load_config(named: str = "", *, use: bool = True) -> Config:
    """The configuration of a run: of the file that is named, else of the nearest one, see `find_config`.

    Below its settings and beside its patterns are those of the user's own file in the home folder. Without `use` there
    is none. Raises UsageError where a file can't be used.
    """
    if named and not use:
        raise UsageError("--config and --no-config exclude each other.", "Give one of them.")
    if not use:
        return Config()
    if named:
        return read_config(Path(named))
    home = _home()
    try:
        file = find_config(Path.cwd(), home)
    except OSError:  # the folder was deleted
        return Config()
    own = home / OWN_FILE if home else None
    base = read_config(own) if own and os.path.lexists(own) else None
    if file is None or (own and base and os.path.samefile(file, own)):  # noqa: PTH121 - it was read a moment ago
        return base or Config()
    near = read_config(file, trusted=False)
    return replace(near, patterns=_joined(base.patterns, near.patterns), base=base) if base else near


def _joined(own: PatternSet, near: PatternSet) -> PatternSet:
    """The user's own patterns with those of another file, which can't make less of them."""
    protected = {pattern.name for pattern in own.protected}
    advisory = (pattern for pattern in near.advisory if pattern.name not in protected)
    return PatternSet((*own.protected, *near.protected), (*own.advisory, *advisory))


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (OSError, RuntimeError):  # nobody's
        return None


def find_config(start: Path, home: Path | None) -> Path | None:
    """The nearest configuration file: in a folder or above it, up to the root of its repository or the home folder.

    Outside of both only the folder itself is looked at: what lies above it may be anybody's. Raises
    UsageError where a file that has to be looked into can't be read.
    """
    for folder in _folders(start, home):
        own, project = folder / OWN_FILE, folder / PROJECT_FILE
        if os.path.lexists(own):
            return own
        # isfile says no where a folder can't be looked into; Path.is_file raises.
        if os.path.isfile(project) and _has_table(project):  # noqa: PTH113
            return project
    return None


def _folders(start: Path, home: Path | None) -> Sequence[Path]:
    folders = (start, *start.parents)
    for count, folder in enumerate(folders, 1):
        if folder == home or os.path.lexists(folder / _REPOSITORY):
            return folders[:count]
    return folders[:1]


def _has_table(project: Path) -> bool:
    """Whether a pyproject.toml has a table for this tool; one that does not name it is not even parsed."""
    content = _read(project)
    return TOOL.encode() in content and _project_table(_parse(content, project)) is not None


def read_config(file: Path, *, trusted: bool = True) -> Config:
    """What a configuration file sets; see `read_settings` for one that is not `trusted`.

    Raises UsageError, which names the file and the key, for what can't be read or is not known.
    """
    values, keys = _parse(_read(file), file), Keys(str(file))
    if file.name == PROJECT_FILE:
        table = _project_table(values)
        if table is None:
            raise UsageError(f"{keys} has no table [tool.{TOOL}].", f"Add the table, name another file, {_AWAY}.")
        if not isinstance(table, dict):
            raise UsageError(f"{keys}: tool.{TOOL} is not a table.", f"Write [tool.{TOOL}], {_AWAY}.")
        values, keys = table, keys.below("tool").below(TOOL)
    keys.check(values, (PATTERNS, BUDGETS, *READERS, KEEP_SECTIONS, PRICES))
    patterns = _patterns(keys.table(values, PATTERNS), keys.below(PATTERNS))
    budgets = read_budgets(keys.table(values, BUDGETS), keys.below(BUDGETS))
    return Config(file, patterns, read_settings(values, file, trusted=trusted), budgets, trusted)


def _project_table(values: dict[str, object]) -> object:
    tools = values.get("tool")
    return tools.get(TOOL) if isinstance(tools, dict) else None


def _read(file: Path) -> bytes:
    try:
        content = read_regular(file, _MAX_BYTES)
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL byte; RuntimeError: a loop of links
        raise UsageError(f"Can't read {str(file)!r}: {reason_of(error)}.", f"Check the file, {_AWAY}.") from None
    if len(content) > _MAX_BYTES:
        raise UsageError(f"{str(file)!r} is larger than {_MAX_BYTES:,} bytes.", f"Make it smaller, {_AWAY}.")
    return content


def _parse(content: bytes, file: Path) -> dict[str, object]:
    if _DEEP_KEY.search(content):
        raise UsageError(f"{str(file)!r} has a key of more than 32 parts.", f"Put it right, {_AWAY}.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{str(file)!r} is not UTF-8 text (byte {error.start}).", f"Convert it to UTF-8, {_AWAY}."
        ) from None
    except (ValueError, RecursionError) as error:  # ValueError: not TOML, or a number of thousands of digits
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise UsageError(f"{str(file)!r} is not valid TOML: {reason}.", f"Put it right, {_AWAY}.") from None


_BUILT_IN: Final = {"protected": PROTECTED, "advisory": ADVISORY}
_NAME: Final = re.compile(r"[^\W_][\w .-]{0,62}[^\W_]|[^\W_]")
_MOST: Final = 200  # phrases and expressions of a file: each is looked for in every block
_FORMAT: Final = 'Write for example "ticket-ids" = ["JIRA-", "re:\\\\bOPS-\\\\d+\\\\b"].'


def _patterns(table: Mapping[str, object], keys: Keys) -> PatternSet:
    """The patterns of the table `patterns`; raises UsageError for what is none."""
    keys.check(table, tuple(_BUILT_IN))
    protected, advisory = (keys.table(table, kind) for kind in _BUILT_IN)
    for name in sorted(protected.keys() & advisory.keys()):
        raise UsageError(f"{keys}: {name!r} is both protected and advisory.", "Give them different names.")
    budget = SearchTime()
    patterns = PatternSet(
        tuple(_own_patterns(protected, keys.below("protected"), "advisory", budget)),
        tuple(_own_patterns(advisory, keys.below("advisory"), "protected", budget)),
    )
    count = sum(len(value) for value in (*protected.values(), *advisory.values()) if isinstance(value, list))
    if count > _MOST:
        raise UsageError(f"{keys}: {count} phrases and expressions are too many.", f"Keep to {_MOST} in all.")
    return patterns


def _own_patterns(named: Mapping[str, object], keys: Keys, other: str, budget: SearchTime) -> Iterator[OwnPattern]:
    """The patterns of a kind, whose names may not be those of built-in ones of the `other` kind."""
    taken = {pattern.name for pattern in _BUILT_IN[other]}
    for name, value in named.items():
        place = keys.below(name)
        pattern = _pattern(name, value, place, budget)
        if name in taken:
            raise UsageError(f"{place}: a pattern of this name is built in, as {other}.", "Choose another name.")
        yield pattern


def _pattern(name: str, value: object, keys: Keys, budget: SearchTime) -> OwnPattern:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{keys}: the name of a pattern has 1-64 letters, digits, spaces, hyphens or dots.", "Choose another name."
        )
    sources = [value] if isinstance(value, str) else value
    if not isinstance(sources, list) or not sources or not all(isinstance(source, str) for source in sources):
        raise UsageError(f"{keys} is not a list of phrases.", _FORMAT)
    try:
        return own_pattern(name, sources, str(keys), budget)
    except PatternError as error:
        hint = "Put it right or take it out; an expression begins with re:, anything else is a phrase."
        raise UsageError(f"{keys}: {error}.", hint) from None
