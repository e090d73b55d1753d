"""Which faults of a text are certain: what else of it says the same in another form is for a judge to look at."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from skill_distiller.language.forms import bases
from skill_distiller.language.lexicon import Sense, is_imperative
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.beside import (
    has_purpose,
    is_any_else,
    is_asserted,
    is_conceded,
    is_of_known,
    is_question_word,
    opens_with_case,
    says_little,
)
from skill_distiller.meaning.accounting.bounds import (
    REACH,
    Bound,
    all_bounds,
    bound_at,
    bounds_of,
    ends_of,
    is_bounded,
    is_complement,
    is_new_bound,
    is_number,
)
from skill_distiller.meaning.accounting.claims import (
    DENIALS,
    binds,
    is_derived,
    is_same,
    must_be_heard,
    tells,
)
from skill_distiller.meaning.accounting.known import Known
from skill_distiller.meaning.accounting.places import Claim, Place
from skill_distiller.meaning.sentence_tokens import asks, read_tokens
from skill_distiller.meaning.token import Token, TokenKind

_DENYING: Final = frozenset({*DENIALS, Sense.EXCEPTION, Sense.ONLY, Sense.INSTEAD})
# By which senses what one says may be said: "only once X" is "never without X", "if any is left" is "while any is".
_EQUIVALENTS: Final[Mapping[Sense, frozenset[Sense]]] = {
    **dict.fromkeys(DENIALS, _DENYING),
    Sense.INSTEAD: _DENYING,
    Sense.ONLY: _DENYING,
    Sense.EXCEPTION: _DENYING,
    Sense.CONDITION: frozenset({Sense.CONDITION, Sense.AFTER, Sense.WHILE, Sense.UNTIL, Sense.LACK}),
    Sense.AFTER: frozenset({Sense.AFTER, Sense.CONDITION, Sense.LACK}),
    Sense.BEFORE: frozenset({Sense.BEFORE, Sense.LACK}),
    Sense.UNTIL: frozenset({Sense.UNTIL, Sense.WHILE}),
    Sense.WHILE: frozenset({Sense.WHILE, Sense.CONDITION, Sense.UNTIL}),
    Sense.OTHERWISE: frozenset({Sense.OTHERWISE, Sense.ALL}),
    Sense.LEAVE: frozenset({Sense.LEAVE, Sense.ABILITY, Sense.ONLY, Sense.EXCEPTION}),
    Sense.ABILITY: frozenset({Sense.LEAVE, Sense.ABILITY}),
}
_LABELED: Final = frozenset({Sense.CONDITION, Sense.OTHERWISE, Sense.AFTER, Sense.WHILE})  # a colon may say them
# "not before", "only after", "only if", "unless not": one says what another one says, which nobody can tell by program.
_RESTRICTIONS: Final = _DENYING | {Sense.CONDITION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.APPROVAL}
_ORDER: Final = frozenset({Sense.BEFORE, Sense.AFTER})
_LOOSE: Final = frozenset({Sense.AND, Sense.OR, Sense.THEN, Sense.BUT, Sense.BECAUSE, Sense.SOME, Sense.ALL})
_COLONS: Final = re.compile(r"[:：→|]")
_OPENING: Final = 4  # words with which a place opens
_SHORTEST: Final = 4  # letters of a word that may begin another one
_MOST_NEW: Final = 2  # half of the words of a place may be new: its verb, a name for what was told in a sentence
_CUT: Final = "….*"  # stand for the rest of a name


class Certainty:
    """What of the places of two texts, and of what stands elsewhere in what is left, can be said for certain."""

    def __init__(
        self,
        old: Sequence[Place],
        new: Sequence[Place],
        others: Sequence[Place] = (),
        around: Collection[Sense] = (),
        aside: Collection[int] = (),
    ) -> None:
        self._old, self._new, self._others, self._around, self._aside = old, new, others, around, aside
        self._known = Known(old, new, others)

    def is_loss(self, claim: Claim, place: Place, carriers: Sequence[Place]) -> bool:
        """Whether a fact or a word with a sense is gone for certain: it is said in no other form, nor near by."""
        token = claim.token
        if token.kind is TokenKind.WORD:
            return False
        if token.kind is TokenKind.FACT:
            return self._is_fact_lost(token, place, carriers)
        if says_little(claim, place) or self._is_said_again(place):
            return False
        near = self._near(place, carriers, self._new)
        if token.sense is Sense.DUTY and any(c.token.loud and c.token.sense in DENIALS for o in near for c in o.claims):
            return False  # "you must NEVER", "NEVER"
        if must_be_heard(token):
            return not any(c.token.loud and c.token.sense is token.sense for other in near for c in other.claims)
        if token.sense in _LOOSE or token.sense is Sense.LEAVE or token.sense in self._around:
            return False
        if token.sense is Sense.LIMIT:
            bound = bound_at(place, claim)
            some = bound == Bound(upper=False, number="1")  # "one or more errors" are errors
            return bound is not None and not some and not is_bounded(bound, near)
        bounded = is_complement(place, near) or any(is_bounded(bound, near) for bound in bounds_of(place))
        if token.sense in DENIALS and (bounded or not is_asserted(claim, place, near, self._known.new_values)):
            return False
        if token.sense in DENIALS and claim.clause is Sense.CONDITION and Sense.THEN in _senses_of(carriers):
            return False  # "if there is no answer by then", "24 hours, then"
        condition = token.sense in _LABELED
        labeled = condition and any(_COLONS.search(c.text) or has_purpose(c) for c in (*near, place))
        labeled = labeled or (condition and any(map(opens_with_case, carriers)))
        then = [any(Sense.THEN in _senses(p) for p in side) for side in ((place,), carriers)] == [False, True]
        labeled = labeled or (then and token.sense in _ORDER)  # "ask before you write", "ask, then write"
        other_case = token.sense in DENIALS and any(Sense.OTHERWISE in _senses(other) for other in near)
        restated = token.sense in _RESTRICTIONS and self._restates(place, carriers)
        return not (labeled or other_case or restated or _is_said_near(claim, near))

    def is_aside(self, place: Place) -> bool:
        """Whether a place only names what may be read besides."""
        return place.units[0].section in self._aside and not asks(read_tokens(place.text))

    def _is_fact_lost(self, token: Token, place: Place, carriers: Sequence[Place]) -> bool:
        value = token.value
        if self.is_aside(place):
            return False
        if _is_spelled(token, place):
            counted = next((c for c in place.own if c.token.start > token.start), None)
            gone = counted is not None and not any(counted.value in carrier.values for carrier in carriers)
            gone = gone and counted is not None and counted.token.word.lower() not in words_in("measures")
            both = value == "2" and not _words_of(carriers).isdisjoint(words_in("counting_known"))
            if both or value == "1" or (gone and is_number(token)) or not binds(place) or is_of_known(token, place):
                return False
        if any(value in ends_of(other) for other in self._known.new_facts) or self._known.is_in_sample(token):
            return False
        if value not in self._known.new_values:
            return not any(value == other.rstrip(_CUT) for other in self._known.new_facts)  # `test-`, `test-…`
        if any(value in other.values for other in self._near(place, carriers, self._new)):
            return False
        if all(value not in other.values for other in self._new):
            return False  # it is said outside of the text
        known = {claim.value for claim in place.claims}
        own = [claim.token for carrier in carriers for claim in carrier.own if claim.token.kind is TokenKind.FACT]
        return any(other.value not in known and is_number(other) is is_number(token) for other in own)

    def _is_said_again(self, place: Place) -> bool:
        """Whether a place only calls to mind what was said, or shuts out all else where something else does.

        "Please remember that …", "write nothing else".
        """
        words = [claim.token.word.lower() for claim in place.claims[:_OPENING]]
        reminds = not words_in("reminding").isdisjoint(words)
        shuts = any(is_any_else(claim, place) for claim in place.claims)
        only = shuts and any(c.token.sense is Sense.ONLY for other in self._new for c in other.claims)
        facts = {claim.value for claim in place.own if claim.token.kind is TokenKind.FACT}
        return (reminds or only) and facts <= self._known.new_values

    def is_hedge(self, claim: Claim) -> bool:
        """Whether a word makes a rule a matter of taste or chance, and the original has no such word: "usually"."""
        hedges, word = words_in("hedges"), claim.token.word.lower()
        old = self._known.old_words.union(
            other.token.word.lower() for other in self._known.old_claims
        )  # "as a rule" is "usually"
        return word in hedges and old.isdisjoint(hedges | words_in("about"))

    def is_news(self, claim: Claim, place: Place, sources: Sequence[Place]) -> bool:
        """Whether a fact or word came for certain: the original has it nowhere, and not in another form."""
        token = claim.token
        if self._known.is_quoted(claim, place):
            return False
        if token.kind is TokenKind.FACT:
            return self._is_fact_new(token, place, sources)
        if token.kind is TokenKind.WORD:
            return self._is_word_new(claim, place)
        if token.sense in _LOOSE and not must_be_heard(token):
            return False
        near = self._near(place, sources, self._old)
        if token.sense is Sense.LIMIT:
            bound = bound_at(place, claim)
            said = len(place.units) == 1 and claim.own and place.text[token.start : token.end].lower().split()
            if said and self._known.old_words.issuperset(re.findall(r"\w+", " ".join(said))) and said[0].isalpha():
                return False  # "the maximum is 100", "maximum 100"
            return bound is not None and not is_bounded(bound, near, new=True) and not is_new_bound(bound, near)
        if len(place.units) > 1 and not place.units[0].under:
            near = list(self._old)  # the head of a table
        return self._is_sense_new(claim, place, sources, near)

    def _is_fact_new(self, token: Token, place: Place, sources: Sequence[Place]) -> bool:
        """Whether a fact came, and the original has it in no other form."""
        leads = place.text.rstrip("*_ ").endswith(":")  # "two requests:"
        if (token.value == "1" or leads) and _is_spelled(token, place):
            return False  # "split one that holds both"
        if re.search(rf"(?<!\S){re.escape(token.value)}[.)]\s", place.text) and len(token.value) == 1:
            return False  # "1. what, 2. when"
        if token.value == "0" and any(_senses(source) & DENIALS for source in sources):
            return False  # "no points"
        ends = set(ends_of(token.value))
        known = token.value.rstrip(_CUT) in self._known.old_values or token.word.lower() in self._known.old_words
        known = known or (token.word.startswith("`") and self._known.is_named(token.word.strip("`")))
        return not (known or (ends and ends <= self._known.old_values))

    def _is_sense_new(self, claim: Claim, place: Place, sources: Sequence[Place], near: Sequence[Place]) -> bool:
        """Whether a word that restricts or permits came, and stands for none that was `near`."""
        token = claim.token
        if token.sense is Sense.CONDITION and is_question_word(claim, place):
            return False
        if token.sense in (Sense.LEAVE, Sense.ABILITY) and claim.denied:
            return not any(c.token.sense in DENIALS for other in near for c in other.claims)  # "may not", "must not"
        free = [c for p in near for c in p.claims if c.token.sense is Sense.LEAVE and c.token.word != "may"]
        if token.sense in DENIALS and free:
            return False  # "you do not have to do anything", "nothing"
        if token.sense in _RESTRICTIONS and any(self._restates(place, [source]) for source in sources):
            return False
        cases = [_senses(p) for p in near]  # "if it is not", "otherwise"; "in both cases", "always"
        if token.sense is Sense.OTHERWISE and any(s & DENIALS and Sense.CONDITION in s for s in cases):
            return False
        if token.sense is Sense.DUTY and not must_be_heard(token) and any(Sense.ALL in s for s in cases):
            return False
        stops = token.sense is Sense.UNTIL and any(c.token.sense is Sense.CONDITION for p in near for c in p.claims)
        return must_be_heard(token) or not (stops or _is_said_near(claim, near))  # "stop when", "until"

    def _is_word_new(self, claim: Claim, place: Place) -> bool:
        """Whether a word is one of several new ones, or asks for something of its own."""
        if self._is_known(claim):
            return False
        fresh = [c for c in place.own if c.token.kind is TokenKind.WORD and not self._is_known(c)]
        words = [c for c in place.own if c.token.kind is not TokenKind.SENSE]
        first = claim is place.own[0] and is_imperative(claim.token.word) and 2 * len(fresh) >= len(words)
        if claim.token.word.lower() in words_in("leaving") and words_in("staying") & self._known.old_words:
            return False  # "it stays inside", "leave it inside"
        return first or len(fresh) > max(1, len(place.own) // _MOST_NEW)

    def _is_known(self, claim: Claim) -> bool:
        """Whether a word stands in the original, in whatever form and place."""
        if claim.value in self._known.old_values or claim.token.word.lower() in words_in("neutral"):
            return True
        word = claim.token.word.lower()
        if word in self._known.old_words:
            return True  # in a name: "log" of `errors.log`
        part = len(word) > _SHORTEST and any(other.startswith(word) for other in self._known.old_words)  # "checklist"
        return part or any(is_same(claim, other) for other in self._known.old_claims)

    def is_change(
        self, claim: Claim, found: Collection[Claim], place: Place, others: Sequence[Place], *, back: bool = False
    ) -> bool:
        """Whether a word is surely said of something else: denied, or under a clause, in one of the texts only.

        `back` where it is a word of the new text, and what was found of the old one.
        """
        if any(other is not claim and other.value == claim.value for other in place.claims):
            return False  # it stands there twice, and once may be said by what it hangs on
        found = [other for other in found if other.value == claim.value]
        if not found:
            return False  # another word, which may stand for it or not
        if (
            not back
            and tells(place)
            and 2 * len(place.values & frozenset().union(*(other.values for other in others))) < len(place.values)
        ):
            return False  # of what it tells little is left
        near = self._near(place, others, self._old if back else self._new)
        return all(self._is_other(claim, other, place, near, back=back) for other in found)

    def _is_other(self, claim: Claim, found: Claim, place: Place, near: Sequence[Place], *, back: bool) -> bool:
        if claim.denied is not found.denied:
            bounded = bounds_of(place) & all_bounds(near) or is_complement(place, near)
            if bounded or any(map(self._is_denied_by_answer, (place, *near))):
                return False
            if any(c.token.sense in DENIALS and is_conceded(c, p) for p in (place, *near) for c in p.claims):
                return False  # "unchanged, not even the grammar", "unchanged, the grammar included"
            sides = [any(_denies(c) for p in side for c in p.claims) for side in ((place,), near)]
            old, new = (found, claim) if back else (claim, found)
            return not all(sides) or _is_turned(old, new, (place,) if back else near)
        clauses = {claim.head, claim.clause, found.head, found.clause} - {None}
        senses = [{c.token.sense for p in side for c in p.claims} for side in ((place,), near)]
        labeled = any(_COLONS.search(p.text) for p in (place, *near))
        other_way = (
            Sense.AFTER if Sense.BEFORE in clauses else None
        )  # "after ten failures it stops", "ten failures stop it"
        heads = {claim.head, found.head}
        if None not in heads and len(heads) > 1 and not any(_wanted(head) & heads - {head} for head in heads if head):
            only = {Sense.ONLY, *DENIALS} & (_senses(place) ^ {s for p in near for s in _senses(p)})
            return not only  # the same words stand under "before" and under "after"
        if self._restates(place, near):
            return False
        return not all(
            clause is Sense.AFTER is not other_way
            or (labeled and clause is Sense.CONDITION)
            or all(_wanted(clause) & side for side in senses)
            for clause in clauses
            if clause is not None
        )

    def _is_denied_by_answer(self, place: Place) -> bool:
        """Whether a place asks what the next one says no to: "Can I leave it out?", "No."."""
        side = next((side for side in (self._old, self._new) if any(place is other for other in side)), ())
        at = next((i for i, other in enumerate(side) if other is place), -1) + 1
        answer = side[at : at + 1] if place.text.rstrip("*_ ").endswith("?") else ()
        return any(other.own and other.own[0].token.sense in DENIALS for other in answer)

    def _restates(self, place: Place, others: Sequence[Place]) -> bool:
        """Whether others restrict something in a way in which a place does not, which may say what that says.

        "Before" does not stand for "after"; nor does what another place says.
        """
        own, there = _senses(place), _senses_of(others)
        side = self._old if any(place is other for other in self._old) else self._new
        beside = (p for p in side if p is not place and any(len(p.values & o.values) > 1 for o in others))
        known = own.union(*(_senses(other) for other in beside))
        other_way = bool(own & _DENYING) and bool(there & _DENYING) and (own ^ there) >= {*_ORDER, Sense.ONLY}
        turned = _ORDER if own & _ORDER and not (other_way or _is_inverted(place, others)) else frozenset()
        return bool((there - known - turned) & _RESTRICTIONS)

    def _near(self, place: Place, carriers: Sequence[Place], side: Sequence[Place]) -> list[Place]:
        """The carriers of a place, what stands right beside them, and whatever shares half of its words."""
        found = list(carriers)
        places = [*side, *self._others] if side is self._new else list(side)
        for at, other in enumerate(places):
            beside = any(o is c for o in places[max(0, at - 1) : at + 2] for c in carriers)
            words = {c.value for c in place.own if c.token.kind is not TokenKind.SENSE}
            if beside or 2 * len(words & other.values) >= max(1, len(words)):
                found.append(other)
        return found


def _denies(claim: Claim) -> bool:
    return claim.token.sense in _DENYING or claim.token.word.lower() in words_in("not_there")


def _words_of(places: Iterable[Place]) -> frozenset[str]:
    return frozenset(claim.token.word.lower() for place in places for claim in place.claims)


def _is_inverted(place: Place, others: Sequence[Place]) -> bool:
    """Whether what stood under "after" does not stand under "before": "add it after you asked", "ask before adding"."""
    ones, twos = ({c.value for p in side for c in p.own if c.clause in _ORDER} for side in ((place,), others))
    return bool(ones) and ones.isdisjoint(twos)


def _senses(place: Place) -> frozenset[Sense | None]:
    return frozenset(claim.token.sense for claim in place.claims if claim.own)


def _senses_of(places: Iterable[Place]) -> frozenset[Sense | None]:
    return frozenset[Sense | None]().union(*map(_senses, places))


def _wanted(sense: Sense) -> frozenset[Sense]:
    """The senses by which one is said."""
    return _EQUIVALENTS.get(sense, frozenset({sense}))


def _is_turned(old: Claim, new: Claim, after: Sequence[Place]) -> bool:
    """Whether what was asked for is forbidden, or the other way, and not what it is done to: "change no files"."""
    if not any(map(is_imperative, bases(old.token.word))):
        return False
    if new.near:
        return is_imperative(new.token.word)
    for place in after:
        if new in place.own:
            behind = place.own[place.own.index(new) + 1 :][:REACH]
            return old.near and not any(c.near or c.token.sense in DENIALS for c in behind)
    return old.near


def _is_said_near(claim: Claim, near: Iterable[Place]) -> bool:
    """Whether a word with a sense is said by one that may stand for it, or by a word that is made from it."""
    sense = claim.token.sense
    if sense is None:
        return False
    wanted = _wanted(sense)
    if any(claim.token.word in place.text.lower() for place in near if sense is Sense.APPROVAL):
        return True  # as the name of a field
    claims = [other for place in near for other in place.claims]
    words = {other.token.word.lower() for other in claims}
    if sense in _ORDER and words & (words_in("leading") if sense is Sense.BEFORE else words_in("compared_times")):
        return True
    if sense is Sense.BEFORE and words & words_in("compared_times"):
        return True
    return any(other.token.sense in wanted or is_derived(claim.token.word, other.token.word) for other in claims)


def _is_spelled(token: Token, place: Place) -> bool:
    """Whether a number stands there as a word."""
    return re.search(rf"(?<![\w.]){re.escape(token.value)}(?![\w])", place.text) is None
