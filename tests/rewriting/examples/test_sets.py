"""Which examples stand together, and which of them may be folded."""

from __future__ import annotations

import pytest
from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.fixture_file import parameters
from tests.strategies import soups

from skill_distiller.analysis.reading import Reading
from skill_distiller.rewriting.example_sets import ExampleSet, find_sets
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill


def described(skill: Skill, examples: ExampleSet) -> str:
    """A set as a line: its heading, the level of a heading at its end, each example's blocks, `!` where it stays."""
    shown = [" ".join(map(str, e.blocks)) + ("" if e.foldable else "!") for e in examples.examples]
    return f"{skill.sections[examples.section].heading} ({examples.level}): {' | '.join(shown)}\n"


@pytest.mark.parametrize(("text", "expected"), parameters("example_sets.md"))
def test_sets(text: str, expected: str) -> None:
    """A skill has exactly these sets."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    assert "".join(described(analysis.skill, examples) for examples in find_sets(Reading(analysis))) == expected


@given(soups)
def test_sets_of_any_markdown(text: str) -> None:
    """No block is in two examples, the blocks stand in order, and the headings are those above the blocks."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    skill = analysis.skill
    blocks = [block for examples in find_sets(Reading(analysis)) for block in examples.blocks]
    assert len(blocks) == len(set(blocks))
    for examples in find_sets(Reading(analysis)):
        assert list(examples.blocks) == sorted(examples.blocks)
        for example in examples.examples:
            assert all(skill.section_of[block] in (*example.sections, examples.section) for block in example.blocks)
            assert examples.section not in example.sections
