"""Limits as they work: an upper or a lower one, and its number, however it is said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from skill_distiller.language.lexicon import Sense
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.claims import DENIALS
from skill_distiller.meaning.accounting.places import Claim, Fault, Place
from skill_distiller.meaning.token import Token, TokenKind

_UPPER: Final = frozenset({*"<≤", *words_in("upper_limits")})
_LOWER: Final = frozenset(">≥")
_STRICT: Final = frozenset("<>")
REACH: Final = 3  # claims between a limit and its number
_RANGE: Final = re.compile(r"(?<=\d)\s?[-–]\s?(?=\d)")


class Bound(NamedTuple):
    """A limit as it works: whether it is an upper one, and its number."""

    upper: bool
    number: str


def find_other_units(old: Sequence[Place], new: Sequence[Place]) -> Iterator[Fault]:
    """The numbers that count something else now, and nothing else before: "10 minutes", "10 seconds"."""
    known: dict[str, dict[str, tuple[str, Place]]] = {}
    for place in old:
        for number, counted, name in _counts(place):
            known.setdefault(number, {})[counted] = (name, place)
    for place in new:
        for number, counted, name in _counts(place):
            before = known.get(number)
            if before and counted and counted not in before and "" not in before:
                said, source = next(iter(before.values()))
                yield Fault("changed", f"{number} {said}", f"{number} {name}", source.units, place.units)


def _counts(place: Place) -> Iterator[tuple[str, str, str]]:
    """The numbers of a place with the measure right behind each, as it is compared and as it stands; "" for none."""
    claims = [claim for claim in place.claims if claim.own]
    for claim, behind in zip_longest(claims, claims[1:]):
        if claim.token.kind is TokenKind.FACT and is_number(claim.token):
            measured = behind is not None and behind.token.word.lower() in words_in("measures")
            yield (claim.value, behind.value, behind.token.word) if measured else (claim.value, "", "")


def all_bounds(places: Iterable[Place]) -> frozenset[Bound]:
    return frozenset(bound for place in places for bound in bounds_of(place))


def is_bounded(bound: Bound, near: Sequence[Place], *, new: bool = False) -> bool:
    """Whether a limit is said: "one at a time" for "not more than one", "5; never longer"; denied, of a `new` one."""
    there = [other for other in near if bound.number in other.values]
    single = bound == Bound(upper=True, number="1") and bool(there)
    back = any(bound.number in _led(other) for other in there)  # "no later than a day before", "at least a day before"
    denied = (bound.upper or new) and any(claim.token.sense in DENIALS for other in there for claim in other.claims)
    return single or back or denied or bound in all_bounds(near)


def _led(place: Place) -> frozenset[str]:
    """The numbers of a place that say how long before something: "two days before"."""
    claims = place.claims
    ahead = ((one, claims[at + 1 : at + REACH]) for at, one in enumerate(claims) if is_number(one.token))
    return frozenset(one.value for one, behind in ahead if any(c.token.sense is Sense.BEFORE for c in behind))


def is_complement(place: Place, near: Sequence[Place]) -> bool:
    """Whether a place denies a limit and another one has the opposite: "none more than twice", "at most twice"."""
    signs = {"≤" if s in _LOWER else "≥" for s in _signs(place) if s in _STRICT}
    return any(c.token.sense in DENIALS for c in place.claims) and any(signs & _signs(other) for other in near)


def is_new_bound(bound: Bound, near: Sequence[Place]) -> bool:
    """Whether a number had no limit that is known as one: "younger than 18", "under 18"."""
    known = any(bound.number == other.number for other in all_bounds(near))
    return not known and any(bound.number in other.values for other in near)


def _signs(place: Place) -> frozenset[str]:
    claims = (claim for claim in place.claims if claim.token.sense is Sense.LIMIT)
    return frozenset(claim.token.value.rpartition(":")[2] for claim in claims)


def is_number(token: Token) -> bool:
    return token.value[:1].isdigit()


def ends_of(value: str) -> tuple[str, ...]:
    """The two ends of a range; none of what is none."""
    ends = tuple(_RANGE.split(value))
    return ends if len(ends) > 1 else ()


def bounds_of(place: Place) -> frozenset[Bound]:
    """The limits of a place."""
    found = (bound_at(place, claim) for claim in place.claims if claim.token.sense is Sense.LIMIT)
    ranges = [ends_of(claim.value) for claim in place.claims if claim.token.kind is TokenKind.FACT]
    ends = [Bound(bool(i), end) for own in ranges for i, end in enumerate(own)]  # "3-7" is "at least 3, at most 7"
    named = [c for c in place.claims if c.token.word.lower() in words_in("either_limits")]  # "limit: 5"
    either = [Bound(up, number) for c in named if (number := _number_beside(place, c)) for up in (True, False)]
    return frozenset(bound for bound in (*found, *ends, *either) if bound)


def bound_at(place: Place, claim: Claim) -> Bound | None:
    """What a limit says with the number behind it, a denied one the other way round; None where it has no number."""
    sign = claim.token.value.rpartition(":")[2]
    if sign not in _UPPER | _LOWER:
        return None
    number = _number_beside(place, claim)
    return Bound((sign in _UPPER) is not claim.denied, number) if number else None


def _number_beside(place: Place, claim: Claim) -> str:
    """The number that stands next behind a word, or before it; "" for none."""
    claims = place.claims
    at = next(i for i, other in enumerate(claims) if other is claim)
    around = (*claims[at + 1 : at + 1 + REACH], *reversed(claims[max(0, at - REACH) : at]))
    return next((c.value for c in around if c.token.kind is TokenKind.FACT and is_number(c.token)), "")
