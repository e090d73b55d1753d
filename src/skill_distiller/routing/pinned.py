"""Clauses that stay whatever a router says of them, each with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from skill_distiller.routing.clauses import Clauses
from skill_distiller.routing.expressions import expression, sends_away

_LATIN: Final = "LATIN"
_HAN: Final = "CJK"  # Japanese is written in three scripts at once
_FEWEST_WORDS: Final = 3  # of a clause that says what a skill does; a shorter one is a title
_NAME: Final = re.compile(r"(?<![\w-])[A-Z][A-Z\d]{1,}(?![\w-])")  # nobody who says it says it in other words
_FEWEST_CHARACTERS: Final = 4  # of a sibling's name that is looked for in prose


class Pin(StrEnum):
    """Why a clause stays."""

    EXCLUSION = "exclusion"  # or a limit, or a redirect: without it the skill would take what is not its own
    SIBLING = "names another skill"
    KEPT = "kept on request"
    CAPABILITY = "capability"
    SCRIPT = "another script"
    NAME = "abbreviation"  # that stands in no other clause


def find_pins(
    clauses: Clauses, *, siblings: Collection[str] = (), keep: Sequence[str] = (), lexical: bool = True
) -> dict[int, Pin]:
    """The clauses that stay, by index.

    Exclusions, names of `siblings` and phrases of `keep` always do. With `lexical`, what a router of words
    can't judge does too: what the skill does, words of another script than the rest, and abbreviations.
    """
    found: dict[int, Pin] = {}
    names = _names(frozenset(siblings))
    for clause in clauses.all:
        text = clauses.text_of(clause)
        if any(phrase.casefold() in text.casefold() for phrase in keep if phrase):
            found[clause.index] = Pin.KEPT
        elif excludes(text):
            found[clause.index] = Pin.EXCLUSION
        elif names and names.search(text):
            found[clause.index] = Pin.SIBLING
    return {**_beyond_words(clauses, found), **found} if lexical else found


def _beyond_words(clauses: Clauses, pinned: Collection[int]) -> dict[int, Pin]:
    """What a router of words can't judge: what the skill does, another script, and of each abbreviation one place.

    That is where it takes least, if it does not stay with what is `pinned` already.
    """
    main = _main_script(clauses.text)
    found = dict.fromkeys(_capability(clauses), Pin.CAPABILITY)
    found |= {c.index: Pin.SCRIPT for c in clauses.all if _scripts(clauses.text_of(c)) - {main, _LATIN}}
    names = {clause.index: set(_NAME.findall(clauses.text_of(clause))) for clause in clauses.all}
    stays = clauses.closure({*found, *pinned})
    for name in sorted(set().union(*names.values()) - set().union(*(names[index] for index in stays))):
        if not any(name in names[index] for index in found):
            places = (index for index, own in names.items() if name in own)
            found[min(places, key=lambda index: (len(clauses.text_of(clauses.all[index])), index))] = Pin.NAME
    return found


def excludes(text: str) -> bool:
    """Whether a text says what a skill is not for, limits when it is used, or sends the reader elsewhere."""
    return routes_away(text) or bool(expression("limits").search(text))


def routes_away(text: str) -> bool:
    """Whether a text says what a skill is not for, or which other one is."""
    return any(away.search(text) for away in sends_away())


@lru_cache(maxsize=4)
def _names(siblings: frozenset[str]) -> re.Pattern[str] | None:
    """The names of other skills that no prose holds by chance: those of two words and more, joined."""
    known = sorted(re.escape(name) for name in siblings if "-" in name and len(name) >= _FEWEST_CHARACTERS)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])") if known else None


def _capability(clauses: Clauses) -> list[int]:
    """What the skill does, in whole clauses: the first that is no "Use when", and the next one behind a mere title."""
    says = [
        clause
        for clause in clauses.all
        if clauses.sentences[clause.sentence].head and not expression("opens_when").match(clauses.text_of(clause))
        if not clause.aside
    ] or clauses.all[:1]
    short = says and len(clauses.text_of(says[0]).split()) < _FEWEST_WORDS and clauses.text_of(says[0]).isascii()
    said = says[: 2 if short else 1]
    return [one.index for one in clauses.all for whole in said if whole.start <= one.start and one.end <= whole.end]


def says_when(clauses: Clauses) -> frozenset[int]:
    """The clauses that say when a skill is used: one of them has to stay."""
    starts = ((s.head or s.lead)[0] for s in clauses.sentences)
    places = {
        place
        for place, at in enumerate(starts)
        if expression("opens_when").match(clauses.text, at)
        or expression("ends_when").search(clauses.text, at, clauses.sentences[place].tail[0])
    }
    return frozenset(clause.index for clause in clauses.all if clause.sentence in places and not clause.aside)


def _main_script(text: str) -> str:
    counted = Counter(script for character in text if (script := _script(character)))
    return counted.most_common(1)[0][0] if counted else _LATIN


def _scripts(text: str) -> set[str]:
    return {script for character in text if (script := _script(character))}


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """LATIN, CJK (kana too), CYRILLIC, …; "" for what is no letter."""
    script = unicodedata.name(character, "").split(" ", 1)[0].partition("-")[0] if character.isalpha() else ""
    return _HAN if script in {"HIRAGANA", "KATAKANA"} else script
