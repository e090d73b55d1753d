"""Clauses that stay whatever a router says of them, each with its reason."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from skill_distiller.rewriting.one_liner.line_text import has
from skill_distiller.routing.clauses import Clauses, expression

_LATIN: Final = "LATIN"
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
    return {**_beyond_words(clauses), **found} if lexical else found


def _beyond_words(clauses: Clauses) -> dict[int, Pin]:
    """What a router of words can't judge: what the skill does, words of another script, abbreviations said once."""
    main = _main_script(clauses.text)
    names = {clause.index: set(_NAME.findall(clauses.text_of(clause))) for clause in clauses.all}
    spread = Counter(name for own in names.values() for name in own)
    found = {index: Pin.NAME for index, own in names.items() if any(spread[name] == 1 for name in own)}
    found |= dict.fromkeys(_capability(clauses), Pin.CAPABILITY)
    scripts = (c.index for c in clauses.all if _scripts(clauses.text_of(c)) - {main, _LATIN})
    return found | dict.fromkeys(scripts, Pin.SCRIPT)


def excludes(text: str) -> bool:
    """Whether a text says what a skill is not for, limits when it is used, or sends the reader elsewhere."""
    return sends_away(text) or bool(expression("limits").search(text))


def sends_away(text: str) -> bool:
    """Whether a text says what a skill is not for, or which other one is."""
    return any(has(name, text) for name in ("excludes", "redirects", "redirects_whole"))


@lru_cache(maxsize=4)
def _names(siblings: frozenset[str]) -> re.Pattern[str] | None:
    """The names of other skills that no prose holds by chance: those of two words and more, joined."""
    known = sorted(re.escape(name) for name in siblings if "-" in name and len(name) >= _FEWEST_CHARACTERS)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])") if known else None


def _capability(clauses: Clauses) -> list[int]:
    """What says what the skill does: the first clause that is no "Use when", and the next one behind a mere title."""
    says = [
        clause
        for clause in clauses.all
        if clauses.sentences[clause.sentence].head and not expression("opens_when").match(clauses.text_of(clause))
    ] or clauses.all[:1]
    short = says and len(clauses.text_of(says[0]).split()) < _FEWEST_WORDS and clauses.text_of(says[0]).isascii()
    return [clause.index for clause in says[: 2 if short else 1]]


def _main_script(text: str) -> str:
    counted = Counter(script for character in text if (script := _script(character)))
    return counted.most_common(1)[0][0] if counted else _LATIN


def _scripts(text: str) -> set[str]:
    return {script for character in text if (script := _script(character))}


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    """LATIN, CJK, HIRAGANA, CYRILLIC, …; "" for what is no letter."""
    return unicodedata.name(character, "").split(" ", 1)[0] if character.isalpha() else ""
