"""What was forbidden is not asked for now, nor what was asked for forbidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from skill_distiller.analysis.facts import sentence_around
from skill_distiller.document import Block, Skill
from skill_distiller.verification.modal_groups import NEGATION, modal_group
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place, places
from skill_distiller.verification.statements import STATEMENT_END, read_statement

_MARKS: Final = "*_`"
# Words that a rewriting may take out without a change of meaning.
_SMALL: Final = frozenset("the a an your its their our any this that these those very just also".split())
_EDGES: Final = ".,;:!?()[]{}\"'“”‘’…"
_ENDS: Final = (".", ";", "!", "?", ":")  # of a clause
_LONGEST: Final = 4  # words of a phrase
_NEW_LONGEST: Final = 3
_TAIL: Final = 80  # characters behind a negation
_LOOKED_AT: Final = 1000  # prohibitions of the original that a new one is compared with
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


def find_new_prohibitions(new: Iterable[Place], pair: Pair) -> tuple[Finding, ...]:
    """The prohibitions of the candidate whose words the original says without one, more often than the candidate."""
    forbidden = (p for p in new if modal_group(p.fact.key) == NEGATION and p.fact.key not in pair.original_keys)
    wanted = {phrase: place for place in forbidden if (phrase := _forbidden(place))}
    suspects = _said(wanted, pair.original_alone) if wanted else Counter[Phrase]()
    if not suspects:
        return ()
    before, after = _said(suspects, pair.original.blocks), _said(suspects, pair.candidate.blocks)
    found = [place for phrase, place in wanted.items() if before[phrase] > after[phrase]]
    known = [read_statement(place) for place in _prohibitions(pair.original)] if found else []
    return tuple(
        _finding(place, in_candidate=True)
        for place in found
        if not any(map(read_statement(place).means, islice(known, _LOOKED_AT)))
    )


def _prohibitions(skill: Skill) -> Iterator[Place]:
    return (place for place in places(skill.blocks) if modal_group(place.fact.key) == NEGATION)


def _forbidden(place: Place) -> Phrase:
    """The first words behind a negation, as far as its sentence goes; () where they say nothing by themselves."""
    tail = place.block.text[place.fact.start : place.fact.start + _TAIL]
    end = STATEMENT_END.search(tail)
    words = [word.strip(_EDGES) for word in _words(tail[: end.start() if end else None])[1 : _NEW_LONGEST + 1]]
    said = [word for word in words if word and modal_group(word) != NEGATION]
    return tuple(words) if 1 < len(words) == len(said) else ()


def _finding(place: Place, *, in_candidate: bool = False) -> Finding:
    text = sentence_around(place.block.text, place.fact)
    return Finding(FindingKind.REVERSED, Level.FAILURE, text, place.line, place.fact.text, in_candidate=in_candidate)


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
