"""What tells how much a block is worth."""

from __future__ import annotations

from hypothesis import given
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.strategies import texts

from skill_distiller.planning.worth import FEATURES, block_worths, load_worth_model, word_number, worth_features
from skill_distiller.skill.parse import parse_skill

RARE = FEATURES.index("log words that stand nowhere else and are rare in skills")
OPENING = FEATURES.index("is among the first tenth of the blocks")
SKILL = """---
name: kiln
description: Use when pots are fired.
---
# Firing

Load the kiln before noon.

Ramp to cone six with a soak of twenty minutes.

Load the kiln before noon with cone six.
"""


def _column(number: int, text: str, common: frozenset[int] = frozenset()) -> list[float]:
    return [row[number] for row in worth_features(RulesAnalyzer().analyze(parse_skill(text)), common)]


def test_only_words_that_stand_in_one_block_and_are_not_common_are_rare() -> None:
    """`ramp`, `soak`, `twenty` and `minutes` stand in the second block alone; without a table all of them are rare."""
    without_table = _column(RARE, SKILL)
    with_table = _column(RARE, SKILL, frozenset(map(word_number, ("twenty", "minutes"))))
    assert without_table[0] == without_table[2] == with_table[0] == 0
    assert without_table[1] > with_table[1] > 0


def test_a_word_of_the_description_or_a_heading_is_not_rare() -> None:
    """The skill says it anyway."""
    assert _column(RARE, "---\nname: a\ndescription: Glaze pots.\n---\n# Raku\n\nGlaze raku pots.\n") == [0]


def test_the_first_tenth_opens_a_skill() -> None:
    """Two blocks of twenty; of a few blocks the first one."""
    text = "".join(f"Block {number}.\n\n" for number in range(20))
    assert _column(OPENING, text) == [1.0, 1.0] + 18 * [0.0]
    assert _column(OPENING, SKILL) == [1.0, 0.0, 0.0]


def test_a_word_has_one_number_everywhere() -> None:
    """The weights know words by it: it may not change from run to run, and it fits 32 bits."""
    assert word_number("kiln") == 3911661381
    assert all(0 <= word_number(word) < 1 << 32 for word in ("", "日本語", "x" * 1000))


@given(texts)
def test_worths_make_one(text: str) -> None:
    """One finite row a block, whatever the text; the worths are shares of the whole."""
    analysis = RulesAnalyzer().analyze(parse_skill(text))
    assert len(worth_features(analysis)) == len(analysis.skill.blocks)
    worths = block_worths(analysis, load_worth_model())
    assert all(worth >= 0 for worth in worths)
    assert not worths or abs(sum(worths) - 1) < 1e-9
