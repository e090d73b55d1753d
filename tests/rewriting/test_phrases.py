"""Deleting what a model called redundant: only where a program can see that nothing else goes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters

from skill_distiller.analysis.reading import Analysis, Phrases, Reading, SectionType, Verdict
from skill_distiller.language.facts import fact_keys, find_facts, locked_spans
from skill_distiller.rewriting.ladder import build_ladders, edit_blocks
from skill_distiller.rewriting.model import RenderingKind, apply_edits
from skill_distiller.rewriting.redundant import phrase_edits
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

MARKS = re.compile("[⟦⟧⟪⟫]")


def pruned(text: str, redundant: list[str], essential: list[str]) -> str:
    """The text without the phrases that may go, with its own facts locked."""
    return apply_edits(text, phrase_edits(text, redundant, essential, locked_spans(text, find_facts(text))))


@pytest.mark.parametrize(("marked", "expected"), parameters("phrases.md"))
def test_phrases(marked: str, expected: str) -> None:
    """As the fixture file has it."""
    redundant = [MARKS.sub("", phrase) for phrase in re.findall("⟦(.*?)⟧", marked, re.DOTALL)]
    essential = re.findall("⟪(.*?)⟫", marked, re.DOTALL)
    assert pruned(MARKS.sub("", marked), redundant, essential) == expected


def test_a_phrase_that_stands_twice_stays() -> None:
    """Nobody knows which one was meant."""
    assert pruned("of course it is, of course.\n", ["of course"], []) == "of course it is, of course.\n"


words = st.sampled_from(
    "the log is read and `a.log` never 30 s runs if - 1. not: it, so. MUST \n\n [x](y) *b* --all".split(" ")
)
texts = st.lists(words, min_size=3, max_size=30).map(" ".join)


@given(texts, st.data())
def test_no_fact_goes_and_nothing_is_added(text: str, data: st.DataObject) -> None:
    """Whatever is quoted: words only go, in order, and never a fact."""
    phrases = []
    for _ in range(3):
        start = data.draw(st.integers(0, len(text) - 1))
        phrases.append(text[start : start + data.draw(st.integers(1, 40))])
    left = pruned(text, phrases, [])
    assert fact_keys(find_facts(text)) <= fact_keys(find_facts(left))
    remaining = iter(re.findall(r"\w", text.lower()))
    assert all(character in remaining for character in re.findall(r"\w", left.lower()))


@pytest.mark.parametrize("phrase", ["- It is well known that", "- Read", "it\n- Read the log"])
def test_the_mark_of_a_list_item_is_no_part_of_a_phrase(phrase: str) -> None:
    """Without it the item would be another's, or none."""
    text = "- It is well known that you run it\n- Read the log\n"
    assert pruned(text, [phrase], []) == text


def test_phrases_and_words_go_together() -> None:
    """Where they overlap the phrase goes; the words elsewhere in the block go as without it."""
    text = "The log of the whole run is kept in the folder, which is what everybody has long been hoping for.\n"
    phrase = ", which is what everybody has long been hoping for"
    reading = Reading(Analysis(parse_skill(text), (Verdict(SectionType.EXPLANATION, 0.3, 0.9),), "by hand"))
    (ladder,) = build_ladders(reading, edit_blocks(reading, load_counter(), {0: Phrases((), (phrase,))}))
    texts = {rung.kind: rung.text for rung in ladder.rungs}
    assert texts[RenderingKind.CUT] == texts[RenderingKind.PRUNED].replace(phrase, "")
    assert texts[RenderingKind.CUT] == "The log of the whole run is kept in folder.\n"
