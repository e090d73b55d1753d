"""Text for people: made safe for a terminal, numbers with their nouns, changes as a unified diff."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from skill_distiller.skill.model import SKILL_FILE

if TYPE_CHECKING:
    from skill_distiller.skill.model import Skill


def plural(count: int, noun: str, many: str = "") -> str:
    """The number and the noun in its number: `1 block`, `2 blocks`; `many` is a plural that takes more than an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {many or f'{noun}s'}"


# Control characters (escape sequences start with one), line and paragraph separators, bidirectional
# overrides, and what a file name holds that is not UTF-8.
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
EXCERPT: Final = 60  # characters
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


def excerpt(text: str, length: int = EXCERPT) -> str:
    """The beginning of a text on one line, safe to show."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def heading_line(level: int, heading: str) -> str:
    """A heading with its marks as in the source, safe to show; words for the text that stands under none."""
    return f"{'#' * level} {printable(heading)}".strip() or NO_HEADING


_NO_NEWLINE: Final = "\\ No newline at end of file\n"


def unified_diff(original: Skill, text: str) -> str:
    """The unified diff from a skill to the text that it became, "" when nothing changed."""
    name = original.path.name if original.path else SKILL_FILE
    tab = "\t" if any(c.isspace() for c in name) else ""  # tells patch where a name with blanks ends
    return file_diff(f"{name}{tab}", original.text, text)


def file_diff(name: str, before: str, after: str) -> str:
    """The unified diff of a file, which is new where there was no text before; "" when nothing changed."""
    source = f"a/{name}" if before else "/dev/null"
    lines = difflib.unified_diff(_lines(before), _lines(after), source, f"b/{name}")
    return "".join(line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}" for line in lines)


def _lines(text: str) -> list[str]:
    """The lines with their ends, cut where `patch` cuts: at line feeds only."""
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
