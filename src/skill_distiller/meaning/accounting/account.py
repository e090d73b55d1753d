"""Account for a text that was written in place of another one: all that was said is said, and nothing else.

`compare` asks whether two texts are one, in their places. Here a text may say in one place what the other one says in
several, as a row what was a sentence: what counts is that every word with a content of its own is found again, beside
the words that it stood with, denied or under a condition as it was, and that no other word came.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.language.lexicon import Sense, is_imperative, is_kind
from skill_distiller.language.modals import verifies
from skill_distiller.language.words import words_in
from skill_distiller.meaning.accounting.beside import find_bare, further_reading
from skill_distiller.meaning.accounting.bounds import find_other_units
from skill_distiller.meaning.accounting.certainty import Certainty
from skill_distiller.meaning.accounting.claims import (
    DENIALS,
    KEPT,
    adds_nothing,
    binds,
    find_surplus,
    goes_without,
    is_bare_condition,
    is_beside_fact,
    is_bound_otherwise,
    is_doubtful_loss,
    is_known_sense,
    is_listed,
    is_number_of_heading,
    is_number_of_step,
    is_plain_word,
    is_pronoun_one,
    is_said_alike,
    is_same,
    is_sense_kept,
    must_be_heard,
    says_nothing,
    tells,
)
from skill_distiller.meaning.accounting.places import LONGEST, Claim, Fault, Place, is_verbatim, places_of
from skill_distiller.meaning.accounting.shape import find_lost_lines, find_other_emphasis, find_other_form
from skill_distiller.meaning.accounting.turned import (
    find_governed,
    find_other_order,
    find_redirected,
    find_turned,
    find_widened,
)
from skill_distiller.meaning.accounting.vetoes import find_vetoes, leaves_out, says_more
from skill_distiller.meaning.compare import compare
from skill_distiller.meaning.sentence_tokens import read_language, read_tokens
from skill_distiller.meaning.token import TokenKind
from skill_distiller.meaning.units import UnitKind
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill


def account(
    before: str, after: str, *, around: str = "", elsewhere: str = "", trusting: bool = False
) -> tuple[Fault, ...]:
    """What of a text is not accounted for by the one it stands for; () where all is.

    What the headings `around` both say may go, and a sentence, item or line that also stands `elsewhere`. `trusting`:
    only what is a change of meaning for certain, or a new word that stands for none, counts.
    """
    one, two = _parsed(before), _parsed(after)
    together = _pieces(one) > 1
    differences = [] if together else compare(one, two).differences
    firm = [d for d in differences if d.firm or says_more(d)]
    loose = [] if trusting else [d for d in differences if d not in firm and leaves_out(d)]
    if not together and not firm and not loose:
        return tuple(find_other_emphasis(one.body, two.body))
    faults = _Account(one, two, around, elsewhere, together=together).faults()
    return (*(fault for difference in (*firm, *loose) for fault in find_vetoes(difference)), *faults)


def _pieces(skill: Skill) -> int:
    """How many blocks and headings a text has, a list counted as one."""
    kinds = [block.kind for block in skill.blocks]
    items = sum(one is two is BlockKind.LIST_ITEM for one, two in pairwise(kinds))
    return len(kinds) - items + sum(bool(section.level) for section in skill.sections)


_NO_FIELDS: Final = "---\n---\n"


def _parsed(text: str) -> Skill:
    return parse_skill(f"{_NO_FIELDS}{text}" if text.lstrip().startswith("---") else text)


def lost_in(before: str, after: str) -> tuple[Fault, ...]:
    """What of a text another one does not say, whatever else that says; () for nothing."""
    return tuple(fault for fault in account(before, after) if fault.kind not in ("new", "form"))


def merged_in(before: str, after: str) -> Mapping[str, str]:
    """The sentences, items and cells of a text of which another one says several in one, each with what says it."""
    one, two = _parsed(before), _parsed(after)
    work = _Account(one, two, "", "", together=_pieces(one) > 1)
    work.faults()
    return dict(work.merged())


class _Account:
    """The work of accounting for one text by another."""

    def __init__(self, before: Skill, after: Skill, around: str, elsewhere: str, *, together: bool) -> None:
        self._before, self._after, self._together = before, after, together
        language = read_language(before.body)
        self._around = frozenset(token.value for token in read_tokens(around) if token.kind is TokenKind.WORD)
        self._old, self._new = places_of(before, language), places_of(after, language)
        self._others = places_of(_parsed(elsewhere), language) if elsewhere else []
        self._lines = {place.text for place in self._others if is_verbatim(place)}
        self._spread = Counter(value for place in self._old for value in place.values)
        self._said = frozenset[str]().union(*(place.values for place in self._new))
        said_above = {token.sense for token in read_tokens(around) if token.sense}
        self._certainty = Certainty(self._old, self._new, self._others, said_above, further_reading(self._old, around))
        self._found: list[Fault] = []
        self._texts: list[Place] = []
        # By place of the new text what of the old one it says.
        self._carried: dict[int, list[Place]] = defaultdict(list)

    def faults(self) -> list[Fault]:
        """What is lost, changed, new, or of another form; [] for nothing."""
        self._found += find_lost_lines(self._before, self._old, self._new, self._lines)
        self._found += find_other_units(self._old, self._new)
        self._found += find_other_form(self._before, self._after, self._old, self._new, together=self._together)
        said = self._texts = [place for place in self._new if not is_verbatim(place)]
        self._first = {value: i for i, place in reversed(list(enumerate(said))) for value in place.values}
        old = [place for place in self._old if not is_verbatim(place)]
        best = [_nearest(place, said) for place in old]
        for number, place in enumerate(old):
            self._carry(place, said, best[number], {i for other, i in enumerate(best) if other != number})
        for number, place in enumerate(said):
            sources = list(self._carried.get(number, []))
            nearest = max(old, key=lambda other: _shared(place, other), default=None)
            if nearest is not None and nearest not in sources and _shared(place, nearest) > 0:
                sources.append(nearest)
            self._account_for(place, sources)
        self._found += find_other_order(self._old, said, self._carried)
        self._found += find_widened(said, self._carried)
        self._found += find_bare(said, self._old)
        return self._found

    def merged(self) -> Iterator[tuple[str, str]]:
        """What of the old text is said together with something else of it, and what says both; after `faults`."""
        for number, found in self._carried.items():
            said = self._texts[number].units[0].text
            if len(found) > 1:
                yield from ((unit.text, said) for place in found for unit in place.units)

    def _note(
        self, kind: str, before: str, after: str, old: Place | None, new: Place | None, *, doubt: bool = False
    ) -> None:
        one, two = (" ".join(text.split())[:LONGEST] for text in (before, after))
        self._found.append(Fault(kind, one, two, old.units if old else (), new.units if new else (), doubt))

    def _carry(self, place: Place, said: Sequence[Place], best: int, taken: set[int]) -> None:
        """Find what says a place of the old text, and note what of it is not said there.

        One sentence may be said in two, if the other one says nothing else.
        """
        if best < 0 or _shared(place, said[best]) <= 0:
            if not says_nothing(place, self._said) and not self._is_said_elsewhere(place):
                elsewhere = self._may_be_elsewhere(place)
                named = {c.value for c in place.own if c.token.kind is TokenKind.FACT and c.value in place.text}
                facts = named <= self._said
                aside = self._certainty.is_aside(place)
                doubt = elsewhere or aside or (facts and (tells(place) or not binds(place))) or self._is_spread(place)
                self._note("lost", place.text, "", place, None, doubt=doubt)
            return
        ways: list[tuple[int, ...]] = [(best,)]
        for one, two in ((best - 1, best), (best, best + 1)):
            free = not taken & {one, two}
            if one >= 0 and two < len(said) and free and _goes_on(said[one], said[two]):
                ways.append((one, two))
        tried = [(way, self._lost(place, [said[i] for i in way])) for way in ways]
        way, lost = min(tried, key=lambda item: (sum(len(fault.before) for fault in item[1]), len(item[0])))
        if lost and (says_nothing(place, self._said) or self._is_said_elsewhere(place)):
            return
        for i in way:
            self._carried[i].append(place)
        elsewhere = any(not fault.doubt for fault in lost) and self._may_be_elsewhere(place)
        self._found += (fault._replace(doubt=True) for fault in lost) if elsewhere else lost

    def _may_be_elsewhere(self, place: Place) -> bool:
        """Whether another part of what is left has the facts of a place, whatever binds, and half of its words.

        Or several parts have them, of a summary.
        """
        facts = {claim.value for claim in place.own if claim.token.kind is TokenKind.FACT}
        senses = {claim.token.sense for claim in place.own if claim.token.sense in KEPT}
        words = {claim.value for claim in place.own if claim.token.kind is TokenKind.WORD}
        for other in self._others:
            bound = _senses(other)
            half = 2 * len(place.values & other.values) >= len(place.values)
            if half and facts <= other.values and senses <= bound:
                return True
        return self._is_spread(place) and all(
            any(claim.token.sense in _senses(other) and len(words & other.values) > 1 for other in self._others)
            for claim in place.own
            if claim.token.sense in KEPT
        )

    def _is_spread(self, place: Place) -> bool:
        """Whether what is left has all facts of a place, and most of its words, though not in one part."""
        there = self._said.union(*(other.values for other in self._others))
        facts = {c.value for c in place.own if c.token.kind is TokenKind.FACT and c.token.word not in _BOXES}
        words = {claim.value for claim in place.own if claim.token.kind is TokenKind.WORD}
        return facts <= there and len(words & there) >= _MOST_SPREAD * len(words)

    def _is_said_elsewhere(self, place: Place) -> bool:
        """Whether another part of what is left says all of a place."""
        near = sorted((o for o in self._others if not is_verbatim(o)), key=lambda o: -_shared(place, o))[:_MOST_NEAR]
        return any(_shared(place, other) > 0 and not self._lost(place, [other]) for other in near)

    def _lost(self, place: Place, carriers: Sequence[Place]) -> list[Fault]:
        """What a place says that its carriers do not say, or say otherwise."""
        faults = []
        there = [claim for carrier in carriers for claim in carrier.claims]
        first = next((i for i, other in enumerate(self._texts) if other is carriers[-1]), -1)
        gone: list[Claim] = []
        spared: list[Claim] = []
        twice = sum(claim.token.sense in DENIALS for claim in place.own) > 1
        for claim in place.own:
            found = [other for other in there if is_same(claim, other)]
            if claim.token.kind is TokenKind.SENSE:
                loud = must_be_heard(claim.token) and not any(other.token.loud for other in found)
                if loud or (not found and not is_sense_kept(claim, place, there)):
                    gone.append(claim)
            elif not found:
                ticked = claim.token.word in _BOXES and (self._together or carriers[0].kind is not UnitKind.ITEM)
                if not ticked:
                    (spared if self._may_go(claim, place, at=first) else gone).append(claim)
            elif not any(is_said_alike(claim, other, twice=twice) for other in found) and not self._may_go(
                claim, place
            ):
                before, after = _with_clause(claim), _with_clause(found[0])
                bound = [other for other in found if is_bound_otherwise(claim, other)]
                doubt = not (bound and self._certainty.is_change(claim, found, place, carriers))
                faults.append(Fault("changed", before, after, place.units, carriers[0].units, doubt))
        plain = [c for c in spared if self._spread[c.value] < 2 and c.value not in self._around]
        if len(plain) > max(_FEW, len(place.own) // 3) and not place.text.rstrip("*_ ").endswith(":"):
            gone += plain
        told = _MOSTLY_GONE * len(place.own) < len(gone) and tells(place)
        aside = {
            id(claim)
            for claim in gone
            if (told and claim.token.kind is not TokenKind.FACT)
            or is_doubtful_loss(claim, carriers)
            or is_number_of_heading(claim, place)
            or is_number_of_step(claim, place, carriers)
            or not self._certainty.is_loss(claim, place, carriers)
        }
        for doubt in (False, True):
            if lost := [claim for claim in gone if (id(claim) in aside) is doubt]:
                words = " … ".join(_runs(place, lost))[:LONGEST]
                faults.append(Fault("lost", words, "", place.units, carriers[0].units, doubt))
        faults += find_governed(place, carriers)
        return faults + find_turned(place, carriers) + find_redirected(place, carriers)

    def _may_go(self, claim: Claim, place: Place, *, at: int = -1) -> bool:
        """Whether a word goes without saying; `at` where it is gone, the number of the text that says its place."""
        token = claim.token
        if token.kind is TokenKind.FACT:
            return token.value == "1" and token.word == "one" and is_pronoun_one(token, place)
        asked = claim is place.own[0] and is_imperative(token.word)
        lead = place.text.rstrip("*_ ").endswith(":")
        generic = token.word in words_in("generic") and (len(place.own) > 2 or lead) and not is_listed(token, place)
        known = generic or (token.value in self._around and claim is not place.own[0])
        there = token.value in self._said if at < 0 else self._first.get(token.value, at + 1) <= at
        topic = not asked and self._spread[token.value] > 1 and (there or place.kind is UnitKind.HEADING)
        kind = is_kind(token.word) or token.word in words_in("kinds_of_names")
        beside = kind and is_beside_fact(token, place)
        plain = goes_without(token) and not (asked and token.word in words_in("being"))
        return known or beside or plain or topic or claim.clause is Sense.BECAUSE

    def _is_plain(self, claim: Claim) -> bool:
        """Whether a word is one of those that stand in many places, or says little by itself."""
        word = claim.token.word
        return claim.token.kind is TokenKind.WORD and (word in words_in("generic") or self._spread[claim.value] > 1)

    def _account_for(self, place: Place, sources: Sequence[Place]) -> None:
        """Note what a place says that what it stands for does not say."""
        known = [claim for source in sources for claim in source.claims]
        self._look_at_mood(place, sources, known)
        self._look_at_words(place, sources, known)

    def _look_at_mood(self, place: Place, sources: Sequence[Place], known: Sequence[Claim]) -> None:
        """Note that what was told is asked, or that a condition is left without what is done."""
        asks_for = any(claim.token.sense is Sense.APPROVAL for claim in known)  # "ask which", "ask: …?"
        if ":" not in place.text and any(claim.token.sense is Sense.APPROVAL for claim in place.own):
            asks_for = False  # "ask the owner?"
        if place.text.rstrip("*_ ").endswith("?") and not asks_for and not any("?" in s.text for s in sources):
            indirect = any(
                verifies(s.text) or not words_in("indirect_questions").isdisjoint(_words(s)) for s in sources
            )
            doubt = indirect or any("?" in other.text for other in self._old)
            self._note("changed", "told", "asked", sources[0] if sources else None, place, doubt=doubt)
        if is_bare_condition(place) and not any(map(is_bare_condition, sources)):
            self._note("changed", "a condition of what is done", place.text, sources[0] if sources else None, place)

    def _look_at_words(self, place: Place, sources: Sequence[Place], known: Sequence[Claim]) -> None:
        fresh: list[Claim] = list(find_surplus(place, known))
        for claim in place.own:
            token = claim.token
            found = [other for other in known if is_same(claim, other)]
            if claim in fresh:
                continue
            if token.kind is TokenKind.SENSE:
                each = token.word in ("each", "every") and len(sources) > 1
                if not found and not each and not is_known_sense(claim, known):
                    fresh.append(claim)
            elif not found and not adds_nothing(token) and token.value not in self._around:
                fresh.append(claim)
            elif found and not any(is_said_alike(other, claim) for other in found) and not self._is_plain(claim):
                bound = [other for other in found if is_bound_otherwise(other, claim)]
                doubt = not (bound and self._certainty.is_change(claim, found, place, sources, back=True))
                self._note("changed", _with_clause(found[0]), _with_clause(claim), sources[0], place, doubt=doubt)
        for doubt in (False, True):
            if come := [claim for claim in fresh if self._is_doubtful(claim, place, sources) is doubt]:
                units = tuple(unit for source in self._said_by(place) for unit in source.units)
                words = " ".join(" … ".join(_runs(place, come)).split())[:LONGEST]
                self._found.append(Fault("new", "", words, units, place.units, doubt))

    def _said_by(self, place: Place) -> list[Place]:
        """What of the old text a place says."""
        return next((found for i, found in self._carried.items() if self._texts[i] is place), [])

    def _is_doubtful(self, claim: Claim, place: Place, sources: Sequence[Place]) -> bool:
        hedged = self._certainty.is_hedge(claim)
        return not hedged and (_is_plain_news(claim) or not self._certainty.is_news(claim, place, sources))


_MOSTLY_GONE: Final = 0.6  # of the words of a sentence that is not there any more
_MOST_SPREAD: Final = 0.6  # of the words of a sentence that are left somewhere
_MOST_NEAR: Final = 4  # places that may say what another one says
_BOXES: Final = frozenset({"[ ]", "[x]"})
_FEW: Final = 2  # words that say little by themselves and may go together


def _goes_on(one: Place, two: Place) -> bool:
    """Whether a place goes on with what stands before it: a sentence of one paragraph or item."""
    return one.block == two.block and two.kind is UnitKind.SENTENCE


def _nearest(place: Place, others: Sequence[Place]) -> int:
    """Which of some places shares most with one; -1 for none."""
    shared = [_shared(place, other) for other in others]
    return max(range(len(shared)), key=shared.__getitem__, default=-1)


def _shared(one: Place, other: Place) -> float:
    """How much two places share: facts count twice."""
    mine = {claim.value: 2.0 if claim.token.kind is TokenKind.FACT else 1.0 for claim in one.own}
    both = sum(weight for value, weight in mine.items() if value in other.values)
    return both - 0.01 * len(other.values)


def _senses(place: Place) -> frozenset[Sense | None]:
    return frozenset(claim.token.sense for claim in place.claims)


def _words(place: Place) -> frozenset[str]:
    return frozenset(claim.token.word.lower() for claim in place.claims)


_COUNTED_BY_WORD: Final = frozenset({"one", "ones"})


def _is_plain_news(claim: Claim) -> bool:
    """Whether a word that came says little by itself; any other one may be a name, or something to do."""
    token = claim.token
    return is_plain_word(token) or (token.kind is TokenKind.FACT and token.word in _COUNTED_BY_WORD)


def _runs(place: Place, claims: Iterable[Claim]) -> Iterator[str]:
    """The words of some claims, those that stand together as one."""
    wanted = {id(claim) for claim in claims}
    run: list[str] = []
    for claim in place.claims:
        if id(claim) in wanted:
            run.append(claim.token.word)
        elif claim.token.kind <= TokenKind.WORD and run:
            yield " ".join(run)
            run = []
    if run:
        yield " ".join(run)


def _with_clause(claim: Claim) -> str:
    """A word with how it is said, for people: `not resolved`, `if … done`."""
    denied = "not " * claim.denied
    clause = f"{claim.clause.value}: " if claim.clause else ""
    return f"{clause}{denied}{claim.token.word}"
