"""From a configuration file to what it sets; what nobody reads is a mistake, not a comment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.config.files import read_table
from skill_distiller.config.find import find_config
from skill_distiller.config.keys import Keys
from skill_distiller.config.patterns import read_patterns
from skill_distiller.errors import UsageError

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
