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

from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span, overlaps

_SHORTEST: Final = 60  # characters of a line that was wrapped; shorter ones end where their author meant it
# In mid-sentence: no full stop or colon before the line end, nor two spaces or a backslash, which break the line on
# purpose; after it a small letter, not a list marker or other mark of a block. No tables: they have bars.
_WRAP: Final = re.compile(r"(?<=[\w,;)`*\"'”’—–-]) ?(?:\r\n|\n|\r)[ \t]*+(?=(?:[a-z(]|`(?!``))[^|\r\n]*+(?:[\r\n]|\Z))")
_BLOCK_MARKS: Final = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*[#>|<]")


def wrap_edits(text: str, locked: Sequence[Span]) -> Iterator[Edit]:
    """Line ends inside sentences outside the locked spans, each replaced by a space.

    A line that ends a sentence, opens with the mark of a block, or holds a bar stays alone.
    """
    for match in _WRAP.finditer(text):
        start, end = match.span()
        line = text[max(text.rfind("\n", 0, start), text.rfind("\r", 0, start)) + 1 : start]
        wrapped = len(line) >= _SHORTEST and "|" not in line and not _BLOCK_MARKS.match(line)
        if wrapped and not overlaps((start, end), locked):
            yield Edit(start, end, " ")
