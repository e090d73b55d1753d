"""Pieces of a skill as text for one line of a list: what they hold stays data, whatever it is."""

from __future__ import annotations

import re
from typing import Final

_CONTROLS: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CODE: Final = re.compile(r"(?<!`)(`++)(?!`)(?:[^`]++|(?!\1(?!`))`++)++\1(?!`)")
_STRONG: Final = re.compile(r"\*\*([^*\n]+)\*\*|(?<!\w)__([^_\n]+)__(?!\w)|(?<![*\w])\*([^*\s][^*\n]*)\*(?!\w)")
_LINK: Final = re.compile(r"!?\[[^\[\]\n]*\]\([^()\s]*\)")
# What could open a construct at the beginning of a list item, or anywhere in it.
_OPENS: Final = re.compile(r"[#>+*~|=\[:-]|\d{1,9}[.)](?:\s|\Z)|(?:[-*_]\s*){3,}\Z")
_UNSAFE: Final = re.compile(r"[`*\[\]\\|~]|<(?=[A-Za-z/!?])|(?<!\w)_|_(?!\w)|&\w+;|&#|\$\$|\bhttps?:[^\s]*[()]")


def one_line(text: str) -> str:
    """The text with every run of white space as one blank and without control characters."""
    return " ".join(_CONTROLS.sub("", text).split())


def code_span(text: str) -> str:
    """The text as inline code, between as many back-ticks as it takes; "" for nothing.

    >>> code_span("a `b` c")
    '``a `b` c``'
    """
    line = one_line(text)
    if not line:
        return ""
    runs = {len(run) for run in re.findall(r"`+", line)}
    ticks = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def inline(text: str) -> str:
    """A piece of prose as text inside a list item; as inline code where its marks are not sound.

    Emphasis goes, code and links stay.

    >>> inline("Use **all** of `--x` now")
    'Use all of `--x` now'
    >>> inline("# not a heading")
    '`# not a heading`'
    """
    line = one_line(text)
    bare = without_emphasis(line)
    return bare if is_sound(bare) else code_span(line)


def is_sound(line: str) -> bool:
    """Whether a line has no mark that opens anything it does not close, and starts nothing inside a list item."""
    if not line or _OPENS.match(line):
        return False
    return not _UNSAFE.search(_LINK.sub("x", _CODE.sub("x", line)))


def without_emphasis(line: str) -> str:
    """The text without marks of emphasis that are sound, inline code as it is."""
    pieces: list[str] = []
    at = 0
    for match in _CODE.finditer(line):
        pieces += (_plain(line[at : match.start()]), match.group())
        at = match.end()
    pieces.append(_plain(line[at:]))
    return "".join(pieces)


def _plain(text: str) -> str:
    return _STRONG.sub(lambda match: next(group for group in match.groups() if group is not None), text)
