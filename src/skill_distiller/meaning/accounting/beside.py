"""What a word says by what stands beside it: "anything else", "even if", "only then", "ask for"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.language.lexicon import Sense, is_imperative, is_pronoun
from skill_distiller.language.words import parts, small, texts, words_in
from skill_distiller.meaning.accounting.claims import ARROWS, DENIALS, SHORTEST_ROOT, is_same, tells
from skill_distiller.meaning.accounting.places import LONGEST, Claim, Fault, Place
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.units import UnitKind

_PARTS: Final = re.compile(r"[;.]\s")
_MARKS: Final = re.compile(r"[,;(—]\s")  # part what may be the condition from what is done
_LITTLE: Final = 3  # words behind "only" within which something is said to be small
_JOINING: Final = frozenset(
    {Sense.AND, Sense.OR, Sense.THEN, Sense.BUT, Sense.SOME, Sense.ALL, Sense.LEAVE, Sense.ABILITY, Sense.DUTY}
)
_ENDS: Final = frozenset(".!?。！？")
_TOLD: Final = frozenset({Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.OTHERWISE})


def says_little(claim: Claim, place: Place) -> bool:
    """Whether a word with a sense binds nobody where it stands."""
    token = claim.token
    told = token.sense in _TOLD and tells(place)  # "titles are often written before the work is done"
    measured = token.sense is Sense.ONLY and (is_of_little(claim, place) or sense_behind(claim, place) is Sense.THEN)
    asked = token.sense is Sense.APPROVAL and asks_nobody(claim, place)
    named = token.sense is Sense.EXCEPTION and token.word.lower() in words_in("exception_nouns")
    conceded = token.sense is Sense.CONDITION and is_conceded(claim, place)
    instead = token.sense is Sense.INSTEAD and is_instead_of_named(claim, place)
    harmless = told or measured or asked or named or conceded or instead
    return harmless or token.word in ARROWS or is_any_else(claim, place)


def find_bare(new: Sequence[Place], old: Sequence[Place]) -> Iterator[Fault]:
    """New sentences without a word of their own: "Or do.", "Do it." can mean anything that stands before them."""
    told = {place.text for place in old}
    for place in new:
        bare = all(claim.token.sense in _JOINING for claim in place.own)
        if bare and place.kind is UnitKind.SENTENCE and place.text[-1:] in _ENDS and place.text not in told:
            yield Fault("new", "", place.text[:LONGEST], (), place.units)


def further_reading(places: Sequence[Place], around: str) -> frozenset[int]:
    """The sections, by index, that only name what may be read besides: those of places, and the one `around` them."""
    named = frozenset(" ".join(words) for text in texts("further_reading") for words in parts(text))
    heads = [p for p in places if p.kind is UnitKind.HEADING and small(p.text).strip("*_: ") in named]
    above = frozenset({0} if small(around).endswith(tuple(named)) else ())
    return above.union(head.units[0].section for head in heads)


def is_any_else(claim: Claim, place: Place) -> bool:
    """Whether "else" means other things, not other cases: "anything else"."""
    at = next((i for i, other in enumerate(place.claims) if other is claim), 0)
    before = place.claims[at - 1].token if at else None
    if claim.token.sense is not Sense.OTHERWISE or before is None:
        return False
    return before.sense in (Sense.SOME, Sense.ALL, Sense.NEGATION) or before.word.lower() in words_in("else_after")


def is_instead_of_named(claim: Claim, place: Place) -> bool:
    """Whether "instead" stands alone, or before a word for what was named: "write X instead of it"."""
    behind = [other.token for other in place.claims if other.token.start >= claim.token.end]
    small = [token for token in behind if token.kind is not TokenKind.LIGHT or is_pronoun(token.word)]
    return not small or is_pronoun(small[0].word)


def is_of_little(claim: Claim, place: Place) -> bool:
    """Whether "only" says how little something is, and shuts nothing out: "only a few milliseconds"."""
    at = next((i for i, other in enumerate(place.claims) if other is claim), 0)
    behind = [other.token for other in place.claims[at + 1 : at + 2 + _LITTLE]]
    return any(token.sense is Sense.SOME or token.word.lower() in words_in("little") for token in behind)


def is_conceded(claim: Claim, place: Place) -> bool:
    """Whether a condition or denial is only an extreme case of what holds anyway: "even if", "not even"."""
    at = next((i for i, other in enumerate(place.claims) if other is claim), 0)
    beside = place.claims[at + 1 : at + 2] if claim.token.sense in DENIALS else place.claims[max(0, at - 1) : at]
    return any(other.token.word.lower() in words_in("conceding") for other in beside)


def is_question_word(claim: Claim, place: Place) -> bool:
    """Whether "when" asks for a time and sets no condition: "by when"."""
    before = [other.token.word.lower() for other in place.claims if other.token.end <= claim.token.start][-1:]
    return not words_in("agentive").isdisjoint(before)


def is_of_known(token: Token, place: Place) -> bool:
    """Whether a number counts what is known already: "the two", "both"."""
    if token.word.lower() in words_in("counting_known"):
        return True
    before = [claim.token for claim in place.claims if claim.token.start < token.start]
    return bool(before) and before[-1].word.lower() in words_in("definite")


def has_purpose(place: Place) -> bool:
    """Whether a place says for what something is used, as "when" does: "use for"."""
    words = [claim.token.word.lower() for claim in place.claims]
    return any(one in words_in("implied") and two in words_in("used_for") for one, two in pairwise(words))


def sense_behind(claim: Claim, place: Place) -> Sense | None:
    """The sense of the word right behind one: "only then"."""
    behind = [other.token for other in place.claims if other.token.start >= claim.token.end]
    return behind[0].sense if behind else None


def asks_nobody(claim: Claim, place: Place) -> bool:
    """Whether a word asks for a thing, or oneself, and not for an approval: "ask for the passport", "ask yourself".

    Or tells of a case in which somebody asks: "if it is asked about prices".
    """
    behind = [other.token.word.lower() for other in place.claims if other.token.start >= claim.token.end]
    told = claim.clause is Sense.CONDITION
    return told or (bool(behind) and behind[0] in words_in("used_for") | words_in("reflexive"))


def opens_with_case(place: Place) -> bool:
    """Whether something stands before what is to be done that may be its condition: "with fewer, report them"."""
    if len(place.units) > 1:
        return False
    starts = [0, *(mark.end() for mark in _PARTS.finditer(place.text))]
    return any(_is_case(place, start, end) for start, end in pairwise([*starts, len(place.text)]))


def _is_case(place: Place, start: int, end: int) -> bool:
    """Whether a part of a place begins with something else than what is to be done, and a mark behind that."""
    own = (c for c in place.own if start <= c.token.start < end and c.token.kind is not TokenKind.SENSE)
    first = next(own, None)
    return (
        first is not None and not is_imperative(first.token.word) and _MARKS.search(place.text, start, end) is not None
    )


def is_asserted(claim: Claim, place: Place, near: Sequence[Place], said: frozenset[str]) -> bool:
    """Whether what a denial is about is said now, and not by a word that denies it: "not reached", "unreachable"."""
    denied = [c for c in place.own if c.denied and c.token.kind is not TokenKind.SENSE]
    if any(is_imperative(c.token.word) for c in denied) and said.isdisjoint(c.value for c in denied):
        return True  # a prohibition of which nothing is left
    about = next(
        (c for c in place.own if c.token.start > claim.token.start and c.token.kind is not TokenKind.SENSE), None
    )
    if about is None:
        return True
    word = about.token.word.lower()[:SHORTEST_ROOT]
    others = [c.token.word.lower() for other in near for c in other.claims]
    if any(o.removeprefix(p).startswith(word) for o in others for p in words_in("denying_prefixes") if o.startswith(p)):
        return False
    return any(is_same(about, other) for carrier in near for other in carrier.claims)
