"""Take out formatting that costs tokens and says nothing: padding of tables, emphasis around plain words.

>>> tighten_table("| a   | b    |\\n|-----|------|\\n| 1   | 2    |\\n", ())
'| a | b |\\n|-|-|\\n| 1 | 2 |\\n'
>>> from skill_distiller.renderings.edits import apply_edits
>>> text = "**Name**: the full name; **never** a nickname"
>>> apply_edits(text, emphasis_edits(text, ()))
'Name: the full name; **never** a nickname'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.analysis.modality import MODAL_WORDS
from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span, overlaps

_DELIMITER_ROW: Final = re.compile(
    r"^([ \t]*+)(\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*\|?)[ \t]*+$", re.MULTILINE
)
_DASHES: Final = re.compile(r"-+")
_PADDING: Final = re.compile(r"(?<=\|)[ \t]{2,}(?=\S)|(?<=\S)[ \t]{2,}(?=\|)")
# Only asterisks: what stands between double underscores is as often a name (`__init__`).
_STRONG: Final = re.compile(r"(?<![\w*\\/])\*\*(?=[^\s*])([^*\n]*?[^\s*\\])\*\*(?![\w*/])")
# What would be a list, heading, quote, rule, task box or tag once it opened a line.
_MARKUP: Final = re.compile(r"\d+[.)]|[-+>#=<|\[~`:]")
_MARKER: Final = 80  # characters before a word that may be its list marker
_WORD: Final = re.compile(r"[\w'’]+")


def tighten_table(text: str, locked: Sequence[Span]) -> str:
    """The table without the padding around its cells and with the shortest delimiter row; cells stay as they are."""

    def pad(match: re.Match[str]) -> str:
        return match.group() if overlaps(match.span(), locked) else " "

    def delimiter(match: re.Match[str]) -> str:
        if overlaps(match.span(), locked):
            return match.group()
        return match.group(1) + re.sub(r"[ \t]+", "", _DASHES.sub("-", match.group(2)))

    return _DELIMITER_ROW.sub(delimiter, _PADDING.sub(pad, text), count=1)


def may_have_emphasis(text: str) -> bool:
    """A quick look: without this mark there is no strong emphasis."""
    return "**" in text


def emphasis_edits(text: str, locked: Sequence[Span]) -> Iterator[Edit]:
    """The marks of strong emphasis, deleted.

    It stays where it stresses a negation, an obligation or capitals, and on a sentence that opens a line.
    """
    for match in _STRONG.finditer(text):
        start, end = match.span()
        inner = match.group(1)
        opens = _opens_line(text, start)
        if _stresses(inner) or (opens and (inner[-1] in ".!?" or _MARKUP.match(inner))) or "/" in (inner[0], inner[-1]):
            continue
        if text[start - 1 : start] in ("(", ",") or text[end : end + 1] == "/":  # a call, a glob
            continue
        if not overlaps((start, start + 2), locked) and not overlaps((end - 2, end), locked):
            yield from (Edit(start, start + 2), Edit(end - 2, end))


def _opens_line(text: str, start: int) -> bool:
    """Whether a place is the first of its paragraph or item: emphasis there may be a heading in all but name."""
    before = text[max(0, start - _MARKER) : start]
    return (start <= _MARKER or "\n" in before) and not before[before.rfind("\n") + 1 :].strip(" \t>*+-0123456789.)")


def _stresses(inner: str) -> bool:
    words = _WORD.findall(inner)
    return any(word.lower() in MODAL_WORDS or (len(word) > 2 and word.isupper() and word.isalpha()) for word in words)
