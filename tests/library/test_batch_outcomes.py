"""What became of a skill, as it is told now and as the journal tells it later."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.library.batches import make_library

from skill_distiller.library.batch_work import CompressWork
from skill_distiller.library.find_skills import FoundSkill, find_skills
from skill_distiller.library.journal import outcome_from_json, outcome_to_json
from skill_distiller.run.run import DistillOptions


@pytest.mark.parametrize("threshold", [0.6, 0.8, 0.9])
def test_the_journal_tells_what_was_told(threshold: float, tmp_path: Path) -> None:
    """All of it, the estimate too: rounded twice it could be another number of percent in the table of a second run."""
    work = CompressWork(DistillOptions(threshold))
    for found in find_skills([str(make_library(tmp_path / "skills"))]):
        assert isinstance(found, FoundSkill)
        outcome = work.make(found, found.read(10_000)).outcome
        assert outcome_from_json(outcome_to_json(outcome)) == outcome
