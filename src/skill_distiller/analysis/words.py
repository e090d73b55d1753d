"""The words of a text that say something."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\w+")


@lru_cache(maxsize=1024)
def content_words(text: str) -> frozenset[str]:
    """The distinct words of a text, lower-cased, without the one- and two-letter ones of Latin scripts."""
    return frozenset(
        word for word in _WORD.findall(text.lower()) if len(word) > 2 or not word.isascii() or word.isdigit()
    )
