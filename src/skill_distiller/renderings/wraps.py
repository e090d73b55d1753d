"""Put the lines of a wrapped sentence together: to Markdown a line end inside a paragraph is a space.

>>> from skill_distiller.renderings.edits import apply_edits
>>> text = "- Take the backup of last night from the archive and restore it\\n  before the service starts.\\n"
>>> apply_edits(text, wrap_edits(text, ()))
'- Take the backup of last night from the archive and restore it before the service starts.\\n'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.document.list_marker import LIST_MARKER
from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span, overlaps

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
            yield Edit(start, end, " ")


def _is_apart(line: str, text: str, after: int) -> bool:
    """Whether the line that begins at `after` is no end of this one: an item "b)", a key, one more such command."""
    own, other = _FIRST_WORD.match(line), _FIRST_WORD.match(text, after)
    alike = bool(own and other and own[1] == other[1])
    return alike or bool(_OWN_LINE.match(text, after) or _DIVIDED.search(line.rstrip(" ")[-2:]))
