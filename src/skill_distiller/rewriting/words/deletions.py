"""Edits from words: which characters go, and which of two edits that overlap stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

from skill_distiller.rewriting.edits import Edit
from skill_distiller.rewriting.words import word_kinds as w
from skill_distiller.rewriting.words.spans import Phrases, phrases, single_words
from skill_distiller.rewriting.words.vocabulary import Ints
from skill_distiller.rewriting.words.word_table import Column, Stream
from skill_distiller.skill.model import Skill

# What can stand first in a line and is no list marker, fence or other mark of a block.
_STARTS_A_LINE: Final = re.compile(r"[^\W\d_]|`(?!``)")


_MISSED: Final = frozenset("this these those is are was were often usually typically generally sometimes".split())
_POSSESSIVES: Final = frozenset("my your its our their his her".split())
_ENGLISH: Final = re.compile(r"\b(?:the|and|with|your|you|that|this|from|when|are)\b", re.IGNORECASE)
_REACH: Final = 12  # characters before an article that may hold what makes it a number or a name
_BEFORE_AMOUNT: Final = re.compile(
    r"\b(?:about|around|under|over|within|half|per|once|twice|every|than|least|most|nearly"
    r"|variable|option|grade|step|section|answer|letter|column|row|point|the)\s*\Z",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"\s+(?:single|second|minute|hour|day|week|month|quarter|year|half|third|fifth|tenth|dozen|few|couple|hundred"
    r"|thousand|million|dollar|time|token|word|line|percent|and|or|to|is|then|of|in|on|at|for|by|the|element|tag|key)\b"
    r"|\s*(?:[,.;:)]|\Z)",
    re.IGNORECASE,
)


class _Draft(NamedTuple):
    """An edit with the block it belongs to and the words that are expected to go by it."""

    block: int
    start: int
    end: int
    replacement: str
    strength: float
    worth: float


def form_edits(skill: Skill, stream: Stream, drop: Column) -> dict[int, tuple[Edit, ...]]:
    """The edits by block, in order of position and without overlaps; `drop` is P(drop) of every word."""
    words, strength = single_words(stream, drop)
    whole, opening = phrases(stream, drop)
    leading = stream.fresh[words] | stream.lines[words]
    first = words[leading]
    drafts = [
        *_inner(stream, words[~leading], strength[~leading], drop),
        *_opening(skill, stream, Phrases(first, first, strength[leading], drop[first])),
        *_opening(skill, stream, opening),
        *_whole(stream, whole),
    ]
    drafts.sort()
    edits: dict[int, list[Edit]] = {}
    for block, of_block in groupby(_without_overlaps(drafts), key=attrgetter("block")):
        text = skill.blocks[block].text
        kept = [Edit(*draft[1:5]) for draft in of_block if not _stays(text, draft.start, draft.end)]
        if kept:
            edits[block] = kept
    return {block: tuple(of_block) for block, of_block in edits.items()}


def _stays(text: str, start: int, end: int) -> bool:
    """Whether a word is one that editors delete and readers miss: it points, hedges, joins clauses or counts.

    An `a` may be a word of another language, or a name; a whole sentence may be a verdict.
    """
    word = text[start:end].strip().lower()
    if word in ("a", "an"):
        named = _AMOUNT.match(text, end) or _BEFORE_AMOUNT.search(text, max(0, start - _REACH), start)
        return bool(named) or not _ENGLISH.search(text)
    if word in _POSSESSIVES:
        return len(_POSSESSIVES.intersection(text.lower().split())) > 1
    return word in _MISSED or word[-1:] in ".!?" or (word == "and" and text[:start].rstrip().endswith(","))


def _inner(stream: Stream, words: Ints, strength: Column, drop: Column) -> Iterator[_Draft]:
    """Words inside a line go with the space before them."""
    return map(
        _Draft,
        stream.block[words].tolist(),
        stream.piece_end[words - 1].tolist(),
        stream.end[words].tolist(),
        [""] * len(words),
        strength.tolist(),
        drop[words].tolist(),
    )


def _opening(skill: Skill, stream: Stream, found: Phrases) -> Iterator[_Draft]:
    """Words at the start of a line or sentence go with the space behind them; the next one takes the capital."""
    follows = found.last + 1
    movable = (stream.block[follows] >= 0) & ~stream.lines[follows] & ~stream.flags[w.TRAILS, found.last]
    capital = stream.fresh & stream.flags[w.UPPER]
    for first, last, allowed, worth in zip(*(column[movable].tolist() for column in found), strict=True):
        block, after = int(stream.block[first]), last + 1
        text, end, replacement = skill.blocks[block].text, int(stream.piece_start[after]), ""
        while text[end] == " ":
            end += 1
        if capital[first] and stream.flags[w.LOWER, after] and end == int(stream.start[after]):
            if stream.covered[after]:
                continue
            replacement, end = text[end].upper(), end + 1
        elif not _STARTS_A_LINE.match(text, end):
            continue
        yield _Draft(block, int(stream.start[first]), end, replacement, allowed, worth)


def _whole(stream: Stream, found: Phrases) -> Iterator[_Draft]:
    """Phrases go with the space before them; what closes the sentence stays where it is still needed."""
    inside = ~stream.lines[found.first]
    commas = (stream.numbers[w.TRAIL] == w.COMMA) & stream.bare
    for first, last, allowed, worth in zip(*(column[inside].tolist() for column in found), strict=True):
        block, start = int(stream.block[first]), int(stream.piece_end[first - 1])
        if stream.fresh[first]:
            end = int(stream.piece_end[last])
        else:
            start -= int(commas[first - 1])  # that set a clause apart
            end = int(stream.end[last])
        yield _Draft(block, start, end, "", allowed, worth)


def _without_overlaps(drafts: list[_Draft]) -> list[_Draft]:
    """Of edits that overlap, the one that is worth more than all those it covers."""
    kept: list[_Draft] = []
    for draft in drafts:
        clashing = 0
        while clashing < len(kept) and _clash(kept[-1 - clashing], draft):
            clashing += 1
        if clashing:
            if draft.worth <= sum(other.worth for other in kept[-clashing:]):
                continue
            del kept[-clashing:]
        kept.append(draft)
    return kept


def _clash(one: _Draft, other: _Draft) -> bool:
    return one.block == other.block and one.end > other.start
