"""Whether what is said in one text is said in another one: by the same word, denied or bound as it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.language.forms import bases, same_word
from skill_distiller.language.lexicon import (
    Sense,
    are_opposites,
    are_synonyms,
    is_filler,
    is_implied,
    is_pronoun,
)
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.places import Claim, Place
from skill_distiller.meaning.sentence_tokens import asks, read_tokens
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.units import Unit, UnitKind

# Of these each one that was said is said again.
KEPT: Final = frozenset(
    {
        *(Sense.NEGATION, Sense.AVOIDANCE, Sense.LACK, Sense.ONLY, Sense.EXCEPTION, Sense.CONDITION, Sense.BEFORE),
        *(
            Sense.AFTER,
            Sense.UNTIL,
            Sense.WHILE,
            Sense.LEAVE,
            Sense.INSTEAD,
            Sense.OTHERWISE,
            Sense.APPROVAL,
            Sense.LIMIT,
        ),
    }
)
# Of these senses one word is as good as another.
_ALIKE: Final = frozenset(
    {
        *(Sense.NEGATION, Sense.LACK, Sense.CONDITION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.DUTY),
        *(Sense.EXCEPTION, Sense.ONLY, Sense.AND, Sense.OR, Sense.THEN, Sense.BECAUSE, Sense.BUT, Sense.INSTEAD),
        *(Sense.LEAVE, Sense.ABILITY, Sense.ADVICE, Sense.OTHERWISE, Sense.ALL),
    }
)
DENIALS: Final = frozenset({Sense.NEGATION, Sense.LACK, Sense.AVOIDANCE})
_TIMES: Final = (
    frozenset({Sense.CONDITION, Sense.AFTER}),  # "when it is done", "after it is done"
    frozenset({Sense.CONDITION, None}),  # "for bugs: …", "if it is a bug, …"
)
_UNHEARD: Final = frozenset({Sense.AND, Sense.OR, Sense.THEN, Sense.BUT, Sense.BECAUSE})
ARROWS: Final = frozenset("→⇒")  # how "therefore" and "leads to" are read
_RESTRICTING: Final = frozenset(
    {
        *(Sense.NEGATION, Sense.DUTY, Sense.APPROVAL, Sense.ONLY, Sense.CONDITION, Sense.EXCEPTION, Sense.AVOIDANCE),
    }
)
_COUNTED: Final = DENIALS | {Sense.LEAVE, Sense.ABILITY, Sense.ADVICE, Sense.ONLY, Sense.EXCEPTION}


def is_same(one: Claim, other: Claim) -> bool:
    """Whether two claims are of one word: by value, in another form, or by one that may stand for it."""
    a, b = one.token, other.token
    if a.kind is not b.kind:
        return False
    if a.kind is TokenKind.SENSE:
        return a.sense is b.sense and (a.sense in _ALIKE or same_word(a.word, b.word, a.language))
    if a.value == b.value or a.kind is TokenKind.FACT:
        return a.value == b.value
    return (
        same_word(a.word, b.word, a.language)
        or are_synonyms(a.word, b.word, a.language)
        or is_derived(a.word, b.word)
        or _unnegated(one, other)
    )


def _unnegated(one: Claim, other: Claim) -> bool:
    """Whether one is the opposite of the other and denied where that is not: "not resolved", "unresolved"."""
    a, b = one.token, other.token
    return one.denied is not other.denied and are_opposites(a.word, b.word, a.language)


def is_derived(a: str, b: str) -> bool:
    """Whether one word is made from the other by an ending that makes a noun of a verb, an adjective of a noun."""
    return bool(_roots(a) & _roots(b))


def _roots(word: str) -> frozenset[str]:
    found = set(bases(word))
    for form in tuple(found):
        for ending in words_in("derivations"):
            root = form.removesuffix(ending)
            if root != form and len(root) >= SHORTEST_ROOT:
                found |= {root, root + "e"}
    return frozenset(root for root in found if len(root) >= SHORTEST_ROOT)


SHORTEST_ROOT: Final = 4  # letters


def is_said_alike(old: Claim, new: Claim, *, twice: bool = False) -> bool:
    """Whether a word is denied as it was and stands under the same kind of clause; `twice` of what denies twice."""
    if old.token.kind is TokenKind.SENSE:
        return True
    if old.denied and new.clause is Sense.EXCEPTION:
        return not twice  # "it does not apply to tests", "except in tests"; not "never, not even in tests"
    if old.denied is not new.denied and not _unnegated(old, new):
        return False
    return _alike(old.head, new.clause) and _alike(new.head, old.clause)


def _alike(head: Sense | None, clause: Sense | None) -> bool:
    """Whether what surely stands under a clause does so in the other text."""
    pair = {head, clause}
    return head is None or len(pair) == 1 or Sense.BECAUSE in pair or pair in _TIMES


def must_be_heard(token: Token) -> bool:
    """Whether a word in capitals binds for them: MUST, NEVER, not AND."""
    return token.loud and token.sense not in _UNHEARD


def is_sense_kept(claim: Claim, place: Place, there: Sequence[Claim]) -> bool:
    """Whether a word with a sense that is gone is one that says nothing by itself, or is said otherwise."""
    sense, token = claim.token.sense, claim.token
    senses = {other.token.sense for other in there}
    if must_be_heard(token):
        return False
    if sense in (Sense.DUTY, Sense.ADVICE):
        return True
    if sense is Sense.LEAVE:
        return Sense.ONLY in senses
    if sense in (Sense.CONDITION, Sense.AFTER, Sense.BECAUSE):
        label = place.kind is not UnitKind.CELL and (any(not other.own for other in there) or Sense.THEN in senses)
        return bool(senses & {Sense.CONDITION, Sense.AFTER}) or label or claim.clause is Sense.BECAUSE
    if sense is Sense.NEGATION:
        excepted = Sense.EXCEPTION in senses
        return excepted or bool(senses & DENIALS) or any(_unnegated(one, two) for one in place.own for two in there)
    if sense is Sense.OR:
        return Sense.AND not in senses
    return sense not in KEPT or claim.clause is Sense.BECAUSE


def is_known_sense(claim: Claim, known: Sequence[Claim]) -> bool:
    """Whether a word with a sense that came only says what was said: "then", "and", a form of what was there."""
    sense = claim.token.sense
    senses = {other.token.sense for other in known}
    if sense is Sense.AND:
        return Sense.OR not in senses
    if sense in (Sense.THEN, Sense.BUT, Sense.BECAUSE):
        return True
    if sense is Sense.OR:
        return Sense.AND not in senses or Sense.OR in senses or claim.denied
    if sense in (Sense.CONDITION, Sense.AFTER):
        arrow = claim.token.word in ARROWS and bool(senses & {Sense.THEN, Sense.AND})
        return arrow or bool(senses & {Sense.CONDITION, Sense.AFTER}) or any(not other.own for other in known)
    if sense in (Sense.NEGATION, Sense.LACK):
        return bool(senses & DENIALS)
    if sense in (Sense.SOME, Sense.ALL):
        return claim.token.word == "any" and (claim.clause in (Sense.CONDITION, Sense.BEFORE) or claim.denied)
    return sense is Sense.EXCEPTION and bool(senses & DENIALS)


def find_surplus(place: Place, known: Sequence[Claim]) -> Iterator[Claim]:
    """The words that deny, limit or give leave, of which a place has more than all that it stands for."""
    there = Counter(_kind_of(other) for other in known)
    for claim in place.own:
        if claim.token.sense in _COUNTED:
            there[_kind_of(claim)] -= 1
            if there[_kind_of(claim)] < 0:
                yield claim


def _kind_of(claim: Claim) -> str:
    return "denial" if claim.token.sense in DENIALS else str(claim.token.sense)


def goes_without(token: Token) -> bool:
    """Whether a word goes without saying."""
    word = token.word.lower()
    return (
        is_implied(word) or is_filler(word) or is_pronoun(word) or word in words_in("meta") or word in words_in("being")
    )


def adds_nothing(token: Token) -> bool:
    slash = token.word in ("/", "one", "ones")
    return slash or (token.kind is TokenKind.WORD and (goes_without(token) or token.word in words_in("neutral")))


def is_bound_otherwise(old: Claim, new: Claim) -> bool:
    """Whether a word is surely denied or under a condition on one side only."""
    denied = (old.near and not new.denied) or (new.near and not old.denied)
    excepted = old.denied and new.clause is Sense.EXCEPTION
    clauses = _alike(old.head, new.clause) and _alike(new.head, old.clause)
    return (denied and not excepted and not _unnegated(old, new)) or not clauses


def is_doubtful_loss(claim: Claim, carriers: Sequence[Place]) -> bool:
    """Whether nobody can tell by program that a word is needed: a plain one, a number that may be none.

    So is a condition that a colon may say, and a time that hangs on another condition.
    """
    token = claim.token
    if token.kind is TokenKind.WORD or (token.kind is TokenKind.FACT and token.word.isalpha() and token.word.islower()):
        return True
    if claim.clause is Sense.BECAUSE or token.sense is Sense.BECAUSE:
        return True
    if token.sense in (Sense.CONDITION, Sense.AFTER):
        return any(re.search(r"[:→]", carrier.text) for carrier in carriers)
    return token.sense in (Sense.WHILE, Sense.BEFORE, Sense.AFTER) and claim.clause is not None


def is_number_of_heading(claim: Claim, place: Place) -> bool:
    """Whether a number only counts headings: "3.1 High priority"."""
    return place.kind is UnitKind.HEADING and claim.token.word[:1].isdigit()


def is_number_of_step(claim: Claim, place: Place, carriers: Sequence[Place]) -> bool:
    """Whether a number names the very step that now says it: "if step 4 fails", said in the fourth item."""
    before = [other.token.word.lower() for other in place.claims if other.own and other.token.end <= claim.token.start]
    named = bool(before) and not bases(before[-1]).isdisjoint(words_in("counting"))
    return named and any(claim.value in unit.number.split() for carrier in carriers for unit in _with_above(carrier))


def _with_above(place: Place) -> Iterator[Unit]:
    """The units of a place and those that it stands under."""
    for unit in place.units:
        yield unit
        yield from unit.under


def restricts(place: Place, spared: frozenset[str] = ARROWS) -> bool:
    """Whether a place has a word without which it says something else; what only follows ("therefore") is none."""
    return any(c.token.sense in _RESTRICTING and c.token.word not in spared for c in place.claims if c.own)


def _spoken() -> frozenset[str]:
    """What restricts nothing where something is only told."""
    return ARROWS | words_in("spoken_duties")


def binds(place: Place) -> bool:
    """Whether a place asks for something, or forbids, limits or permits it."""
    asked = asks(read_tokens(place.text)) or place.text.rstrip("*_ ").endswith("?")
    cell = place.kind is UnitKind.CELL and all(above.kind is not UnitKind.CELL for above in place.units[0].under)
    heading = place.kind is UnitKind.HEADING or cell  # the head of a table
    if not any(claim.token.kind <= TokenKind.WORD and not is_plain_word(claim.token) for claim in place.own):
        return False
    counted = any(claim.token.kind is TokenKind.FACT for claim in place.own)  # "the most important" is no limit
    senses = KEPT if counted else KEPT - {Sense.LIMIT}
    own = [claim for claim in place.own if claim.token.word not in ARROWS]
    return not heading and (asked or restricts(place, _spoken()) or any(claim.token.sense in senses for claim in own))


def tells(place: Place) -> bool:
    """Whether a sentence tells something and neither asks, forbids nor demands: "If you follow this, all is well."."""
    led = any(above.text.rstrip("*_ ").endswith(":") for unit in place.units for above in unit.under)
    said = place.claims if led else [claim for claim in place.claims if claim.own]
    forces = any(claim.token.sense in (Sense.DUTY, Sense.ONLY) or claim.token.loud for claim in said)
    question = place.text.rstrip("*_ ").endswith("?")
    return place.kind is UnitKind.SENTENCE and not (
        forces or question or asks(read_tokens(place.text)) or restricts(place, _spoken())
    )


def is_listed(token: Token, place: Place) -> bool:
    """Whether a word is one of several that are listed."""
    before = [c.token for c in place.claims if c.own and c.token.end <= token.start and c.token.kind < TokenKind.SMALL]
    joined = bool(before) and before[-1].sense in (Sense.AND, Sense.OR)
    text = place.text[before[-1].end : token.start] if before and len(place.units) == 1 else ""
    return joined or "," in text or "/" in text


def is_beside_fact(token: Token, place: Place) -> bool:
    """Whether a fact stands right beside a word: "the flag `-x`"."""
    return any(
        claim.token.kind is TokenKind.FACT
        and (claim.token.start - token.end in (1, 2) or token.start - claim.token.end == 1)
        for claim in place.own
    )


def is_pronoun_one(token: Token, place: Place) -> bool:
    """Whether "one" counts nothing: no noun stands right behind it."""
    behind = [claim for claim in place.claims if claim.own and claim.token.start >= token.end]
    return not behind or behind[0].token.start - token.end > 1 or behind[0].token.kind is not TokenKind.WORD


def is_bare_condition(place: Place) -> bool:
    """Whether a sentence is a condition and says nothing for the case that it holds."""
    opens = bool(place.own) and place.claims[0] is place.own[0]
    first = place.own[0].token if opens and place.kind is UnitKind.SENTENCE else None
    return first is not None and first.sense is Sense.CONDITION and not re.search(r"[,:;→—]", place.text)


def is_plain_word(token: Token) -> bool:
    word = token.word
    return token.kind is TokenKind.WORD and any(word in words_in(table) for table in ("meta", "generic", "being"))


_POINTING: Final = words_in("near_ahead") | words_in("pointing_ahead") | words_in("pointing_ahead_at_nouns")
_HALF: Final = 0.5  # of the words of a lead-in


def says_nothing(place: Place, said: frozenset[str]) -> bool:
    """Whether a sentence names and restricts nothing, and only leads on, is about the text, or says what is said."""
    if place.kind is UnitKind.HEADING:  # all that is under it is looked for by itself
        return all(is_plain_word(c.token) or c.value in said for c in place.own if c.token.kind <= TokenKind.WORD)
    if place.kind is not UnitKind.SENTENCE or place.text.rstrip("*_ ").endswith("?") or restricts(place):
        return False
    if any(claim.token.sense in KEPT or claim.token.kind is TokenKind.FACT for claim in place.own):
        return False
    words = {claim.value: claim.token.word for claim in place.own if claim.token.kind is TokenKind.WORD}
    known = [
        claim for claim in place.own if claim.value in words and (claim.value in said or is_plain_word(claim.token))
    ]
    leads = place.text.rstrip("*_ ").endswith(":")
    points = len(words) == 1 and not _POINTING.isdisjoint(claim.token.word.lower() for claim in place.claims)
    if not leads and not points and asks(read_tokens(place.text)):
        return False  # but "watch out for these"
    fresh = [c for c in place.own if c.token.kind is TokenKind.WORD and c not in known]
    about = bool(set(words.values()) & words_in("about_text")) and not any(is_listed(c.token, place) for c in fresh)
    return about or points or len(known) >= (_HALF if leads else 1) * len(words)
