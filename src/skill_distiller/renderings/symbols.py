"""Replace phrases by symbols, only where the symbol costs fewer tokens in the encoding in force.

    >>> from skill_distiller.tokens import load_counter
    >>> from skill_distiller.renderings.edits import apply_edits
    >>> text = "Wait at least 3 seconds, at most 2 times."
    >>> apply_edits(text, symbol_edits(text, (), load_counter()))
    'Wait ≥ 3 seconds, ≤ 2 times.'

Most of the symbols that the MetaGlyph table proposes cost as much as the words or more
(`not` → `¬`); those are never applied, because each is measured first. `∀` is left out although it
saves a token, and so are `→`, `∈` and `≤` for "up to": "wait for every …", "rich results in …", "the decision
belongs to the user" and "add up to 100" show that words alone can't tell where they may stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.words import content_words
from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span, overlaps
from skill_distiller.tokens import TokenCounter

_NUMBER: Final = r"(?=\s[$€£¥~]?\d[\d,.]*(?![\d–-]))"
# (phrase, what must follow, symbol); longer phrases first, so that the longest wins.
_PHRASES: Final = (
    ("greater than or equal to", "", "≥"),
    ("more than or equal to", "", "≥"),
    ("less than or equal to", "", "≤"),
    ("fewer than or equal to", "", "≤"),
    ("there exists", "", "∃"),
    ("is equal to", "", "="),
    ("a minimum of", _NUMBER, "≥"),
    ("a maximum of", _NUMBER, "≤"),
    ("no fewer than", _NUMBER, "≥"),
    ("no less than", _NUMBER, "≥"),
    ("no more than", _NUMBER, "≤"),
    ("at least", _NUMBER, "≥"),
    ("at most", _NUMBER, "≤"),
    ("more than", _NUMBER, ">"),
    ("greater than", _NUMBER, ">"),
    ("less than", _NUMBER, "<"),
    ("fewer than", _NUMBER, "<"),
    ("therefore", "", "⇒"),
    ("implies", "", "⇒"),
)
_SYMBOL_OF: Final = {phrase: symbol for phrase, _, symbol in _PHRASES}
_MARKER: Final = 80  # characters before a phrase that may be a list marker
# One word of each phrase, for a quick look before the expression is tried.
_HINTS: Final = frozenset("than exists equal minimum maximum least most therefore implies".split())


def may_have_phrases(text: str) -> bool:
    """A quick look: False means that there is nothing to substitute."""
    return not _HINTS.isdisjoint(content_words(text))


@lru_cache(maxsize=4)
def _pattern(counter: TokenCounter) -> re.Pattern[str] | None:
    """The phrases whose symbol measures smaller in mid-sentence."""
    worth = [
        rf"{phrase.replace(' ', chr(92) + 's')}\b{following}"
        for phrase, following, symbol in _PHRASES
        if counter.count(f"a {symbol} 3") < counter.count(f"a {phrase} 3")
    ]
    return re.compile(rf"(?<=[\s(])(?:{'|'.join(worth)})", re.IGNORECASE) if worth else None


def symbol_edits(text: str, locked: Sequence[Span], counter: TokenCounter) -> Iterator[Edit]:
    """Phrases outside the locked spans, each replaced by its cheaper symbol."""
    pattern = _pattern(counter)
    for match in pattern.finditer(text) if pattern else ():
        line = text[max(0, match.start() - _MARKER) : match.start()].rpartition("\n")[2]
        if overlaps(match.span(), locked) or not line.strip(" \t>*+-0123456789.)"):
            continue  # at the start of a line `>` would be a quote, `=` an underline
        yield Edit(*match.span(), _SYMBOL_OF[" ".join(match.group().lower().split())])
