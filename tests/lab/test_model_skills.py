"""The skills of the bench for language models: of an ordinary size, each with an exam that quotes it word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from skill_distiller.exams.exam_files import read_exam
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import count_tokens

_SKILLS = Path(__file__).resolve().parents[2] / "lab/model/skills"
_FOLDERS = sorted(path for path in _SKILLS.iterdir() if path.is_dir())


def test_there_are_six() -> None:
    """A workflow, a checklist, an API, a format, a team's process and troubleshooting."""
    assert len(_FOLDERS) == 6


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda path: path.name)
def test_each_exam_quotes_its_skill(folder: Path) -> None:
    """Twenty criteria with evidence that stands in the skill character for character."""
    skill = read_skill(folder)
    assert 1500 <= count_tokens(skill.body) <= 4000
    criteria = read_exam(folder / "evals/exam.json").criteria
    assert len(criteria) == 20
    assert [quote for one in criteria for quote in one.evidence if quote not in skill.text] == []
    assert all(one.evidence for one in criteria)


@pytest.mark.parametrize("folder", _FOLDERS, ids=lambda path: path.name)
def test_what_a_skill_points_to_is_there(folder: Path) -> None:
    """A reference that an agent is told to read."""
    text = read_skill(folder).text
    assert all(str(path.relative_to(folder)) in text for path in folder.glob("references/*"))
