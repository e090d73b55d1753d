"""Look for a configuration file from a folder upwards, and not further than what is the user's own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skill_distiller.config.files import OWN_FILE, PROJECT_FILE, has_table

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
