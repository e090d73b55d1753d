"""Prices of edited texts against counting them afresh."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import texts

from skill_distiller.rewriting.edits import Edit, LevelEdit, apply_edits, join_edits, price_edits, text_at
from skill_distiller.tokens import load_counter

LEVELS = 3


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[LevelEdit]]:
    """A text with some of its words deleted or replaced, each from some level on."""
    text = draw(texts)
    edits = []
    for match in re.finditer(r" ?\w+|[^\w\s]+", text):
        if draw(st.integers(0, 2)) == 0:
            replacement = draw(st.sampled_from(["", "", "", "A", "≥", ", x", " "]))
            edits.append(LevelEdit(Edit(*match.span(), replacement), draw(st.integers(0, LEVELS - 1))))
    return text, edits


@pytest.mark.parametrize("encoding", ["cl100k_base", "estimate"])
@given(edited())
def test_prices_are_those_of_the_texts(encoding: str, item: tuple[str, list[LevelEdit]]) -> None:
    """At every level the price is what counting the whole text would give, whatever was cut out."""
    text, edits = item
    counter = load_counter(encoding)
    prices = price_edits(text, counter.count(text), edits, LEVELS, counter)
    assert prices == [counter.count(text_at(text, edits, level)) for level in range(LEVELS)]


def test_whole_words_are_priced_by_themselves() -> None:
    """Words that go with the space before them, one after the other, at the start and at the end."""
    counter = load_counter()
    text = "The very long list of the many items."
    edits = [LevelEdit(Edit(0, 5, "V"), 0), LevelEdit(Edit(8, 13), 1), LevelEdit(Edit(21, 25), 1)]
    assert [text_at(text, edits, level) for level in (0, 1)] == [
        "Very long list of the many items.",
        "Very list of many items.",
    ]
    assert price_edits(text, counter.count(text), edits, 2, counter) == [
        counter.count("Very long list of the many items."),
        counter.count("Very list of many items."),
    ]


def test_edits_that_overlap() -> None:
    """Of two passes the first one's edits stand; the others are made where they touch none of them."""
    first = (Edit(4, 8, "x"),)
    joined = join_edits(first, [Edit(0, 4), Edit(6, 9), Edit(8, 9)])
    assert joined == (Edit(0, 4), Edit(4, 8, "x"), Edit(8, 9))
    assert apply_edits("aaaabbbbcd", joined) == "xd"


def test_strength_is_a_dial() -> None:
    """Only the edits up to the dial are made."""
    edits = (Edit(0, 1, "", 0.2), Edit(2, 3, "", 0.6))
    assert [apply_edits("abcd", edits, strength) for strength in (0.0, 0.2, 1.0)] == ["abcd", "bcd", "bd"]
