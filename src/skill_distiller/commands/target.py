"""Where a command writes: never over what it reads."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skill_distiller.errors import RefusedError

if TYPE_CHECKING:
    from skill_distiller.document import Skill


def choose_target(file: Path, skill: Skill, *, folder_given: bool, force: bool) -> Path:
    """The file to write to, as `check_target` gives it; the file behind stdin is refused as well."""
    from skill_distiller.reporting.write import check_target

    target = check_target(file, skill.path, folder_given=folder_given, force=force)
    if skill.path is None and _is_stdin(target):
        raise RefusedError(f"{str(target)!r} is the input; it is never overwritten.", "Name another file with -o.")
    return target


def _is_stdin(file: Path) -> bool:
    """Whether a file is what stdin was redirected from."""
    try:
        return file.exists() and os.path.samestat(os.fstat(sys.stdin.fileno()), file.stat())
    except (OSError, ValueError):  # stdin is no file
        return False
