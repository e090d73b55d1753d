"""Words of a text: which say something, what class they are, what kind of character they are made of."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

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


# Lower case. A word may stand in several classes; Chinese, Japanese and Korean by single characters.
LEXICON: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words.split())
    for name, words in {
        "strong": "must never always require required requires mandatory not cannot forbidden critical important ensure"
        " shall stop muss nie immer nicht debe nunca siempre deve sempre asla zorunlu не нельзя никогда всегда"
        " обязательно 必 禁 勿",
        "limit": "only least most minimum maximum max min limit exactly until before without avoid more nur solo apenas"
        " sadece только 只 仅 だ 만",
        "soft": "should could may might can consider prefer recommended optional optionally typically usually"
        " often best tip tips можно 建 推",
        "condition": "if when unless otherwise else fail fails failed error errors missing fallback instead except case"
        " wenn si se eğer если 如 若 场 場",
        "example": "example examples instance such sample eg beispiel ejemplo exemplo örnek например 例 예",
        "see": "see refer reference references doc docs documentation related read load md см 参",
        "why": "because why means allows helps help reason provides enables powerful comprehensive overview designed"
        " supports потому 因",
        "trigger": "trigger triggers asks says wants mentions activate skill user users invoked 触",
        "contrast": "bad wrong good correct incorrect anti pattern mistake mistakes",
        "verb": "run use create check add read write set verify ask find identify review call get apply generate return"
        " start open include keep make do follow define build test update install select choose report list present"
        " analyze search extract save provide show determine validate confirm invoke configure execute collect remove"
        " replace place look",
        "file": "md py json yaml yml sh js ts txt toml http https",
        "stop": "a an the of to in on at by for with and or is are be as that this it its from into than then so such"
        " via your you we they their will can not no if when use",
    }.items()
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
