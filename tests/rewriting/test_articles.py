"""Which articles and fillers may go, and that what stands without them says the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import FIXTURES
from tests.strategies import texts

from skill_distiller.language.facts import find_facts, locked_spans, overlaps
from skill_distiller.language.words import tables
from skill_distiller.meaning.compare import compare_texts
from skill_distiller.meaning.verdicts import CERTIFIED
from skill_distiller.rewriting.articles import article_edits
from skill_distiller.rewriting.model import apply_edits
from skill_distiller.rewriting.passes import spoken

SENTENCES = [
    line
    for line in (FIXTURES / "articles.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
_MARKS = re.compile("[⟦⟧]")
_SOUP = st.lists(
    st.sampled_from(
        "the a an The A tool writes is to test more, kiln. ( **bold** `x` | 3 - \n never of if and".split(" ")
    ),
    max_size=30,
).map(" ".join)


def is_proved(before: str, after: str) -> bool:
    """Whether every difference of two texts is of a kind that can't change what is said."""
    return all(difference.verdict in CERTIFIED for difference in compare_texts(before, after).differences)


def marked(text: str) -> str:
    """The text with marks around the articles that go."""
    pieces, at = list[str](), 0
    for edit in article_edits(text, locked_spans(text, find_facts(text))):
        end = text.index(" ", edit.start)
        pieces += (text[at : edit.start], "⟦", text[edit.start : end], "⟧")
        at = end
    return "".join([*pieces, text[at:]])


@pytest.mark.parametrize("sentence", SENTENCES)
def test_which_articles_go(sentence: str) -> None:
    """What counts, compares, names or holds a sentence together stays; the rest goes, and nothing else is said."""
    text = _MARKS.sub("", sentence)
    assert marked(text) == sentence
    left = apply_edits(text, article_edits(text, locked_spans(text, find_facts(text))))
    assert is_proved(text, left)
    assert left[:1].islower() is text[:1].islower()


@given(st.one_of(texts, _SOUP))
def test_only_articles_go(text: str) -> None:
    """Whatever the text: locked spans stay, lines keep their words, and nothing comes but capitals."""
    locked = locked_spans(text, find_facts(text))
    for start, end, replacement, _ in article_edits(text, locked):
        gone = text[start:end]
        assert re.fullmatch(r"(?i)(?:the|an?) ", gone[: len(gone) - len(replacement)])
        assert gone.lower().endswith(replacement.lower())
        assert not overlaps((start, end), locked)
        assert text[end : end + 1].strip()


@pytest.mark.parametrize(
    ("phrase", "said"), [row for table in ("shorter", "symbols", "symbols_of_numbers") for row in spoken(table)]
)
def test_what_is_said_shorter_is_proved(phrase: str, said: str) -> None:
    """Each phrase that the tool replaces is known to say what stands for it."""
    assert is_proved(f"Wash jars {phrase} 3 jars dry.", f"Wash jars {said} 3 jars dry.")


@pytest.mark.parametrize("filler", tables("en")["taken_out"].split())
def test_what_is_taken_out_is_proved(filler: str) -> None:
    """Each filler that the tool takes out is known to say nothing."""
    assert is_proved(f"Jars are {filler} dry.", "Jars are dry.")


@pytest.mark.parametrize("opening", tables("en")["openings"].replace("\n", " ").split(","))
def test_openings_are_proved(opening: str) -> None:
    """Each opening that the tool takes out is known to say nothing."""
    assert is_proved(f"{opening.strip().capitalize()} wash jars.", "Wash jars.")
