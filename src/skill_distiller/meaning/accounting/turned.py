"""Words that changed places, or stand behind another "to" or "only": who does what to whom, which number is whose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.language.forms import bases
from skill_distiller.language.lexicon import (
    Sense,
    are_opposites,
    is_article,
    is_directional,
    is_imperative,
    is_mobile,
    is_passive,
)
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.claims import goes_without
from skill_distiller.meaning.accounting.places import LONGEST, Claim, Fault, Place
from skill_distiller.meaning.token import Token, TokenKind

_NEAR: Final = 5  # words between two that "of" joins
_BEHIND: Final = 2  # words behind "only" that it may be about
_UNDIRECTED: Final = frozenset(
    {*(Sense.AND, Sense.OR, Sense.DUTY, Sense.ADVICE, Sense.LEAVE, Sense.ABILITY, Sense.ALL, Sense.SOME, Sense.BECAUSE)}
)
_BREAK: Final = re.compile(r"[:;,.?—](?=\s|\Z)")  # not within a path
_MARK: Final = re.compile(r"[:;,.—]")


class Pair(NamedTuple):
    """A word of the old text and the same word of the new one."""

    before: Claim
    after: Claim


def find_turned(place: Place, carriers: Sequence[Place]) -> list[Fault]:
    """The words that changed places where that may say something else: who does what, which number is whose."""
    for carrier in carriers:
        pairs = _once_each(place, carrier)
        for at, one in enumerate(pairs):
            for two in pairs[at + 1 :]:
                if one.after.token.start > two.after.token.start and (why := _turn(place, carrier, one, two)):
                    words = one.before.token.word, two.before.token.word
                    doubt = why is _Turn.PERHAPS or not _are_one(place, carrier)
                    return [
                        Fault("changed", " … ".join(words), " … ".join(words[::-1]), place.units, carrier.units, doubt)
                    ]
    return []


_MOSTLY: Final = 0.6  # of the words of two places that are one sentence in other words


def _are_one(place: Place, carrier: Place) -> bool:
    """Whether two places say mostly the same; where one says much else, an order of words says little."""
    both = len(place.values & carrier.values)
    return both >= _MOSTLY * max(len(place.values), len(carrier.values))


def _once_each(place: Place, carrier: Place) -> list[Pair]:
    """The words that stand once on both sides, in the order of the old text; none of rows, whose columns may change."""
    if len(place.units) > 1 or len(carrier.units) > 1:
        return []
    old, new = (Counter(claim.value for claim in side.own) for side in (place, carrier))
    where = {claim.value: claim for claim in carrier.own}
    return [
        Pair(claim, where[claim.value])
        for claim in place.own
        if old[claim.value] == 1 == new[claim.value] and claim.token.kind is not TokenKind.SENSE
    ]


class _Turn(Enum):
    """Whether two words that changed places say something else."""

    SURELY = "surely"
    PERHAPS = "perhaps"


def _turn(place: Place, carrier: Place, old: Pair, other: Pair) -> _Turn | None:
    """Whether it says something else that two words changed places; None where it does not.

    Not for "owner of the list", "list owner", "the change that is possible", "possible change", "the files are
    checked", "check the files".
    """
    one, two = old.before.token, other.before.token
    if old.before.clause is not other.before.clause or is_mobile(one.word) or is_mobile(two.word):
        return None
    between = [c for c in place.claims if one.end <= c.token.start and c.token.end <= two.start]
    behind = [c for c in carrier.claims if other.after.token.end <= c.token.start < old.after.token.start]
    if TokenKind.FACT in (one.kind, two.kind):
        several = sum(c.token.kind is TokenKind.FACT for c in place.own) > 1
        both = one.kind is two.kind
        return (_Turn.SURELY if both else _Turn.PERHAPS) if several and not _opens(carrier, other.after) else None
    small = {c.token.word for c in between if _parts(c.token)}
    if len(between) <= _NEAR and any(c.token.word in small for c in behind):
        return _Turn.PERHAPS if _parts_only(place, carrier, old, other) else _Turn.SURELY
    verbs = {
        c.value for c in between if c.token.kind is TokenKind.WORD and any(map(is_imperative, bases(c.token.word)))
    }
    passive = any(is_passive(c.token.word) for c in (*between, *behind))
    acts = any(c.value in verbs for c in behind) and not passive
    listed = any(c.token.sense in (Sense.AND, Sense.OR) for c in (*between, *behind))
    return _Turn.PERHAPS if acts or (listed and bool(verbs or _verbs(old, other))) else None


def _parts_only(place: Place, carrier: Place, old: Pair, other: Pair) -> bool:
    """Whether a mark parts two words in the new text and none in the old one: each is of a clause of its own."""
    one = place.text[old.before.token.end : other.before.token.start]
    return not _BREAK.search(one) and bool(_BREAK.search(carrier.text[other.after.token.end : old.after.token.start]))


def _parts(token: Token) -> bool:
    """Whether a word says how what stands before it is to what stands behind: "over", "without", "then"."""
    if token.kind is TokenKind.SENSE:
        return token.sense not in _UNDIRECTED
    return token.kind is TokenKind.LIGHT and not _is_link(token.word)


def _verbs(*pairs: Pair) -> bool:
    """Whether one of some words asks for something: "keep the first and delete the last"."""
    return any(is_imperative(pair.before.token.word) for pair in pairs)


def _opens(place: Place, verb: Claim) -> bool:
    """Whether no thing stands before a verb since the last mark: it asks for what it says."""
    start = max((mark.end() for mark in _MARK.finditer(place.text, 0, verb.token.start)), default=0)
    before = [c for c in place.own if start <= c.token.start < verb.token.start]
    return all(c.token.kind is TokenKind.SENSE for c in before)


def find_governed(place: Place, carriers: Sequence[Place]) -> list[Fault]:
    """What was to be done and now is what another verb is about: "ask the owner", "stop asking the owner"."""
    told = {claim.value: at for at, claim in enumerate(place.own) if is_imperative(claim.token.word)}
    for carrier in carriers:
        for verb, other in pairwise(carrier.own):
            beside = other.token.start - verb.token.end <= 1 and is_imperative(verb.token.word)
            at = told.get(other.value) if beside and other.token.word.endswith("ing") else None
            if at is not None and not (at and place.own[at - 1].value == verb.value):
                words = place.own[at].token.word, f"{verb.token.word} {other.token.word}"
                return [Fault("changed", *words, place.units, carrier.units)]
    return []


def find_redirected(place: Place, carriers: Sequence[Place]) -> list[Fault]:
    """The words that stand behind another "to", "by" or "only" than before; in question where that may say the same."""
    after = [_directions(carrier) for carrier in carriers]
    told = _directions(place)
    for (value, what), word in told.items():
        others = [other for own in after for key, other in own.items() if key == (value, what)]
        units = place.units, carriers[0].units
        if what == "to":
            if others and word not in others and not _is_link(word) and not _is_distributive(word, others[0]):
                doubt = not (_leads_away(word, others[0]) and any(_are_one(place, carrier) for carrier in carriers))
                return [Fault("changed", f"{word} {value}", f"{others[0]} {value}", *units, doubt)]
        elif not others and any(key[1] == what for own in after for key in own) and _holds(carriers, value):
            turned = any(key[1] == what and key[0] in place.values for own in after for key in own)
            both = any(
                (key[0], "only") in told for own in after for key in own if key[1] == what
            )  # "only post the link"
            sure = turned and not both and any(_are_one(place, carrier) for carrier in carriers)
            return [Fault("changed", f"{word} {value}", "", *units, not sure)]
    return []


def _leads_away(one: str, other: str) -> bool:
    """Whether a word is the opposite of another one, "to" and "from", or names who does it, as "by"."""
    agent = any(word.lower() in words_in("agentive") for word in (one, other))
    return agent or are_opposites(one.lower(), other.lower())


def _holds(carriers: Sequence[Place], value: str) -> bool:
    return any(value in carrier.values for carrier in carriers)


def _directions(place: Place) -> dict[tuple[str, str], str]:
    """For each word with content that stands behind "to", "by" or the like, or behind "only", that word."""
    found: dict[tuple[str, str], str] = {}
    last: Token | None = None
    at = behind = 0
    for claim in place.claims:
        token = claim.token
        if len(place.units) > 1 and not claim.own:
            continue  # the head of a column: "for" there is "used by" in a cell
        if len(place.units) == 1 and claim.own:
            last = None if _MARK.search(place.text, at, token.start) else last
            at = token.end
        if token.sense is Sense.ONLY or (token.kind is TokenKind.LIGHT and is_directional(token.word)):
            last, behind = token, _BEHIND
        elif last is not None and last.sense is Sense.ONLY and token.kind is TokenKind.SENSE:
            last = None  # "only if", "only documented and never fixed"
        elif token.kind is TokenKind.SENSE or (last is not None and last.sense is Sense.ONLY and goes_without(token)):
            continue
        elif token.kind <= TokenKind.WORD and last is not None:
            found[token.value, "only" if last.sense else "to"] = last.word
            behind = 0 if last.sense is None else behind - 1
            last = last if behind else None  # "only the failed statement", "only the statement that failed"
    return found


def turns_around(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether "to" stands for "by" or the like; "of the list", "in the list", "for the list" hang on a noun alike."""
    words = [token.word for token in (*one, *other)]
    directed = all(is_directional(word) and not is_article(word) for word in words)  # "an" is one in German
    turned = bool(one and other) and directed and not all(map(_is_link, words))
    return turned and not _is_distributive(*words)


def _is_link(word: str) -> bool:
    return word.lower() in words_in("links")


def _is_distributive(*words: str) -> bool:
    """Whether one of some words only says that something holds for each."""
    return any(word.lower() in words_in("distributive") for word in words)


def find_other_order(
    old: Sequence[Place], said: Sequence[Place], carried: Mapping[int, Sequence[Place]]
) -> Iterator[Fault]:
    """What no longer stands in its order: steps that were counted, and what says that it comes first or next.

    `carried` holds by number of a place of the new text what of the old one it says.
    """
    number = {id(place): i for i, place in enumerate(old)}
    last: dict[int, int] = {}  # the last step of each list
    for i, place in enumerate(said):
        for step in carried.get(i, ()) if place.units[0].number else ():
            if step.units[0].number and number[id(step)] < last.get(step.block, -1):
                yield Fault("changed", "the order of the steps", place.text[:LONGEST], (), place.units)
            last[step.block] = max(last.get(step.block, -1), number[id(step)])
    where = {id(step): i for i, found in carried.items() for step in found}
    for one, two in pairwise(old):
        first, second = where.get(id(one)), where.get(id(two))
        if first is None or second is None or not (_opens_with_then(one) or _opens_with_then(two)):
            continue
        if first > second or (first == second and _stands_behind(one, two, said[first])):
            units = one.units + two.units
            yield Fault("changed", "the order", said[second].text[:LONGEST], units, said[second].units, doubt=True)


def _opens_with_then(place: Place) -> bool:
    """Whether a place says that it comes first or next."""
    return any(claim.token.sense is Sense.THEN for claim in place.own[:1])


def _stands_behind(one: Place, two: Place, carrier: Place) -> bool:
    """Whether all that a place says alone stands behind what another one says alone."""
    ones, twos = (
        [at for at, claim in enumerate(carrier.own) if claim.value in side.values and claim.value not in other.values]
        for side, other in ((one, two), (two, one))
    )
    return bool(ones and twos) and min(ones) > max(twos)


def find_widened(said: Sequence[Place], carried: Mapping[int, Sequence[Place]]) -> Iterator[Fault]:
    """The conditions on one thing that are said of all now: "if a worker hangs", "all workers hang".

    A question about all does not make it one of all: "Do all workers hang? If a worker …".
    """
    for number, place in enumerate(said):
        sources = carried.get(number, ())
        wholes = {value for one in sources if not one.text.rstrip().endswith("?") for value in _wholes(one)}
        for value, words in _wholes(place).items():
            one = next((one for one in sources if value not in wholes and value in _conditions(one)), None)
            if one is not None:
                yield Fault("changed", _conditions(one)[value], words, one.units, place.units, doubt=True)


def _wholes(place: Place) -> dict[str, str]:
    """What a place says of all of a kind, by value, with the words that say it: "all workers", "all of the workers"."""
    found = dict[str, str]()
    for claim, behind in pairwise(place.own):
        if claim.token.sense is Sense.ALL and behind.token.kind is TokenKind.WORD:
            found.setdefault(behind.value, f"{claim.token.word} {behind.token.word}")
    return found


def _conditions(place: Place) -> dict[str, str]:
    """The first things of the conditions of a place, by value, each with its word."""
    heads = [claim for claim in place.own if claim.head is Sense.CONDITION]
    return {claim.value: claim.token.word for claim in heads if claim.token.kind is TokenKind.WORD}
