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
from skill_distiller.routing.expressions import expression, narrows, sends_away, unquoted

_LATIN: Final = "LATIN"
_HAN: Final = "CJK"  # Japanese is written in three scripts at once
_FEWEST_WORDS: Final = 3  # of a clause that says what a skill does; a shorter one is a title
_TELLS: Final = re.compile(r"[^\W\d_a-z]|[\d`_./]")  # a name, a number or code: what is not mere prose
_FEWEST_CHARACTERS: Final = 4  # of a sibling's name that is looked for in prose


class Pin(StrEnum):
    """Why a clause stays."""

    EXCLUSION = "exclusion"  # or a limit, or a redirect: without it the skill would take what is not its own
    SIBLING = "names another skill"
    KEPT = "kept on request"
    CAPABILITY = "capability"
    SCRIPT = "another script"


def find_pins(
    clauses: Clauses, *, siblings: Collection[str] = (), keep: Sequence[str] = (), lexical: bool = True
) -> dict[int, Pin]:
    """The clauses that stay, by index.

    Exclusions, names of `siblings` and phrases of `keep` always do. With `lexical`, what a router of words
    can't judge does too: what the skill does, and words of another script than the rest.
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
    return {**_beyond_words(clauses), **found} if lexical else found


def _beyond_words(clauses: Clauses) -> dict[int, Pin]:
    """What a router of words can't judge: what the skill does, and another script."""
    main = _main_script(clauses.text)
    scripts = {c.index: Pin.SCRIPT for c in clauses.all if _scripts(clauses.text_of(c)) - {main, _LATIN}}
    return dict.fromkeys(_capability(clauses), Pin.CAPABILITY) | scripts


def excludes(text: str) -> bool:
    """Whether a text says what a skill is not for, limits when it is used, or sends the reader elsewhere."""
    return routes_away(text) or narrows(text)


def routes_away(text: str) -> bool:
    """Whether a text says what a skill is not for, or which other one is."""
    bare = unquoted(text)
    return any(away.search(bare) for away in sends_away())


@lru_cache(maxsize=4)
def _names(siblings: frozenset[str]) -> re.Pattern[str] | None:
    """The names of other skills that no prose holds by chance: those of two words and more, joined."""
    known = sorted(re.escape(name) for name in siblings if "-" in name and len(name) >= _FEWEST_CHARACTERS)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])") if known else None


def _capability(clauses: Clauses) -> list[int]:
    """What the skill does: the first clause that is no "Use when", and the next one behind a mere title.

    Of what says how or with what, what names something.
    """
    says = [
        clause
        for clause in clauses.all
        if clauses.sentences[clause.sentence].head and not expression("opens_when").match(clauses.text_of(clause))
        if not clause.aside
    ] or clauses.all[:1]
    short = says and len(clauses.text_of(says[0]).split()) < _FEWEST_WORDS and clauses.text_of(says[0]).isascii()
    said = says[: 2 if short else 1]
    inside = (one for one in clauses.all for whole in said if whole.start <= one.start and one.end <= whole.end)
    return [one.index for one in inside if not one.aside or _is_telling(clauses.text_of(one))]


def _is_telling(aside: str) -> bool:
    return _TELLS.search(aside) is not None or expression("purposes").match(aside.lstrip(" ,")) is not None


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
