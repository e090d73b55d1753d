"""What an agent must, may and must not do is still said: every negation, obligation, limit and condition."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from skill_distiller.analysis import FactKind
from skill_distiller.analysis.facts import sentence_around
from skill_distiller.analysis.modality import LIMITS
from skill_distiller.document import Skill
from skill_distiller.verification.modal_groups import MODAL_GROUP_WORDS, NEGATION, modal_group
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, Place

_TAIL: Final = 120  # characters after a modal word that it may govern
_GOVERNED: Final = 5  # words of them that are compared
_LOOKED_AT: Final = 100  # statements of a candidate that one of the original is compared with
_WORD: Final = re.compile(r"[^\W_]+(?:['’]t)?")
_SENTENCE_END: Final = re.compile(r"[.!?;。！？；](?=\s|\Z)|\n\s*\n|\n\s*(?:[-*+>]|\d+[.)])\s")
_ENDING: Final = re.compile(r"(?:ing|ions?|ed|es|e|s)\Z")
_STEM: Final = 6  # letters
_SMALL: Final = frozenset("the and for are was has have that this with from you your its use used any all been".split())
_BEFORE: Final = 24  # characters before a phrase that a negation may stand in
_NEGATED: Final = re.compile(
    r"(?:\b(?:not|never|no|cannot|avoid|without|nor|neither|forbidden|prohibited)|n['’]t)\b[^.;]*\Z"
)


class _Statement(NamedTuple):
    """A modal word and the stems of the words that it governs."""

    place: Place
    group: str
    governed: frozenset[str]

    def means(self, other: _Statement) -> bool:
        """Whether another statement can stand for this one: same group, and half of the words of the shorter one."""
        if self.group != other.group:
            return False
        shared = len(self.governed & other.governed)
        return 2 * shared >= min(len(self.governed), len(other.governed))


def check_negations(pair: Pair) -> Check:
    """Fails where a modal statement has no counterpart in the candidate, or where what it forbids is now said."""
    gone = [_statement(p) for p in _modals(pair.original_places) if p.block.text not in pair.kept_blocks]
    if not gone:
        return Check("negations")
    left = _Left(_statement(place) for place in _modals(pair.candidate_places))
    findings = [_lost(statement, pair) for statement in gone if not left.has(statement)]
    reversed_ = list(_reversed(gone, pair))
    said = {finding.text for finding in reversed_}
    return Check("negations", (*reversed_, *(finding for finding in findings if finding.text not in said)))


def _modals(places: Iterable[Place]) -> Iterator[Place]:
    return (place for place in places if place.fact.kind is FactKind.MODAL)


def _statement(place: Place) -> _Statement:
    text, fact = place.block.text, place.fact
    key = fact.key.split(" ", 1)
    tail = text[fact.start : fact.end + _TAIL]
    end = _SENTENCE_END.search(tail, len(key[0]))
    return _Statement(place, modal_group(fact.key), _stems(tail[: end.start() if end else None]))


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    """The first words of a text without modal and small ones, each cut to its stem."""
    words = (word.lower().replace("’", "'") for word in _WORD.findall(text))
    told = [
        word
        for word in words
        if word not in MODAL_GROUP_WORDS and word not in _SMALL and (len(word) > 1 or word.isdigit())
    ]
    return frozenset(_ENDING.sub("", word)[:_STEM] or word for word in told[:_GOVERNED])


class _Left:
    """The statements of a candidate, to be found by key and by the words that they govern."""

    def __init__(self, statements: Iterable[_Statement]) -> None:
        self._by_key: dict[str, list[_Statement]] = defaultdict(list)
        self._by_stem: dict[tuple[str, str], list[_Statement]] = defaultdict(list)
        for statement in statements:
            self._by_key[statement.place.fact.key].append(statement)
            for stem in statement.governed:
                self._by_stem[statement.group, stem].append(statement)

    def has(self, statement: _Statement) -> bool:
        """Whether one of them can stand for a statement of the original."""
        if any(map(statement.means, self._by_key.get(statement.place.fact.key, ())[:_LOOKED_AT])):
            return True
        if statement.group in LIMITS:  # what is at least 3 is not at least 5
            return False
        near = (other for stem in statement.governed for other in self._by_stem.get((statement.group, stem), ()))
        return any(map(statement.means, islice(near, _LOOKED_AT)))


def _lost(statement: _Statement, pair: Pair) -> Finding:
    place = statement.place
    key = place.fact.key
    # A statement like it is left, about something else: then the receipt names no fact, but the block.
    named = key in pair.declared.facts or (key in pair.candidate_keys and place.block.text in pair.declared.removed)
    level = Level.DECLARED if named else Level.FAILURE
    return Finding(FindingKind.LOST, level, sentence_around(place.block.text, place.fact), place.line, place.fact.text)


def _reversed(gone: Iterable[_Statement], pair: Pair) -> Iterator[Finding]:
    """The prohibitions whose words are now said without one, more often than in the original."""
    before, after = _Words(pair.original), _Words(pair.candidate)
    seen = set[str]()
    for statement in gone:
        fact = statement.place.fact
        phrase = fact.key.partition(" ")[2]
        if statement.group != NEGATION or " " not in phrase or phrase in seen:
            continue
        seen.add(phrase)
        if after.says(phrase) > before.says(phrase):
            text = sentence_around(statement.place.block.text, fact)
            yield Finding(FindingKind.REVERSED, Level.FAILURE, text, statement.place.line, fact.text)


class _Words:
    """The words of a skill's blocks, to look phrases up in."""

    def __init__(self, skill: Skill) -> None:
        text = "\n".join(block.text for block in skill.blocks).lower()
        self._text = re.sub(r"\s+", " ", re.sub(r"[*_`]", "", text))

    def says(self, phrase: str) -> int:
        """How often a phrase is said without a negation before it."""
        said, at = 0, self._text.find(phrase)
        while at >= 0:
            before, end = self._text[max(0, at - _BEFORE) : at], at + len(phrase)
            whole = not before[-1:].isalnum() and not self._text[end : end + 1].isalnum()
            said += whole and not _NEGATED.search(before)
            at = self._text.find(phrase, end)
        return said
