"""Sentences: their words, and what their modal words govern."""

from __future__ import annotations

from hypothesis import given
from tests.strategies import texts

from skill_distiller.language.modals import Sense
from skill_distiller.meaning.clauses import placed_stems, sentences, stems


def test_words_are_cut_to_their_first_letters() -> None:
    """Small words say nothing; of scripts without spaces each two characters count."""
    assert stems("Commit the changes of plan B, 不要提交") == ["commi", "chang", "plan", "b", "不要", "要提", "提交"]


@given(texts)
def test_the_quick_way_finds_the_same_words(text: str) -> None:
    """With offsets or without."""
    assert stems(text) == [stem for _, stem in placed_stems(text)]


def test_what_a_modal_word_governs() -> None:
    """The clause behind it; in a sentence without one nothing is governed."""
    rule, order = sentences("Never push to `main`. Keep the log.")
    (one,) = rule.governed
    assert (one.sense, one.head, sorted(one.keys)) == (Sense.NEGATION, ("push",), ["main"])
    assert order.asks
    assert order.governed == ()
