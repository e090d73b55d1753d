"""Markup that costs tokens and says nothing: padding of tables, emphasis around plain words, wrapped lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.language.modals import MODAL_WORDS
from skill_distiller.language.spans import Span, overlaps
from skill_distiller.rewriting.edits import TIGHTENING, Edit
from skill_distiller.skill.parse import LIST_MARKER

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
            yield Edit(start, start + 2, "", TIGHTENING)
            yield Edit(end - 2, end, "", TIGHTENING)


def _opens_line(text: str, start: int) -> bool:
    """Whether a place is the first of its paragraph or item: emphasis there may be a heading in all but name."""
    before = text[max(0, start - _MARKER) : start]
    return (start <= _MARKER or "\n" in before) and not before[before.rfind("\n") + 1 :].strip(" \t>*+-0123456789.)")


def _stresses(inner: str) -> bool:
    words = _WORD.findall(inner)
    return any(word.lower() in MODAL_WORDS or (len(word) > 2 and word.isupper() and word.isalpha()) for word in words)


_SHORTEST: Final = 60  # characters of a line that was wrapped; shorter ones end where their author meant it
# A line end with a small letter or inline code after it: neither a list marker nor any other mark of a block. No
# tables: they have bars.
_LINE_END: Final = re.compile(r"(?:\r\n?|\n)[ \t]*+(?=(?:[a-z(]|`(?!``))[^|\r\n]*+(?:[\r\n]|\Z))")
# What a line ends with in mid-sentence: no full stop or colon, nor the backslash that breaks a line on purpose.
_GOES_ON: Final = re.compile(r"[\w,;)`*\"'”’—–-]")
# What stands in lines of its own though Markdown does not know it: "a) …", "key: …", a word divided at its hyphen.
_OWN_LINE: Final = re.compile(r"[a-z]{1,4}[.)][ \t]|[\w.-]{1,40}:(?:[ \t]|$)", re.MULTILINE)
_DIVIDED: Final = re.compile(r"\w-\Z")
_FIRST_WORD: Final = re.compile(r"[ \t]*([\w.-]+)")
_BLOCK_MARKS: Final = re.compile(rf"[ \t]*(?:{LIST_MARKER}[ \t]+)*[#>|<]")


def wrap_edits(text: str, locked: Sequence[Span]) -> Iterator[Edit]:
    """Line ends inside sentences outside the locked spans, each replaced by a space.

    A line that ends a sentence or in two spaces, opens with the mark of a block, or holds a bar stays alone.
    """
    for match in _LINE_END.finditer(text):
        start, end = match.span()
        line = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : start]
        start -= line.endswith(" ")
        wrapped = len(line) >= _SHORTEST and "|" not in line and _GOES_ON.match(text, start - 1) is not None
        if (
            wrapped
            and not _is_apart(line, text, end)
            and not _BLOCK_MARKS.match(line)
            and not overlaps((start, end), locked)
        ):
            yield Edit(start, end, " ", TIGHTENING)


def _is_apart(line: str, text: str, after: int) -> bool:
    """Whether the line that begins at `after` is no end of this one: an item "b)", a key, one more such command."""
    own, other = _FIRST_WORD.match(line), _FIRST_WORD.match(text, after)
    alike = bool(own and other and own[1] == other[1])
    return alike or bool(_OWN_LINE.match(text, after) or _DIVIDED.search(line.rstrip(" ")[-2:]))
