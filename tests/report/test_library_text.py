"""The table of a batch: its figures are there however long the names are and however narrow the terminal is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from skill_distiller.checks.model import Tokens
from skill_distiller.library.journal import Outcome, State, Tally
from skill_distiller.report.audit_text import print_batch


@pytest.mark.parametrize("width", [60, 80, 100, 140, 200])
@pytest.mark.parametrize("place", ["deploy", "plugins/some-plugin/skills/" + "a-very-long-name-" * 6])
def test_figures_are_there_at_any_width(width: int, place: str) -> None:
    """Names and losses are cut, figures never; where there is room for one text only, it is the name."""
    tally = Tally()
    loss = "line 12: " + "what went away " * 9
    tally.add(Outcome(place, "SKILL.md", State.DONE, tokens=Tokens(12_345, 10_987), score=91.5, loss=loss))
    stream = io.StringIO()
    print_batch(tally, [], "", Console(file=stream, width=width))
    head, row = (line for line in stream.getvalue().splitlines() if line.startswith((" Skill", f" {place[:5]}")))
    assert head.split()[:5] == ["Skill", "Before", "After", "Saved", "Estimate"]
    assert "12,345   10,987    11 %       92 %" in row
    assert ("Largest loss" in head) == ("line 12" in row) == (width >= 80)
