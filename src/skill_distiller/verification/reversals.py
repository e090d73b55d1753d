"""What was forbidden is not asked for now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from skill_distiller.analysis.facts import sentence_around
from skill_distiller.document import Block
from skill_distiller.verification.modal_groups import NEGATION, modal_group
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place

_MARKS: Final = "*_`"
# Words that a rewriting may take out without a change of meaning.
_SMALL: Final = frozenset("the a an your its their our any this that these those very just also".split())
_EDGES: Final = ".,;:!?()[]{}\"'“”‘’…"
_ENDS: Final = (".", ";", "!", "?", ":")  # of a clause
_LONGEST: Final = 4  # words of a phrase
_BEFORE: Final = 4  # words before a phrase that may negate it
_NEGATIONS: Final = frozenset("without unless".split())
Phrase = tuple[str, ...]


def find_reversals(gone: Iterable[Place], pair: Pair) -> tuple[Finding, ...]:
    """The prohibitions whose words the candidate says without one, more often than the original does."""
    forbidden = (place for place in gone if modal_group(place.fact.key) == NEGATION)
    places = {phrase: place for place in forbidden if len(phrase := _phrase(place)) > 1}
    if not places or not pair.candidate_alone:
        return ()
    suspects = _said(places, pair.candidate_alone)
    if not suspects:
        return ()
    before, after = _said(suspects, pair.original.blocks), _said(suspects, pair.candidate.blocks)
    return tuple(_finding(place) for phrase, place in places.items() if after[phrase] > before[phrase])


def _finding(place: Place) -> Finding:
    text = sentence_around(place.block.text, place.fact)
    return Finding(FindingKind.REVERSED, Level.FAILURE, text, place.line, place.fact.text)


def _phrase(place: Place) -> Phrase:
    """The first words after the negation."""
    return tuple(word.strip(_EDGES) for word in _words(place.fact.key.partition(" ")[2])[:_LONGEST])


def _said(phrases: Collection[Phrase], blocks: Iterable[Block]) -> Counter[Phrase]:
    """How often each phrase is said without a negation before it."""
    wanted, firsts = frozenset(phrases), {phrase[0] for phrase in phrases}
    lengths = sorted({len(phrase) for phrase in phrases})
    words = _words("\n".join(block.text for block in blocks))
    plain = [word.strip(_EDGES) for word in words]
    said = Counter[Phrase]()
    for at, word in enumerate(plain):
        if word not in firsts:
            continue
        for length in lengths:
            phrase = tuple(plain[at : at + length])
            if phrase in wanted and not _is_negated(words, at):
                said[phrase] += 1
    return said


def _is_negated(words: Sequence[str], at: int) -> bool:
    """Whether one of the words before a place, back to the end of another clause, negates what stands there."""
    for word in reversed(words[max(0, at - _BEFORE) : at]):
        if word.endswith(_ENDS):
            return False
        plain = word.strip(_EDGES).replace("’", "'")
        if plain in _NEGATIONS or modal_group(plain or "-") == NEGATION:
            return True
    return False


def _words(text: str) -> list[str]:
    """The words of a text in small letters, without marks and small words."""
    for mark in _MARKS:  # faster than a table, which is looked up for every character
        text = text.replace(mark, "")
    return [word for word in text.lower().split() if word not in _SMALL]
