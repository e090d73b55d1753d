"""What changed, as a unified diff."""

from __future__ import annotations

import difflib

from skill_distiller.pipeline import Distillation


def unified_diff(distillation: Distillation) -> str:
    """The unified diff from the original to the result, "" when nothing changed."""
    name = distillation.original.path.name if distillation.original.path else "SKILL.md"
    lines = difflib.unified_diff(
        distillation.original.text.split("\n"),
        distillation.text.split("\n"),
        f"a/{name}",
        f"b/{name}",
        lineterm="",
    )
    return "".join(f"{line}\n" for line in lines)
