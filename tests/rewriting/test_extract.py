"""Extracts: what is left of a block that has to stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import parameters
from tests.strategies import sound_skills, texts

from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.analysis.reading import Reading
from skill_distiller.rewriting.extract import extract, propose_extracts
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter


@pytest.mark.parametrize(("text", "expected"), parameters("extract.md"))
def test_extracts(text: str, expected: str) -> None:
    """Whole sentences, items and rows, word for word."""
    reading = Reading(RulesAnalyzer().analyze(parse_skill(text)))
    (block,) = reading.skill.blocks
    assert extract(block, reading.verdicts[0], reading.facts[0]) == expected


def test_line_ends_stay() -> None:
    """A block with CRLF keeps it, the last line end too."""
    text = "- Tea.\r\n- NEVER push.\r\n- NEVER pull. It is late.\r\n- Tea.\r\n"
    reading = Reading(RulesAnalyzer().analyze(parse_skill(text)))
    (block,) = reading.skill.blocks
    found = extract(block, reading.verdicts[0], reading.facts[0])
    assert found == "- NEVER push.\r\n- NEVER pull. It is late.\r\n"


@given(texts | sound_skills)
def test_what_makes_a_block_stay_is_in_its_extract(text: str) -> None:
    """Every protected pattern and a hard rule are left, of pieces of the block alone."""
    reading = Reading(RulesAnalyzer().analyze(parse_skill(text)))
    offers = propose_extracts(reading, load_counter())
    for index, (rendering,) in offers.renderings.items():
        verdict, block = reading.verdicts[index], reading.skill.blocks[index]
        found = find_patterns(rendering.text)
        assert rendering.kind is RenderingKind.EXTRACTED
        assert verdict.protected <= found.protected
        assert found.hard_rule or not verdict.hard_rule
        rest = iter("".join(block.text.split()))
        assert all(character in rest for character in "".join(rendering.text.split()))
