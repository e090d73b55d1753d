"""Reading a skill that the command line names."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from skill_distiller.errors import BadInputError

if TYPE_CHECKING:
    from skill_distiller.document import Skill

STDIN: Final = "-"
MAX_BYTES: Final = 2_000_000


def read_input(path: str, max_bytes: int = MAX_BYTES) -> Skill:
    """The skill in a file, a folder or, for `-`, on stdin; raises BadInputError as `read_skill` does."""
    from skill_distiller.document import read_skill, read_stream

    if path != STDIN:
        return read_skill(path, max_bytes)
    if sys.stdin is None or sys.stdin.isatty():
        raise BadInputError("No content.", "Provide a valid SKILL.md file path or pipe content via stdin.")
    return read_stream(sys.stdin.buffer, max_bytes)
