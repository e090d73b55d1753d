"""The words of a text that say something, and which of them stand in one place only."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

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
