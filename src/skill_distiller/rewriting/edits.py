"""Edits as data: spans of a text and what stands in their place, joined and applied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from skill_distiller.language.facts import Span, overlaps


class Edit(NamedTuple):
    """Put `replacement` in the place of `text[start:end]`.

    `replacement` is mostly "", or the capital letter of a sentence that loses its first word. `strength` (0-1) is the
    dial from which on the edit is allowed: low where it is certain that the words can go.
    """

    start: int
    end: int
    replacement: str = ""
    strength: float = 0.0


def apply_edits(text: str, edits: Iterable[Edit], strength: float = 1.0) -> str:
    """The text with every edit made that `strength` (0-1) allows; they are sorted and do not overlap.

    >>> apply_edits("The run ends.", [Edit(0, 5, "R", 0.2)], 0.5)
    'Run ends.'
    """
    pieces: list[str] = []
    at = 0
    for start, end, replacement, allowed in edits:
        if allowed <= strength:
            pieces += (text[at:start], replacement)
            at = end
    pieces.append(text[at:])
    return "".join(pieces)


def join_edits(first: tuple[Edit, ...], second: Iterable[Edit]) -> tuple[Edit, ...]:
    """The edits of two passes, each sorted, in order of position; where two overlap, that of the first stands."""
    second = tuple(second)
    if not first or not second:
        return first or second
    taken = [Span(edit.start, edit.end) for edit in first]
    fitting = [edit for edit in second if not overlaps((edit.start, edit.end), taken)]
    return tuple(sorted([*first, *fitting])) if fitting else first
