"""The parts of a block, and what of it may go by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from tests.fixture_file import parameters
from tests.strategies import sound_skills, texts

from skill_distiller.language.facts import block_facts, locked_spans
from skill_distiller.language.modals import restricts
from skill_distiller.rewriting.model import apply_edits
from skill_distiller.rewriting.parts import Part, Unit, deletions, parts_of, units_of
from skill_distiller.skill.model import Block
from skill_distiller.skill.parse import parse_skill


def _marked(block: Block, parts: Sequence[Part], units: Sequence[Unit]) -> str:
    """The text with «» around all that may go without the rest."""
    opens, closes = [0] * (len(block.text) + 1), [0] * (len(block.text) + 1)
    found = list(units)
    for unit in found:  # grows on the way
        found += unit.children
        if unit.removable:
            own = [parts[place] for place in unit.all_parts]
            opens[min(part.start for part in own)] += 1
            closes[max(part.end for part in own)] += 1
    pieces = []
    for at, character in enumerate((*block.text, "")):
        pieces.append("»" * closes[at] + "«" * opens[at] + character)
    return "".join(pieces)


def _units(block: Block) -> tuple[tuple[Part, ...], tuple[Unit, ...]]:
    parts = parts_of(block, locked_spans(block.text, block_facts(block)))
    return parts, units_of(block, parts, restricts)


@pytest.mark.parametrize(("text", "expected"), parameters("parts.md"))
def test_what_may_go_by_itself(text: str, expected: str) -> None:
    """Sentences, items and rows without what leans on them, counts, or forbids something."""
    (block,) = parse_skill(text).blocks
    assert re.sub(r"\n(»+)", r"\1\n", _marked(block, *_units(block))) == expected


@given(texts | sound_skills)
def test_parts_are_the_text_and_units_are_apart(text: str) -> None:
    """Joined, the parts are the block; each stands in one unit at most; what is left is a subsequence of the lines."""
    for block in parse_skill(text).blocks:
        parts, units = _units(block)
        assert "".join(block.text[part.start : part.end] for part in parts) == block.text
        places = [place for unit in units for place in unit.all_parts]
        assert len(places) == len(set(places))
        for unit in units:
            left = apply_edits(block.text, deletions(block.text, parts, unit.all_parts))
            assert len(left) < len(block.text)


def test_deep_nesting_is_one_part() -> None:
    """Nobody writes a list of a hundred levels; whoever does gets it as a whole."""
    text = "".join(f"{'  ' * depth}- item\n" for depth in range(100))
    assert all(len(_units(block)[0]) == 1 for block in parse_skill(text).blocks[:1])
