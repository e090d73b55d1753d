"""Cut prose into the units that can go whole: sentences, parentheticals, clauses that hang on at the end.

    >>> text = "The tool logs (as many do) to a file, which most people find pleasant. Read the log."
    >>> for unit in split_units(text):
    ...     print(text[unit.start:unit.end])
    (as many do)
    , which most people find pleasant
    The tool logs (as many do) to a file, which most people find pleasant.
    Read the log.

A unit without which the rest would not be a sentence, or would speak of what is gone, is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.language.spans import Span
from skill_distiller.language.words import ABBREVIATIONS
from skill_distiller.skill.parse import LIST_MARKER


class UnitKind(StrEnum):
    """What a unit is to the text around it."""

    SENTENCE = "sentence"
    PARENTHETICAL = "parenthetical"
    CLAUSE = "clause"


class Unit(NamedTuple):
    """Half-open offsets into the text."""

    start: int
    end: int
    kind: UnitKind


LOCKED: Final = "\x00"  # stands for every character that may not be touched
_ITEM: Final = re.compile(rf"(?:\A|\n)[ \t>]*{LIST_MARKER}[ \t]+(?:\[[ xX]\][ \t]+)?|\n[ \t>]*(?=\n)")
_NEW_LINE: Final = re.compile(r"\n[ \t>]*(?![a-z])\S")  # perhaps no wrapped line but another thing
_END: Final = re.compile(r"[.!?](?=[ \t]+[A-Z*_`\x00\"“]|[ \t]*\n|[ \t]*\Z)")
_ABBREVIATION: Final = re.compile(rf"(?:\b(?:{ABBREVIATIONS}|incl|no|fig|dr|mr|ms)|\b[A-Za-z])\Z", re.IGNORECASE)
_PARENTHETICAL: Final = re.compile(r"(?<=[\w`\x00] )\([^()\n\x00:;]{8,200}\)")
_CLAUSE: Final = re.compile(
    r"(?:,\s+(?:which|whose|so that|making(?! sure)|providing|allowing|enabling|helping|giving|thus|thereby|reducing"
    r"|improving|resulting in|leading to|since|because)\b|\s+because\b|\s+so that\b)"
    r"[^.!?,;:()—–\x00]{8,240}(?=[.!?]\Z)"
)
_WHOLE: Final = re.compile(r"[*_]*[^\Wa-z_]")  # what begins small goes on from a block above
_PRONOUN: Final = re.compile(r"\A[^.!?]{0,200}?\b(?:it|its|they|them|their|these|those)\b", re.IGNORECASE)
# A sentence that begins with one of these speaks of the one before it.
_POINTS_BACK: Final = re.compile(
    r"[*_]*(?:this|that|these|those|it|its|they|them|their|such|so|then|thus|hence|therefore|however|but|instead"
    r"|otherwise|also|for (?:example|instance)|e\.g|both|each|either|neither|another|here|he|she|and|or|if (?:so|not)"
    r"|the (?:former|latter|same|other|first|second|last)|in (?:that|this|such|these)|similarly|likewise|conversely"
    r"|rather|only|unlike|as a result|because of (?:this|that)|which|again|still|yet|even|one|some|others?|all)\b",
    re.IGNORECASE,
)


def split_units(masked: str, following: str = "") -> Iterator[Unit]:
    """The units of a block's text in which `mask` hid the locked spans: none begins or ends inside of one.

    `following` is the text of the block below, whose first sentence may point back.
    """
    bounds = [0, *(at for match in _ITEM.finditer(masked) for at in match.span()), len(masked)]
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        if masked[start:end].strip():
            yield from _units(masked, start, end, following if not masked[end:].strip() else "")


def mask(text: str, spans: Sequence[Span]) -> str:
    """The text with LOCKED in place of every character of some spans, sorted and without overlaps."""
    pieces: list[str] = []
    at = 0
    for start, end in spans:
        pieces += (text[at:start], LOCKED * (end - start))
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _units(masked: str, start: int, end: int, following: str) -> Iterator[Unit]:
    """The units of one paragraph or list item."""
    sentences = list(_sentences(masked, start, end))
    for place, (first, last) in enumerate(sentences):
        sentence = masked[first:last]
        for match in _PARENTHETICAL.finditer(sentence):
            yield Unit(first + match.start(), first + match.end(), UnitKind.PARENTHETICAL)
        if (tail := _CLAUSE.search(sentence)) and " " in sentence[: tail.start()].strip():
            yield Unit(first + tail.start(), first + tail.end(), UnitKind.CLAUSE)
        after = masked[slice(*sentences[place + 1])] if place + 1 < len(sentences) else following.lstrip(" \t>*_-+")
        whole = _WHOLE.match(sentence) and sentence[-1] in ".!?" and not _NEW_LINE.search(sentence)
        if whole and not _POINTS_BACK.match(after) and not _PRONOUN.search(after):
            yield Unit(first, last, UnitKind.SENTENCE)


def _sentences(masked: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    at = start
    for match in _END.finditer(masked, start, end):
        if match.group() == "." and _ABBREVIATION.search(masked, max(at, match.start() - 8), match.start()):
            continue
        yield _stripped(masked, at, match.end())
        at = match.end()
    if masked[at:end].strip():
        yield _stripped(masked, at, end)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
