"""Write an example as one line: `- {trigger} → {result}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import fsum
from typing import Final

from skill_distiller.analysis.model import Analysis
from skill_distiller.rewriting.examples.contrast import is_called, shows_bad
from skill_distiller.rewriting.examples.elements import Element, Shown, distinct, invented
from skill_distiller.rewriting.examples.model import Example
from skill_distiller.rewriting.examples.pieces import Piece, Pieces, source_of

ARROW: Final = " → "
_MOST: Final = 0.5  # of the characters of the example that its line may take
_SHORTEST: Final = 120  # characters that a line may take in any case
LONGEST: Final = 320  # and at most
_FIXED: Final = 20  # characters that a piece costs besides its own: it has to be read in its place
_PIECES: Final = 3  # of a result: a line of many shreds is none to read
_CANDIDATES: Final = 24  # pieces of an example that are looked at


def one_liner(
    analysis: Analysis, example: Example, pieces: Pieces, elements: Mapping[str, Element], common: frozenset[str]
) -> str:
    """The line without its bullet, "" where none can be written that has both a trigger and a result.

    Of the pieces those are taken that show most for their length, words that are `common` to several
    examples not counted; every one is as it stands in the example, and no fact is in the line that is
    not in the example.
    """
    source = source_of(analysis.skill, example)
    limit = min(LONGEST, max(_SHORTEST, int(_MOST * sum(map(len, source)))))
    trigger = _trigger(pieces, limit)
    room = limit - len(trigger)
    offered = _safe_results(analysis, example, pieces)
    results = _best(offered, distinct(elements, common), trigger, room)
    results = results or _best(offered, elements, trigger, room, most=1)
    if not trigger or not results:
        return ""
    line = trigger + ARROW + _joined(results)
    return "" if invented(source, line) else line


def _safe_results(analysis: Analysis, example: Example, pieces: Pieces) -> tuple[Piece, ...]:
    """The results; where the example shows something bad, only those that call themselves bad or good."""
    if not any(shows_bad(analysis.skill.blocks[i].text) for i in example.blocks):
        return pieces.results
    return tuple(piece for piece in pieces.results if is_called(piece.text))


def _trigger(pieces: Pieces, limit: int) -> str:
    """The title with the first input, as far as both fit."""
    first = pieces.inputs[0].text if pieces.inputs else ""
    both = f"{pieces.title}: {first}" if pieces.title and first else pieces.title or first
    return both if len(both) <= limit * 2 // 3 else pieces.title or ""


def _best(
    pieces: Sequence[Piece], elements: Mapping[str, Element], trigger: str, room: int, most: int = _PIECES
) -> list[Piece]:
    """The pieces that show most of the elements for their length, in order, as many as there is room for."""
    chosen: list[int] = []
    left = room
    missing = dict(elements)
    values = [Shown([piece.text]) for piece in pieces[:_CANDIDATES]]
    _take(missing, Shown([trigger]))
    while len(chosen) < most:
        gains = [
            (_gain(missing, value) / (len(pieces[i].text) + _FIXED), -i)
            for i, value in enumerate(values)
            if i not in chosen and len(pieces[i].text) <= left
        ]
        best, at = max(gains, default=(0.0, 0))
        if best <= 0:
            break
        chosen.append(-at)
        left -= len(pieces[-at].text) + len(ARROW)
        _take(missing, values[-at])
    return [pieces[i] for i in sorted(chosen)]


def _gain(missing: Mapping[str, Element], shown: Shown) -> float:
    return fsum(element.weight * shown.degree(key, element) for key, element in missing.items())


def _take(missing: dict[str, Element], shown: Shown) -> None:
    """Take out of the elements what is shown."""
    for key in [key for key, element in missing.items() if shown.degree(key, element) == 1]:
        del missing[key]


def _joined(pieces: Sequence[Piece]) -> str:
    line = pieces[0].text
    for before, piece in pairwise(pieces):
        line += (ARROW if piece.result and not before.result else "; ") + piece.text
    return line
