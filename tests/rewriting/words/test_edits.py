"""What may go from prose: by the rules alone, with every word that is not locked as good as sure to go."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters
from tests.strategies import sound_skills, texts

from skill_distiller.language.facts import Span, block_facts, fact_keys, find_facts, locked_spans, overlaps
from skill_distiller.rewriting.edits import Edit, apply_edits
from skill_distiller.rewriting.words.deletions import form_edits
from skill_distiller.rewriting.words.word_table import read_words
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.skill.parse import parse_skill

PROSE = {BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM}
_RUNS = ("that are", "This is a", "which is found", "report, ensuring the tests pass.", "report for the users.")
_WORDS = (
    "the a an is are really carefully and that your this these relevant for users ensuring which quality files run Run"
    " The A Your This tests, code. done! not never if unless 3 4.5 \"open \"closed\" 'it' users' **bold** *it* (see"
    " below) `code` > | - 1. * [x] [link](http://a.b) http://x.y/z src/a.py minutes days least more than up to : ; — –"
    " … e.g. etc. however then"
).split()
_GAPS = (*[" "] * 12, "\n", "  ", "\n- ", "\n\n", "\n1. ")
word_soups = st.lists(st.tuples(st.sampled_from((*_WORDS, *_RUNS)), st.sampled_from(_GAPS)), max_size=60).map(
    lambda words: "".join(word + gap for word, gap in words)
)


def prose_and_locks(skill: Skill) -> tuple[list[int], dict[int, tuple[Span, ...]]]:
    """The blocks that can be pruned, and their locked spans."""
    prose = [block.index for block in skill.blocks if block.kind in PROSE]
    return prose, {i: locked_spans(skill.blocks[i].text, block_facts(skill.blocks[i])) for i in prose}


def all_edits(skill: Skill, step: int = 0) -> dict[int, tuple[Edit, ...]]:
    """Every edit that the rules allow; `step` spreads the strengths."""
    table = read_words(skill, *prose_and_locks(skill))
    if table is None:
        return {}
    sure = 0.9 - 0.05 * (np.arange(len(table.places.block)) * step % 11)
    return form_edits(skill, table, np.where(table.states.locked, 0, sure).astype(np.float32))


def pruned(skill: Skill, edits: dict[int, tuple[Edit, ...]], strength: float = 1.0) -> str:
    """The body with every edit that a strength allows."""
    return "".join(
        section.heading_source
        + "".join(apply_edits(b.text, edits.get(b.index, ()), strength) + b.gap for b in section.blocks)
        for section in skill.sections
    )


@pytest.mark.parametrize(("text", "expected"), parameters("words.md"))
def test_what_may_go(text: str, expected: str) -> None:
    """The rules hold whatever a model says."""
    skill = parse_skill(text)
    assert pruned(skill, all_edits(skill)) == expected


def test_edits_wait_for_their_strength() -> None:
    """An edit is made from its own strength on."""
    edits = (Edit(0, 5, "R", 0.2), Edit(8, 12, "", 0.6))
    assert [apply_edits("The runs are made", edits, s) for s in (0.1, 0.2, 0.6)] == [
        "The runs are made",
        "Runs are made",
        "Runs made",
    ]


@given(st.one_of(texts, sound_skills, word_soups, word_soups), st.integers(1, 10))
def test_any_part_of_the_edits_leaves_a_sound_text(text: str, step: int) -> None:
    """At every strength: facts, marks, lines and blocks are all there, and nothing but words is gone."""
    skill = parse_skill(text)
    _, locked = prose_and_locks(skill)
    for index, edits in all_edits(skill, step).items():
        source = skill.blocks[index].text
        _check_edits(source, edits, locked[index])
        for strength in {edit.strength for edit in edits}:
            _check_text(source, apply_edits(source, edits, strength))


def _check_edits(source: str, edits: tuple[Edit, ...], locked: tuple[Span, ...]) -> None:
    at = 0
    for edit in edits:
        assert at <= edit.start < edit.end
        assert 0 < edit.strength < 1
        at = edit.end
        gone = source[edit.start : edit.end]
        assert not overlaps((edit.start, edit.end), locked)
        assert set(gone).isdisjoint('\n*_`()[]<>{}|"“”')
        assert edit.replacement in ("", gone[-1:].upper())


def _check_text(source: str, text: str) -> None:
    assert fact_keys(find_facts(source)) <= fact_keys(find_facts(text))
    letters = iter(source.lower())
    assert all(letter in letters for letter in text.lower())
    assert [block.kind for block in parse_skill(source).blocks] == [block.kind for block in parse_skill(text).blocks]
    for flaw in (r"\S  +\S", r",,|,\.|\.,", r" [,.;:](?=\s)"):
        assert len(re.findall(flaw, text)) <= len(re.findall(flaw, source))
