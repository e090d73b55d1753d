"""Which texts forbid something or ask for approval, in many languages."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters

from skill_distiller.language.modals import restricts

PROHIBITIONS: Final[dict[str, Any]] = tomllib.loads(
    (files("skill_distiller.language") / "data" / "prohibitions.toml").read_text("utf-8")
)


@pytest.mark.parametrize(("text", "expected"), parameters("restrictions.md"))
def test_texts_restrict_or_not(text: str, expected: str) -> None:
    lines = text.splitlines()
    assert len(lines) >= 60
    assert [line for line in lines if restricts(line) is not (expected.strip() == "restricts")] == []


@pytest.mark.parametrize(
    ("heading", "expected"),
    [("Escalation Triggers", True), ("Red flags", True), ("Stop conditions", True), ("Eskalation an das Team", True),
     ("When not to use", True), ("Steps", False), ("Triggers", False), ("Flags", False)],
)  # fmt: skip
def test_a_heading_over_exclusions_or_stops_restricts(heading: str, expected: bool) -> None:
    assert restricts(heading, heading=True) is expected


def test_one_clause_of_a_long_text_is_enough() -> None:
    calm = "The log is kept for 30 days. " * 20
    assert not restricts(calm)
    assert restricts(f"{calm}\n> - **Never** delete it.\n{calm}")


@pytest.mark.parametrize("language", ["en"])
@given(data=st.data())
def test_no_text_restricts_without_a_hint(language: str, data: st.DataObject) -> None:
    """The quick look for words never overlooks what the expressions find."""
    line = data.draw(st.sampled_from([line for line in PROHIBITIONS[language].splitlines() if line]))
    text = data.draw(st.from_regex(re.compile(line, re.ASCII), fullmatch=True))
    assert set(re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text)) & set(PROHIBITIONS["hints"][language].split())


def test_expressions_that_open_alike_are_one() -> None:
    """Those of a line that begins with "\\b" or "^" have no alternative outside of it."""
    known = [*PROHIBITIONS["headings"].values(), *(text for text in PROHIBITIONS.values() if isinstance(text, str))]
    for line in "\n".join(known).split("\n"):
        flat, inner = "", re.sub(r"\\.|\[[^]]*\]", "", line)
        while flat != inner:
            flat, inner = inner, re.sub(r"\([^()]*\)", "", inner)
        assert "|" not in flat or not line.startswith((r"\b", "^")), line
