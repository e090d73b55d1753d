"""What tells how much a part of a skill is worth."""

from __future__ import annotations

from math import fsum

from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import texts

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.worth import (
    FEATURES,
    Vocabulary,
    block_values,
    block_worths,
    load_worth_model,
    part_values,
    skill_parts,
    word_number,
    worth_features,
)
from skill_distiller.skill.parse import parse_skill

INFORMATION = "log information of these words"
OPENING = "its block is among the first tenth"
SKILL = """---
name: kiln
description: Use when pots are fired.
---
# Firing

Load the kiln before noon.

Ramp to cone six with a soak of twenty minutes.

Load the kiln before noon with cone six.
"""


def _column(name: str, text: str, vocabulary: Vocabulary | None = None) -> list[float]:
    reading = Reading(RulesAnalyzer().analyze(parse_skill(text)))
    return [row[FEATURES.index(name)] for row in worth_features(reading, vocabulary or Vocabulary(10))]


def test_words_that_stand_in_one_part_say_the_more_the_fewer_skills_use_them() -> None:
    """`ramp`, `soak`, `twenty` and `minutes` stand in the second part alone."""
    rare = _column(INFORMATION, SKILL)
    known = _column(INFORMATION, SKILL, Vocabulary(10, {word_number("twenty"): 9, word_number("minutes"): 9}))
    assert rare[0] == rare[2] == known[0] == 0
    assert rare[1] > known[1] > 0


def test_a_word_of_the_description_or_a_heading_says_nothing_new() -> None:
    """The skill says it anyway."""
    assert _column(INFORMATION, "---\nname: a\ndescription: Glaze pots.\n---\n# Raku\n\nGlaze raku pots.\n") == [0]


def test_the_first_tenth_opens_a_skill() -> None:
    """Two blocks of twenty; of a few blocks the first one."""
    text = "".join(f"Block {number}.\n\n" for number in range(20))
    assert _column(OPENING, text) == [1.0, 1.0] + 18 * [0.0]
    assert _column(OPENING, SKILL) == [1.0, 0.0, 0.0]


def test_reasons_and_field_notes_are_seen() -> None:
    """In the part that has them, in any language that names them."""
    text = "Wedge the clay because air cracks it. Glaze it.\n\nWir haben Raku versucht. Glasieren.\n"
    assert _column("gives a reason", text) == [1.0, 0.0, 0.0, 0.0]
    assert _column("tells of a failure", text) == [0.0, 0.0, 1.0, 0.0]


def test_a_word_has_one_number_everywhere() -> None:
    """The weights know words by it: it may not change from run to run, and it fits 32 bits."""
    assert word_number("kiln") == 3911661381
    assert all(0 <= word_number(word) < 1 << 32 for word in ("", "日本語", "x" * 1000))


@given(texts)
def test_worths_make_one(text: str) -> None:
    """One finite row a part, whatever the text; the worths are shares of the whole."""
    reading = Reading(RulesAnalyzer().analyze(parse_skill(text)))
    model = load_worth_model()
    assert len(worth_features(reading, model.vocabulary)) == sum(map(len, skill_parts(reading)))
    assert len(part_values(reading, model)) == len(block_values(reading, model)) == len(reading.skill.blocks)
    for worths in (block_worths(reading, model), block_values(reading, model)):
        assert all(worth >= 0 for worth in worths)
        assert not worths or abs(fsum(worths) - 1) < 1e-9
