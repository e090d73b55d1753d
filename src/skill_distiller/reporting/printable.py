"""Text of a skill, safe to show on a terminal: it is hostile until proven otherwise."""

from __future__ import annotations

import re
from typing import Final

# Control characters (escape sequences start with one), line and paragraph separators, bidirectional
# overrides, and what a file name holds that is not UTF-8.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_EXCERPT: Final = 60  # characters
NO_HEADING: Final = "(before the first heading)"


def printable(text: str) -> str:
    """The text with every character that could steer a terminal shown as its code, `\\x1b`."""
    return _UNSAFE.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    number = ord(match.group())
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def printable_lines(text: str) -> str:
    """As `printable`, but Windows line ends pass."""
    return printable(text.replace("\r\n", "\n"))


def excerpt(text: str, length: int = _EXCERPT) -> str:
    """The beginning of a text on one line, safe to show."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def heading_line(level: int, heading: str) -> str:
    """A heading with its marks as in the source, safe to show; words for the text that stands under none."""
    return f"{'#' * level} {printable(heading)}".strip() or NO_HEADING
