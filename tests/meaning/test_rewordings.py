"""Sentences in other words, in several languages: which say the same, and which do not."""

from __future__ import annotations

import pytest
from tests.fixture_file import parameters

from skill_distiller.meaning.compare import compare_texts


@pytest.mark.parametrize(("text", "expected"), parameters("rewordings.md"))
def test_other_words_say_the_same_or_not(text: str, expected: str) -> None:
    for line in text.splitlines():
        before, after = line.split(" => ")
        assert bool(compare_texts(f"{before}\n", f"{after}\n").failed) is (expected.strip() == "other"), line
