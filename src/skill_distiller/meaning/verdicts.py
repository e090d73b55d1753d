"""What is said of two texts that stand for one another, and of two words."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.language.forms import is_clipped, is_misspelt, same_word
from skill_distiller.language.lexicon import Sense, are_opposites, are_synonyms, is_article
from skill_distiller.language.words import words_in
from skill_distiller.meaning.token import Token, TokenKind


class Verdict(StrEnum):
    """What is said of a piece of the original and what stands for it, from the best to the worst.

    PROVED: only edits that can't change what is said. MOVED: the same words, under another heading, condition or
    count. REWORDED: other words, and nobody can tell by program. The others are changes of meaning.
    """

    IDENTICAL = "identical"
    PROVED = "proved"
    REWORDED = "reworded"
    MOVED = "moved"
    WEAKENED = "weakened"
    CHANGED = "changed"
    CONTRADICTED = "contradicted"
    GONE = "gone"
    NEW = "new"


RANK: Final = {verdict: place for place, verdict in enumerate(Verdict)}
CERTIFIED: Final = frozenset({Verdict.IDENTICAL, Verdict.PROVED})


class Edit(NamedTuple):
    """One difference in the words: what it means, the tokens on both sides, and what it is about ("fact", a sense)."""

    verdict: Verdict
    before: tuple[Token, ...]
    after: tuple[Token, ...]
    what: str


def worst(edits: Iterable[Edit]) -> Verdict:
    """The verdict of some edits taken together."""
    return max((edit.verdict for edit in edits), key=RANK.__getitem__, default=Verdict.PROVED)


_FAMILIES: Final = (
    frozenset({Sense.DUTY, Sense.ADVICE, Sense.LEAVE, Sense.ABILITY}),
    frozenset({Sense.ALL, Sense.SOME, Sense.ONLY, Sense.NEGATION}),
    frozenset({Sense.ALL, Sense.THEN}),  # "every reply", "the first reply"
    frozenset({Sense.AND, Sense.OR}),
    frozenset({Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.THEN}),
    frozenset({Sense.CONDITION, Sense.EXCEPTION, Sense.LACK, Sense.OTHERWISE, Sense.INSTEAD}),
)
_FORCE: Final = {Sense.DUTY: 3, Sense.ADVICE: 2, Sense.LEAVE: 1, Sense.ABILITY: 1}
TURNING: Final = frozenset({Sense.NEGATION, Sense.LACK, Sense.AVOIDANCE, Sense.EXCEPTION})
# What may go without a trace in a text that says the same, and come.
SOFT: Final = frozenset(
    {Sense.ADVICE, Sense.ABILITY, Sense.AND, Sense.OR, Sense.THEN, Sense.BUT, Sense.BECAUSE, Sense.ALL, Sense.SOME}
)
SOFT_WHEN_NEW: Final = SOFT | {Sense.DUTY, Sense.BEFORE, Sense.AFTER}
_NAMED: Final = frozenset({None, Sense.LACK, Sense.LIMIT})  # senses that plain words have too: "absent", "missing"


def replaced(one: Token, other: Token) -> Edit | None:
    """What it means that one token stands in the place of another; None where they have nothing to do with another."""
    pair = (one,), (other,)
    forces = one.sense in _FORCE and other.sense in _FORCE  # "should" for "must" is weaker, not the opposite
    if not forces and are_opposites(one.word, other.word, one.language):
        return Edit(Verdict.CONTRADICTED, *pair, "opposite")
    if one.sense and other.sense:
        if one.sense in _FORCE and other.sense in _FORCE:
            step = _FORCE[other.sense] - _FORCE[one.sense]
            verdict = Verdict.WEAKENED if step < 0 else Verdict.CHANGED if step else Verdict.REWORDED
            return Edit(verdict, *pair, str(one.sense))
        if one.sense is other.sense or any({one.sense, other.sense} <= family for family in _FAMILIES):
            turned = one.sense in TURNING or other.sense in TURNING
            return Edit(Verdict.CONTRADICTED if turned else Verdict.CHANGED, *pair, str(one.sense))
        return None
    if {one.sense, other.sense} <= _NAMED and are_synonyms(one.word, other.word, one.language):
        return Edit(Verdict.REWORDED, *pair, "synonym")
    if _is_small_for(one, other) or _is_small_for(other, one):
        return Edit(Verdict.REWORDED, *pair, "small word")
    if TokenKind.FACT in (one.kind, other.kind) or one.kind is TokenKind.SMALL or other.kind is TokenKind.SMALL:
        return None
    if same_word(one.word, other.word, one.language) or are_synonyms(one.word, other.word, one.language):
        return Edit(Verdict.REWORDED, *pair, "capitals" if one.word == other.word else "synonym")  # the US, us
    if one.kind is other.kind is TokenKind.WORD and (
        is_misspelt(one.word, other.word) or is_clipped(one.word, other.word) or is_clipped(other.word, one.word)
    ):
        return Edit(Verdict.REWORDED, *pair, "spelling")
    return None


_STANDS_FOR: Final = {"mere": Sense.ONLY, "rather_than": Sense.INSTEAD, "plus": Sense.AND}


def _is_small_for(one: Token, other: Token) -> bool:
    """Whether a token is an article for the number one or one in capitals, a plus for an "and", a "just" for "only"."""
    if named := next((sense for words, sense in _STANDS_FOR.items() if one.word in words_in(words)), None):
        return other.sense is named
    return (is_article(one.word) or one.word in words_in("sole")) and (other.value == "1" or other.word == one.word)


def sense_gone(token: Token) -> Verdict:
    """What it means that a word with a sense has no counterpart."""
    if token.sense in SOFT:
        return Verdict.REWORDED
    return Verdict.CONTRADICTED if token.sense in TURNING else Verdict.CHANGED


def sense_new(token: Token, *, binding: bool) -> Verdict:
    """What it means that one came; `binding` where what it came into asks or forbids."""
    if token.sense in (Sense.ADVICE, Sense.ABILITY) and binding:
        return Verdict.WEAKENED
    if token.sense in SOFT_WHEN_NEW:
        return Verdict.REWORDED
    return Verdict.CONTRADICTED if token.sense in TURNING else Verdict.CHANGED
