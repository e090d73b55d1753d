"""Edits as data: spans of a text and what stands in their place, applied and priced in tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from skill_distiller.language.spans import Span, overlaps
from skill_distiller.tokens import TokenCounter


class Edit(NamedTuple):
    """Put `replacement` in the place of `text[start:end]`.

    `replacement` is mostly "", or the capital letter of a sentence that loses its first word.
    `strength` (0-1) is the dial from which on the edit is allowed: low where it is certain that the
    words can go.
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
    """The edits of two passes in order of position; where two overlap, that of the first stands."""
    taken = [Span(edit.start, edit.end) for edit in first]
    fitting = [edit for edit in second if not overlaps((edit.start, edit.end), taken)]
    return tuple(sorted([*first, *fitting])) if fitting else first


_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_LONGEST: Final = 200  # characters of a piece whose count is worth remembering


class LevelEdit(NamedTuple):
    """An edit and the first level (0, 1, …) at which it is made."""

    edit: Edit
    level: int


class _Window(NamedTuple):
    start: int
    end: int
    edits: list[LevelEdit]


def price_edits(text: str, tokens: int, edits: Sequence[LevelEdit], levels: int, counter: TokenCounter) -> list[int]:
    """The tokens of a text at each level, where all edits of that level and the ones below are made.

    `tokens` is the count of the text itself; the edits are sorted and do not overlap.
    """
    if not counter.exact:
        return [counter.count(text_at(text, edits, i)) for i in range(levels)]
    saved = [0] * levels
    count = _piece_counter(counter)
    rest: list[LevelEdit] = []
    for item in edits:
        (start, end, replacement, _), level = item
        if not replacement and _is_cut(text, start) and _is_cut(text, end):
            saved[level] += count(text[start:end])  # whole words with the space before them: most edits
        else:
            rest.append(item)
    for window in _windows(text, rest):
        piece = text[window.start : window.end]
        before = count(piece)
        for level in sorted({level for _, level in window.edits}):
            after = apply_edits(piece, [_shift(e, window.start) for e, own in window.edits if own <= level])
            if not _stands_alone(after, text, window):
                return [counter.count(text_at(text, edits, i)) for i in range(levels)]
            cost = count(after)
            saved[level] += before - cost
            before = cost
    return [tokens - total for total in accumulate(saved)]


def text_at(text: str, edits: Sequence[LevelEdit], level: int) -> str:
    """The text with the edits up to a level made."""
    return apply_edits(text, [edit for edit, own in edits if own <= level])


@lru_cache(maxsize=4)
def _piece_counter(counter: TokenCounter) -> Callable[[str], int]:
    remembered = lru_cache(maxsize=65536)(counter.count)  # mostly one word: ` the`
    return lambda text: remembered(text) if len(text) <= _LONGEST else counter.count(text)


def _windows(text: str, edits: Sequence[LevelEdit]) -> Iterator[_Window]:
    """The stretches of a text that can be counted alone, with the edits in them."""
    window: _Window | None = None
    for item in edits:
        start, end = _cut_before(text, item.edit.start), _cut_after(text, item.edit.end)
        if window and start < window.end:
            window = _Window(window.start, max(end, window.end), [*window.edits, item])
            continue
        if window:
            yield window
        window = _Window(start, end, [item])
    if window:
        yield window


def _cut_before(text: str, at: int) -> int:
    while at > 0 and not _is_cut(text, at):
        at = text.rfind(" ", 0, at)
    return max(at, 0)


def _cut_after(text: str, at: int) -> int:
    while not _is_cut(text, at):
        at = text.find(" ", at + 1)
        if at < 0:
            return len(text)
    return at


def _is_cut(text: str, at: int) -> bool:
    return text[at : at + 1] == " " and text[at + 1 : at + 2] in _LETTERS and at > 0 and not text[at - 1].isspace()


def _stands_alone(piece: str, text: str, window: _Window) -> bool:
    """Whether an edited window still begins and ends where tokens do."""
    begins = window.start == 0 or (piece[:1] == " " and piece[1:2] in _LETTERS)
    return not piece or (begins and (window.end == len(text) or not piece[-1].isspace()))


def _shift(edit: Edit, by: int) -> Edit:
    return Edit(edit.start - by, edit.end - by, edit.replacement, edit.strength)
