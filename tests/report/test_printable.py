"""Text of a skill made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill_distiller.report.text import excerpt, printable, printable_lines

_STEERING = "\x1b\x07\x08\r\x0b\x0c\x00\x7f\x85\x90\x9b\x9c\x9d\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"


@pytest.mark.parametrize("character", _STEERING, ids=ascii)
def test_what_could_steer_a_terminal_is_shown_as_its_code(character: str) -> None:
    """Controls, line separators and bidirectional marks become `\\x1b` or `\\u202e`."""
    code = f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    assert printable(f"a{character}b") == f"a{code}b"


@pytest.mark.parametrize(
    "text", ["plain", "tab\tand\nline", "Ünï → ∀ 中文 العربية עברית", "👩‍💻 emoji", "\\x1b", "[red]x[/red]"]
)
def test_what_is_harmless_stays(text: str) -> None:
    """Letters of every script, emoji, tabs, line feeds and markup are left alone."""
    assert printable(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_no_control_character_is_ever_left(text: str) -> None:
    """Of the Unicode category Cc only tab and line feed come through."""
    assert {c for c in printable(text) if unicodedata.category(c) == "Cc"} <= {"\t", "\n"}
    assert printable(printable(text)) == printable(text)


def test_windows_line_ends_pass() -> None:
    """A CRLF is a line end; a carriage return alone is not."""
    assert printable_lines("a\r\nb\rc\n") == "a\nb\\x0dc\n"


def test_an_excerpt_is_one_short_line() -> None:
    """White space is collapsed, the length is kept to, and a cut is marked."""
    assert excerpt("a\n  b\t c") == "a b c"
    assert excerpt("x" * 60) == "x" * 60
    assert excerpt("x" * 61) == "x" * 59 + "…"
    assert excerpt("one two three", 9) == "one two…"
    assert excerpt("a\x1b[31mb") == "a\\x1b[31mb"
