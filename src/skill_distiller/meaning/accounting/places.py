"""A text as places: a sentence, an item or a row, each with what it stands under, and what every word is said of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from typing import Final, NamedTuple

from skill_distiller.language.lexicon import Sense, is_article, is_imperative, is_pronoun
from skill_distiller.language.words import words_in
from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import Token, TokenKind
from skill_distiller.meaning.units import VERBATIM, Unit, UnitKind, block_units, heading_units
from skill_distiller.skill.containers import labels_of
from skill_distiller.skill.model import Skill

# The senses under which a word says another thing than alone, and those that begin a clause of their own.
_DENYING: Final = frozenset({Sense.NEGATION, Sense.LACK, Sense.AVOIDANCE})
_CLAUSES: Final = frozenset(
    {
        *(Sense.CONDITION, Sense.EXCEPTION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.BECAUSE),
    }
)
_HEADS: Final = 2  # words right behind "if" or "until" that are surely what it governs
_ENDS: Final = re.compile(r"[;:.!?—。；：]|\s[–-]\s|\n\n")
_OPENS: Final = re.compile(r"[(（]")
_COMMA: Final = re.compile(r"[,()，（）、]")


class Claim(NamedTuple):
    """A word or fact where it is said: whether it is denied, and under which kind of clause it stands (None: none).

    `head` is that clause for the first words of it, which it surely governs, and `near` whether the denial is so near.
    One that is not its place's `own` is that of a label, a head or an item above.
    """

    token: Token
    denied: bool
    clause: Sense | None
    head: Sense | None
    own: bool
    near: bool = False

    @property
    def value(self) -> str:
        """What it is compared by."""
        return self.token.value


LONGEST: Final = 160  # characters of a fault


class Fault(NamedTuple):
    """What is wrong with a text: "lost", "new", "changed" or "form", the words on both sides, and the units.

    A `doubt` is no fault for certain: a plain word or a form is gone, and nobody can tell by program that it is needed.
    """

    kind: str
    before: str
    after: str
    old: tuple[Unit, ...] = ()
    new: tuple[Unit, ...] = ()
    doubt: bool = False

    def __str__(self) -> str:
        """For people and for the model that is asked to mend it: `lost: "if errors occurred"`."""
        if self.before and self.after:
            return f'{self.kind}: "{self.before}" → "{self.after}"'
        return f'{self.kind}: "{self.before or self.after}"'


class Place:
    """A sentence, an item, a row or a line of code, with its claims in order."""

    def __init__(self, units: Sequence[Unit], language: str) -> None:
        self.units = tuple(units)
        self.kind = units[0].kind
        self.block = units[0].block
        self._language = language

    @cached_property
    def claims(self) -> tuple[Claim, ...]:
        """What is said here; of a row each cell behind the head of its column."""
        found: list[Claim] = []
        said: set[Unit] = set()
        for unit in self.units:
            for above in unit.under:
                if above not in said and above not in self.units:
                    found += _claims(above.text, self._language, own=False)
                    said.add(above)
            found += _claims(unit.text, self._language, own=True)
        return tuple(found)

    @cached_property
    def values(self) -> frozenset[str]:
        """What is said here, by value."""
        return frozenset(claim.value for claim in self.claims if claim.token.kind <= TokenKind.WORD)

    @cached_property
    def own(self) -> tuple[Claim, ...]:
        """What is said here and not above, without small and light words."""
        return tuple(claim for claim in self.claims if claim.own and claim.token.kind <= TokenKind.WORD)

    @property
    def text(self) -> str:
        """The text of it, cells parted by bars."""
        return " | ".join(unit.text for unit in self.units)


def _claims(text: str, language: str, *, own: bool) -> Iterator[Claim]:
    denied, loose, clause = False, False, None  # `loose`: denied only up to the next comma
    within = False  # what is denied stands in a clause on a thing, "files that are not listed", up to its own verb
    at = heads = near = 0
    before: Token | None = None
    tokens = read_tokens(text, language)
    for number, token in enumerate(tokens):
        between = text[at : token.start]
        if _ENDS.search(between) or _OPENS.search(between):
            denied, clause = False, None
        elif _COMMA.search(between):
            clause = None
            denied = denied and not loose and _goes_on(tokens[number:], before)
        at = token.end
        still = before is not None and before.sense in _DENYING  # "not yet"
        if (token.sense is Sense.BUT and not still) or (
            token.sense is Sense.THEN and before and before.sense is Sense.AND
        ):
            denied, clause = False, None
        if within and denied and _is_verb_of_thing(token, before):
            denied = within = False
        if token.sense in _CLAUSES:
            yield Claim(token, False, clause, None, own)
            clause, denied, heads = token.sense, False, _HEADS
        else:
            denies = token.sense in _DENYING
            told = denied and not denies
            yield Claim(token, told, clause, clause if heads else None, own, told and near > 0)
            heads, near = (max(0, left - (token.kind <= TokenKind.WORD)) for left in (heads, near))
            behind = tokens[number + 1] if number + 1 < len(tokens) else None
            instead = token.sense is Sense.INSTEAD and behind is not None and behind.kind is TokenKind.LIGHT
            if denies or instead:  # "instead of", "rather than"
                denied, loose, near = True, instead or token.sense is Sense.LACK, _HEADS
                within = _is_about_thing(tokens[:number])
        before = token


def _is_about_thing(before: Sequence[Token]) -> bool:
    """Whether a denial behind some words is that of a thing: "files that are not …"."""
    words = [token.word.lower() for token in before[-2:]]
    return len(words) > 1 and words[0] in words_in("linking") and words[1] in words_in("being")


def _is_verb_of_thing(token: Token, before: Token | None) -> bool:
    """Whether a word says what is or has to be with the thing that a clause was about: "… are marked", "must be"."""
    opens = token.sense in _MODALS or (token.kind is TokenKind.LIGHT and token.word.lower() in words_in("being"))
    return opens and before is not None and before.kind in (TokenKind.WORD, TokenKind.FACT)


_MODALS: Final = frozenset({Sense.DUTY, Sense.ADVICE, Sense.LEAVE, Sense.ABILITY})


def _goes_on(rest: Sequence[Token], before: Token | None) -> bool:
    """Whether a denial goes on behind a comma: with the next thing of a list, not with what is to be done instead."""
    first = rest[0]
    if before is not None and before.sense is Sense.OR:
        return True
    listed = any(token.sense is Sense.OR for token in rest[:_LISTED])
    if is_imperative(first.word) or is_article(first.word):
        return listed
    return first.sense in (None, Sense.OR) and not (first.kind is TokenKind.LIGHT and is_pronoun(first.word))


_LISTED: Final = 8  # words within which an "or" says that a list goes on


def places_of(skill: Skill, language: str) -> list[Place]:
    """All places of a skill in order, its headings first."""
    found = [Place([unit], language) for unit in heading_units(skill) if unit]
    for section in skill.sections:
        under, units = dict(labels_of(section.blocks, {})), dict[int, list[Unit]]()
        for block in section.blocks:
            labels = tuple(unit for label in under.get(block.index, ()) for unit in units.get(label, ()))
            units[block.index] = block_units(block, section.index, labels)
            found += _places(units[block.index], language)
    return found


def _places(units: Sequence[Unit], language: str) -> Iterator[Place]:
    """A place for each unit, one for the cells of each row."""
    for (cell, _), run in groupby(units, key=lambda unit: (unit.kind is UnitKind.CELL, unit.line)):
        if cell:
            yield Place(list(run), language)
        else:
            yield from (Place([unit], language) for unit in run)


def is_verbatim(place: Place) -> bool:
    """Whether a place is code or markup, which is compared letter by letter."""
    return place.kind in VERBATIM or place.kind is UnitKind.MARKUP
