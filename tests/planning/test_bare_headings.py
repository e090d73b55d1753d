"""Headings whose sections are said in one text."""

from __future__ import annotations

import pytest
from lab.experiments.rules_analyzer import RulesAnalyzer
from tests.planning.test_frontier import traced

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.excuses import without_bare_headings
from skill_distiller.planning.frontier import Choice
from skill_distiller.planning.plan import apply_plan, make_plan
from skill_distiller.rewriting.ladder import merge
from skill_distiller.rewriting.model import Bundle, RenderingKind
from skill_distiller.skill.model import render_skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import load_counter

REVIEWS = """# Intake

## Reviews

### Legal review

Send the draft to Legal within two days.

### Budget review

Send the cost to the budget owner within three days.

## Signing

The signatory signs.
"""


def _merged(skill_text: str, text: str) -> str:
    """The skill whose first two blocks are said in one text."""
    reading = Reading(RulesAnalyzer().analyze(parse_skill(skill_text)))
    prepared, _ = traced(reading)
    bundle = Bundle(RenderingKind.REWRITTEN, (0, 1), (text, ""), (), 1.0)
    ladders = merge(prepared.ladders, bundle, load_counter())
    kept = Choice((0,) * len(ladders), (True,) * len(prepared.heading_tokens))
    plan = make_plan(ladders, kept, prepared.heading_tokens)
    return render_skill(apply_plan(reading.skill, without_bare_headings(reading, plan)))


def test_one_text_for_sections_beside_each_other_stands_below_the_heading_of_all() -> None:
    """Neither stands an empty heading below it, nor is it found under that of the first of them alone."""
    result = _merged(REVIEWS, "Reviews: draft to Legal in two days, cost to the budget owner in three.\n\n")
    assert "###" not in result
    assert "## Reviews\n\nReviews: draft" in result
    assert "## Signing\n\nThe signatory signs." in result


def test_a_heading_whose_words_the_text_lacks_stays() -> None:
    """It says what its section was about."""
    result = _merged(REVIEWS, "Review by Legal in two days, then the cost to its owner in three.\n\n")
    assert "### Legal review" in result
    assert "### Budget review" in result


@pytest.mark.parametrize("pointer", ["See [the budget](#budget-review).", "Go back to the Budget review section."])
def test_a_heading_that_a_pointer_leads_to_stays(pointer: str) -> None:
    """Else the pointer would lead to nothing."""
    text = REVIEWS.replace("The signatory signs.", f"The signatory signs. {pointer}")
    assert "### Budget review" in _merged(text, "Reviews: draft to Legal in two days, budget owner in three.\n\n")


def test_a_numbered_heading_stays() -> None:
    """A hole in the count would look like a lost step."""
    text = REVIEWS.replace("### Legal", "### Step 1: Legal").replace("### Budget", "### Step 2: Budget")
    assert "### Step 2" in _merged(text, "Step 1, 2: review by Legal in two days, by the budget owner in three.\n\n")
