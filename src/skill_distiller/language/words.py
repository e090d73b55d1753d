"""Words of texts: the tables of `data/*.toml`, which words say something, what class they and their characters are."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

# Characters of Chinese, Japanese and Korean, as a class of an expression holds them.
CJK: Final = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# Abbreviations whose full stop ends no sentence; without it, as alternatives of an expression.
ABBREVIATIONS: Final = r"e\.g|i\.e|etc|vs|cf|approx"
# Three letters and more, any number, and the short words of scripts that are not Latin.
_WORD: Final = re.compile(r"\w{3,}|\d{1,2}|[^\W\x00-\x7f]\w?")
_ASCII_WORD: Final = re.compile(r"[a-z_0-9]{3,}|[0-9]{1,2}")  # the same on ASCII, faster


@lru_cache(maxsize=8192)
def content_words(text: str) -> frozenset[str]:
    """The distinct words of a text, lower-cased, without the one- and two-letter ones of Latin scripts."""
    return frozenset((_ASCII_WORD if text.isascii() else _WORD).findall(text.lower()))


def unique_words(texts: Sequence[frozenset[str]]) -> frozenset[str]:
    """The words that stand in one of several texts only."""
    spread = Counter[str]()
    for words in texts:
        spread.update(words)
    return frozenset(word for word, count in spread.items() if count == 1)


# By class, as `data/classes.toml` has them.
LEXICON: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in tomllib.loads((files(__package__) / "data" / "classes.toml").read_text(encoding="utf-8")).items()
}
CLASSES: Final = tuple(LEXICON)


COUNTED: Final = "`[](*|→>?!\"✅❌#=—:;{<-/.$@_\n,'“、。：+"  # characters that a block's look is read from
_PLANE: Final = 0x10000  # what lies beyond is taken for a character of private use
_ASCII: Final = 0x80
_SCRIPTS: Final = 0x3000  # below: asked character by character; above: by range
_CJK: Final = ((0x3040, 0x3100), (0x3400, 0xA000), (0xAC00, 0xD7B0))
_CASED: Final = 0x600  # Latin, Greek, Cyrillic, Armenian


class Form(IntEnum):
    """What a token is made of. CJK characters and ENDs are tokens by themselves; spaces are none."""

    SPACE = 0
    WORD = 1
    FOREIGN = 2  # letters beyond ASCII
    NUMBER = 3
    CJK = 4
    MARK = 5
    LINE = 6  # begins a new token
    END = 7


class CharacterTables(NamedTuple):
    """`forms`, lower-case codes and `counted` classes by code; class 0 is any other character."""

    forms: npt.NDArray[np.uint8]
    lower: npt.NDArray[np.uint64]
    counted: npt.NDArray[np.intp]
    upper: npt.NDArray[np.bool_]


@lru_cache(maxsize=1)
def character_tables() -> CharacterTables:
    """The tables for the codes of the first plane."""
    forms = np.full(_PLANE, Form.MARK, dtype=np.uint8)
    asked = list(map(chr, range(_SCRIPTS)))
    letters, alphanumeric = (
        np.fromiter(map(kind, asked), dtype=bool, count=_SCRIPTS) for kind in (str.isalpha, str.isalnum)
    )
    forms[:_SCRIPTS][alphanumeric] = Form.NUMBER
    forms[:_SCRIPTS][letters] = Form.FOREIGN
    forms[:_ASCII][letters[:_ASCII]] = Form.WORD
    forms[list(map(ord, " \t\r"))] = Form.SPACE
    forms[ord("\n")] = Form.LINE
    for low, high in _CJK:
        forms[low:high] = Form.CJK
    lower = np.arange(_PLANE, dtype=np.uint64)
    upper = np.zeros(_PLANE, dtype=bool)
    for code in range(_CASED):
        small = chr(code).lower()
        if small != chr(code) and len(small) == 1:
            lower[code] = ord(small)
            upper[code] = True
    counted = np.zeros(_PLANE, dtype=np.intp)
    for number, character in enumerate(COUNTED, 1):
        counted[ord(character)] = number
    return CharacterTables(forms, lower, counted, upper)


LANGUAGES: Final = tuple("en de es fr pt it ru tr zh ja ko".split())
UNSPACED: Final = frozenset({"zh", "ja", "ko"})  # their words stand without spaces, and have no endings


def tables(language: str) -> Mapping[str, Any]:
    """The tables of a language as they are written."""
    return _data()[language]


@lru_cache(maxsize=1)
def _data() -> Mapping[str, Mapping[str, Any]]:
    """The tables of each language."""
    folder = files(__package__) / "data"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in LANGUAGES}


def texts(table: str) -> Iterator[str]:
    """A table of each language that has it, as it is written."""
    return (data[table] for data in _data().values() if table in data)


def parts(text: str, mark: str = ",") -> Iterator[list[str]]:
    """The words of each part of a text between two marks."""
    return filter(None, map(str.split, text.split(mark)))


def small(text: str) -> str:
    """A text in small letters, each in its place.

    An expression in small letters finds there what one for any case finds in the text, in a third of the time.
    """
    return text.lower() if text.isascii() else text.replace("İ", "i").lower()  # the one that would become two


@cache
def words_in(table: str) -> frozenset[str]:
    """The words of a list, of all languages."""
    return frozenset(" ".join(texts(table)).split())
