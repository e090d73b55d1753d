"""Edits as data: spans of a text and what stands in their place, applied and priced in tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

from skill_distiller.language.facts import Span, overlaps
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
    """The edits of two passes, each sorted, in order of position; where two overlap, that of the first stands."""
    if not first:
        return tuple(second)
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
        return _whole_prices(text, tokens, edits, levels, counter)
    saved = [0] * levels
    count = _piece_counter(counter)
    touched = 0  # up to where whole words are gone
    windows: list[_Window] = []
    for item in edits:
        (start, end, replacement, _), level = item
        if not replacement and _is_cut(text, start) and _is_cut(text, end):
            saved[level] += count(text[start:end])  # whole words with the space before them: most edits
            touched = end
        else:
            _add_window(windows, text, item, touched)
    for window in windows:
        piece = text[window.start : window.end]
        before = count(piece)
        for level in sorted({level for _, level in window.edits}):
            after = apply_edits(piece, [_shift(e, window.start) for e, own in window.edits if own <= level])
            if not _stands_alone(after, text, window):
                return _whole_prices(text, tokens, edits, levels, counter)
            cost = count(after)
            saved[level] += before - cost
            before = cost
    return [tokens - total for total in accumulate(saved)]


def _whole_prices(text: str, tokens: int, edits: Sequence[LevelEdit], levels: int, counter: TokenCounter) -> list[int]:
    """The same by counting all of the text at every level on which it changes."""
    prices = []
    for level in range(levels):
        if any(own == level for _, own in edits):
            tokens = counter.count(text_at(text, edits, level))
        prices.append(tokens)
    return prices


def text_at(text: str, edits: Sequence[LevelEdit], level: int) -> str:
    """The text with the edits up to a level made."""
    return apply_edits(text, [edit for edit, own in edits if own <= level])


@lru_cache(maxsize=4)
def _piece_counter(counter: TokenCounter) -> Callable[[str], int]:
    remembered = lru_cache(maxsize=65536)(counter.count)  # mostly one word: ` the`
    return lambda text: remembered(text) if len(text) <= _LONGEST else counter.count(text)


def _add_window(windows: list[_Window], text: str, item: LevelEdit, touched: int) -> None:
    """Add the stretch of a text that can be counted alone around an edit, joined with the last one if they overlap.

    Where it may (nothing up to `touched` is part of it), it begins with a word that stays.
    """
    (start, end, _, _), _ = item
    first = _cut_before(text, start - 1)
    if first < touched:
        first = _cut_before(text, start)
    last = _cut_after(text, end)
    if windows and first < windows[-1].end:
        before = windows[-1]
        windows[-1] = _Window(before.start, max(last, before.end), [*before.edits, item])
    else:
        windows.append(_Window(first, last, [item]))


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
