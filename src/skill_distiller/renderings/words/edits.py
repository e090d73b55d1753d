"""Edits: the deletions that a block's text allows, each with the dial at which it becomes allowed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Write `replacement` for `text[start:end]` of a block's original text.

    `replacement` is "", or the capital letter of a sentence that loses its first word. `strength`,
    between 0 and 1, is the dial from which the edit is allowed: low where it is certain that the
    words can go. The edits of a block never overlap.
    """

    start: int
    end: int
    replacement: str
    strength: float


def apply_edits(text: str, edits: Iterable[Edit], strength: float) -> str:
    """A block's text with every edit that `strength` allows; `edits` in order of position.

    >>> apply_edits("The run ends.", [Edit(0, 5, "R", 0.2)], 0.5)
    'Run ends.'
    """
    parts: list[str] = []
    at = 0
    for start, end, replacement, allowed in edits:
        if allowed <= strength:
            parts += text[at:start], replacement
            at = end
    return "".join((*parts, text[at:])) if at else text
