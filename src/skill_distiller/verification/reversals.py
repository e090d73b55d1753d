"""What was forbidden is not asked for now."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from skill_distiller.analysis.facts import sentence_around
from skill_distiller.document import Block
from skill_distiller.verification.modal_groups import NEGATION, modal_group
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place

_MARKS: Final = "*_`"
# Words that a rewriting may take out without a change of meaning.
_SMALL: Final = frozenset("the a an your its their our any this that these those very just also".split())
_BEFORE: Final = 24  # characters before a phrase that a negation may stand in
_NEGATED: Final = re.compile(
    r"(?:\b(?:not|never|no|cannot|avoid|without|nor|neither|forbidden|prohibited)|n['’]t)\b[^.;]*\Z"
)


def find_reversals(gone: Iterable[Place], pair: Pair) -> tuple[Finding, ...]:
    """The prohibitions whose words the candidate says without one, more often than the original does."""
    forbidden = (place for place in gone if modal_group(place.fact.key) == NEGATION)
    places = {phrase: place for place in forbidden if " " in (phrase := _phrase(place))}
    if not places or not pair.candidate_alone:
        return ()
    rewritten = _plain(pair.candidate_alone)
    suspects = [phrase for phrase in places if _times_said(phrase, rewritten)]
    if not suspects:
        return ()
    before, after = _plain(pair.original.blocks), _plain(pair.candidate.blocks)
    found = (places[phrase] for phrase in suspects if _times_said(phrase, after) > _times_said(phrase, before))
    return tuple(map(_finding, found))


def _finding(place: Place) -> Finding:
    text = sentence_around(place.block.text, place.fact)
    return Finding(FindingKind.REVERSED, Level.FAILURE, text, place.line, place.fact.text)


def _phrase(place: Place) -> str:
    """The words after the negation."""
    return _plain_text(place.fact.key.partition(" ")[2])


def _times_said(phrase: str, text: str) -> int:
    """How often a text says a phrase without a negation before it."""
    said, at = 0, text.find(phrase)
    while at >= 0:
        before, end = text[max(0, at - _BEFORE) : at], at + len(phrase)
        whole = not before[-1:].isalnum() and not text[end : end + 1].isalnum()
        said += whole and not _NEGATED.search(before)
        at = text.find(phrase, end)
    return said


def _plain(blocks: Iterable[Block]) -> str:
    return _plain_text("\n".join(block.text for block in blocks))


def _plain_text(text: str) -> str:
    """A text in small letters, without marks and small words, white space collapsed."""
    for mark in _MARKS:  # faster than a table, which is looked up for every character
        text = text.replace(mark, "")
    return " ".join([word for word in text.lower().split() if word not in _SMALL])
