"""What kind of character each is: tables that a whole text is looked up in at once."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

COUNTED: Final = "`[](*|→>?!\"✅❌#=—:;{<-/.$@_\n,'“、。：+"  # characters that a block's look is read from
_PLANE: Final = 0x10000  # what lies beyond is taken for a character of private use
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
    forms[:_SCRIPTS] = [_form(chr(code)) for code in range(_SCRIPTS)]
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


def _form(character: str) -> Form:
    if character.isalpha():
        return Form.WORD if character.isascii() else Form.FOREIGN
    if character.isalnum():
        return Form.NUMBER
    if character == "\n":
        return Form.LINE
    return Form.SPACE if character in " \t\r" else Form.MARK
