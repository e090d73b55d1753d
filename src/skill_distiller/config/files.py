"""Read a configuration file as TOML, with its limits."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from skill_distiller.errors import UsageError, reason_of

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
