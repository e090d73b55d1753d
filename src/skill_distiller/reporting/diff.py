"""What changed, as a unified diff that `patch` and `git apply` take."""

from __future__ import annotations

import difflib
from typing import Final

from skill_distiller.pipeline import Distillation

_NO_NEWLINE: Final = "\\ No newline at end of file\n"


def unified_diff(distillation: Distillation) -> str:
    """The unified diff from the original to the result, "" when nothing changed."""
    name = distillation.original.path.name if distillation.original.path else "SKILL.md"
    tab = "\t" if any(c.isspace() for c in name) else ""  # tells patch where a name with blanks ends
    before, after = _lines(distillation.original.text), _lines(distillation.text)
    lines = difflib.unified_diff(before, after, f"a/{name}{tab}", f"b/{name}{tab}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines with their ends, cut where `patch` cuts: at line feeds only."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
