"""The words that are not rare, counted on a corpus made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from lab.common.shared import Shared
from lab.training.common_words import FEWEST, common_words

from skill_distiller.planning.worth import word_number


def _corpus(root: Path, skills: dict[str, tuple[str, str]], exams: tuple[str, ...]) -> Shared:
    """A folder of skills, each with its repository and its text, and empty exams of some."""
    (root / "exam").mkdir()
    for name in exams:
        (root / "exam" / f"{name}.json").write_text("{}", "utf-8")
    rows = []
    for name, (repo, text) in skills.items():
        (root / "corpus" / name).mkdir(parents=True)
        (root / "corpus" / name / "SKILL.md").write_text(text, "utf-8")
        rows.append(json.dumps({"id": name, "repo": repo}))
    (root / "corpus" / "index.jsonl").write_text("\n".join(rows), "utf-8")
    return Shared(root)


def test_a_word_is_common_that_enough_skills_use(tmp_path: Path) -> None:
    """Each skill counts once, however often it uses the word."""
    skills = {f"s{number}": (f"r{number}", "glaze kiln kiln") for number in range(FEWEST)}
    skills["other"] = ("r", "raku raku raku raku")
    assert common_words(_corpus(tmp_path, skills, ())) == {word_number("glaze"), word_number("kiln")}


def test_the_repositories_of_exams_are_not_counted(tmp_path: Path) -> None:
    """Neither the skill with the exam nor its neighbour: else its words would be common by itself."""
    skills = {f"s{number}": ("same", "glaze") for number in range(FEWEST)}
    assert common_words(_corpus(tmp_path, skills, ("s0",))) == frozenset()
