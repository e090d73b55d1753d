"""A token, and what those beside it make of it: a unit, a time of day, an article that counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.language.lexicon import Sense, is_article, is_idle
from skill_distiller.language.words import words_in


class TokenKind(IntEnum):
    """What a token is, from what carries most to what carries nothing."""

    FACT = 0  # also a tag, a placeholder, a checkbox: whatever has to stay letter by letter
    SENSE = 1
    WORD = 2
    LIGHT = 3
    SMALL = 4  # articles and fillers


class Token(NamedTuple):
    """A word or fact of a text: `value` is what it is compared by, `start` and `end` are offsets into the text.

    `loud` is True for a word in capitals that is one by choice: MUST, NEVER. `spoken` is the end of an expression that
    the word stands for and that may say something else too: "back" where "push back" is read as "postpone".
    """

    kind: TokenKind
    value: str
    word: str
    start: int
    end: int
    sense: Sense | None = None
    loud: bool = False
    language: str = ""
    spoken: str = ""


_MAX_UNIT: Final = 3  # letters of a unit whose capitals count


def with_units(tokens: Sequence[Token], text: str) -> list[Token]:
    """The tokens, where the short word behind a number, which counts something, is known by its capitals: MB, Mb."""
    found = list(tokens)
    for at, (number, unit) in enumerate(pairwise(tokens), 1):
        counted = number.kind is TokenKind.FACT and number.value[-1:].isdigit() and unit.start - number.end <= 1
        if counted and unit.kind is TokenKind.WORD and len(unit.word) <= _MAX_UNIT and unit.word.isascii():
            written = text[unit.start : unit.end]
            # "Mb" is not "MB", and "M" no meter.
            other = written == unit.word.capitalize() and (len(written) == 1 or unit.word in words_in("units_of_bits"))
            found[at] = unit._replace(value=written, word=written if other else unit.word)
    return found


_LEAST: Final = re.compile(r"(\d[\d.,]*)\+")


def with_least(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, where a number with a plus behind it is the least that may be: "3.11+" is "≥ 3.11"."""
    for token in tokens:
        match = _LEAST.fullmatch(token.value) if token.kind is TokenKind.FACT else None
        if match:
            yield Token(TokenKind.SENSE, f"{Sense.LIMIT}:≥", "≥", token.start, token.end, Sense.LIMIT)
            token = token._replace(value=match[1], word=match[1])
        yield token


_CLOCK: Final = re.compile(r"(\d{1,2})(?::([0-5]\d))?")
_NOON: Final = 12


def with_clocks(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, with times of day as they are on a clock of 24 hours: "5 pm" as "17:00", "8:00" as "08:00"."""
    found: list[Token] = []
    for token in tokens:
        last = _CLOCK.fullmatch(found[-1].value) if found and found[-1].kind is TokenKind.FACT else None
        clock = _on_clock(last, token.word) if last and token.start - found[-1].end <= 1 else ""
        if clock:
            found[-1] = found[-1]._replace(value=clock, end=token.end)
            continue
        padded = token.kind is TokenKind.FACT and token.value[1:2] == ":" and _CLOCK.fullmatch(token.value)
        found.append(token._replace(value=f"0{token.value}") if padded else token)
    return found


def _on_clock(match: re.Match[str], mark: str) -> str:
    """What a clock shows at an hour with "am", "pm" or the like behind it; "" where it is none."""
    early, late = mark in words_in("before_noon"), mark in words_in("after_noon")
    hour, minute = int(match[1]), match[2] or "00"
    if mark in words_in("o_clock"):
        return f"{hour:02}:{minute}"
    if not (early or late) or not 1 <= hour <= _NOON:
        return ""
    return f"{hour % _NOON + _NOON * late:02}:{minute}"


def with_pronouns(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without a "one" that stands for a thing named before and is no number: "the next one"."""
    if words_in("pronouns_too").isdisjoint([token.word for token in tokens]):
        return list(tokens)
    return [token for at, token in enumerate(tokens) if not (at and _is_pronoun(tokens[at - 1 : at + 2]))]


def _is_pronoun(tokens: Sequence[Token]) -> bool:
    before, token, *behind = tokens
    if token.word not in words_in("pronouns_too") or before.word not in words_in("before_pronouns"):
        return False
    return not behind or behind[0].kind is not TokenKind.WORD or behind[0].start - token.end > 1


_GOVERNS: Final = frozenset({Sense.CONDITION, Sense.EXCEPTION, Sense.UNTIL, Sense.NEGATION, Sense.ONLY})


def with_idle_words(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, where what is a filler elsewhere says something: "return `just` the id", "if `truly` needed"."""
    for at, token in enumerate(tokens):
        if token.kind is not TokenKind.SMALL or not is_idle(token.word):
            yield token
            continue
        before, behind = tokens[:at], tokens[at + 1 : at + 2]
        follows = bool(before) and before[-1].kind in (TokenKind.FACT, TokenKind.WORD)
        named = any(beside.kind is TokenKind.FACT or is_article(beside.word) for beside in behind)
        listed = bool(before) and before[-1].sense in (Sense.AND, Sense.OR)
        if (follows or listed) and named and token.word in words_in("mere"):
            yield token._replace(kind=TokenKind.SENSE, value=f"{Sense.ONLY}:", sense=Sense.ONLY)
        elif not behind or follows or named or any(one.sense in _GOVERNS for one in before):
            yield token._replace(kind=TokenKind.LIGHT)
        else:
            yield token


def with_telling_articles(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, where an article without which the words beside it say another thing is no small word."""
    for at, token in enumerate(tokens):
        article = token.kind is TokenKind.SMALL and token.language in ("", "en") and is_article(token.word)
        yield token._replace(kind=TokenKind.LIGHT) if article and _tells(tokens, at) else token


def _tells(tokens: Sequence[Token], at: int) -> bool:
    """Whether an article counts or names, or begins a clause: "a few", "option a", "the second an approval lands"."""
    stays = words_in("article_before")
    before = [token.word for token in tokens[max(0, at - 2) : at]]
    behind = tokens[at + 1 : at + 3]
    clause = len(before) > 1 and is_article(before[0]) and before[1] in stays
    again = len(behind) > 1 and is_article(behind[1].word) and behind[1].start - behind[0].end <= 1  # "a job a job"
    counts = not stays.isdisjoint(token.word for token in behind[:1])
    return clause or again or counts or not words_in("article_after").isdisjoint(before[-1:])
