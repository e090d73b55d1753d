"""Which texts forbid something or ask for approval, in many languages."""

from __future__ import annotations

import pytest
from tests.fixture_file import parameters

from skill_distiller.language.modals import restricts


@pytest.mark.parametrize(("text", "expected"), parameters("restrictions.md"))
def test_texts_restrict_or_not(text: str, expected: str) -> None:
    lines = text.splitlines()
    assert len(lines) >= 60
    assert [line for line in lines if restricts(line) is not (expected.strip() == "restricts")] == []


def test_one_clause_of_a_long_text_is_enough() -> None:
    calm = "The log is kept for 30 days. " * 20
    assert not restricts(calm)
    assert restricts(f"{calm}\n> - **Never** delete it.\n{calm}")
