"""Units of prose: what can go whole, and what is essential before anything is scored."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from tests.fixture_file import parameters
from tests.strategies import texts

from skill_distiller.language.facts import find_facts
from skill_distiller.language.spans import locked_spans, overlaps
from skill_distiller.rewriting.information import units
from skill_distiller.rewriting.information.candidates import find_candidates
from skill_distiller.skill.parse import parse_skill


@pytest.mark.parametrize(("text", "expected"), parameters("units.md"))
def test_units(text: str, expected: str) -> None:
    """As the fixture file has it."""
    skill = parse_skill(text)
    found = []
    for block in skill.blocks:
        locked = {block.index: locked_spans(block.text, find_facts(block.text))}
        for _, (start, end, _) in find_candidates(skill, [block.index], locked):
            found.append(block.text[start:end])
    assert "".join(f"{unit}\n" for unit in found) == expected


@given(texts)
def test_no_unit_cuts_a_locked_span(text: str) -> None:
    """Whatever the text: units lie in it, and what is no essential unit touches nothing locked."""
    skill = parse_skill(text)
    for block in skill.blocks:
        locked = locked_spans(block.text, find_facts(block.text))
        for _, (start, end, _) in find_candidates(skill, [block.index], {block.index: locked}):
            assert 0 <= start < end <= len(block.text)
            assert not overlaps((start, end), locked)


def test_the_example_of_the_module() -> None:
    """The docstring is true."""
    assert doctest.testmod(units).failed == 0


def test_a_very_long_line_takes_no_time_to_speak_of() -> None:
    """No expression looks at a text over and over: a hundred thousand brackets come out."""
    assert list(units.split_units("The (" * 100_000)) == []
