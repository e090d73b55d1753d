"""How many skills use a word, counted on a corpus made here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from lab.common.shared import Shared
from lab.training.common_words import FEWEST, read_word_uses

from skill_distiller.planning.worth import Vocabulary, word_number


def _corpus(root: Path, skills: dict[str, tuple[str, str]]) -> Shared:
    """A folder of skills, each with its repository and its text."""
    rows = []
    for name, (repo, text) in skills.items():
        (root / "corpus" / name).mkdir(parents=True)
        (root / "corpus" / name / "SKILL.md").write_text(text, "utf-8")
        rows.append(json.dumps({"id": name, "repo": repo}))
    (root / "corpus" / "index.jsonl").write_text("\n".join(rows), "utf-8")
    return Shared(root)


def test_words_that_enough_skills_use_are_counted(tmp_path: Path) -> None:
    """Each skill counts once, however often it uses the word."""
    skills = {f"s{number}": (f"r{number}", "glaze kiln kiln") for number in range(FEWEST)}
    skills["other"] = ("r", "raku raku raku raku raku raku")
    found = read_word_uses(_corpus(tmp_path, skills)).without()
    assert found == Vocabulary(FEWEST + 1, {word_number("glaze"): FEWEST, word_number("kiln"): FEWEST})


def test_a_repository_that_is_left_out_is_not_counted(tmp_path: Path) -> None:
    """Neither the skill with the exam nor its neighbour: else its words would be common by itself."""
    skills = {f"s{number}": ("same", "glaze") for number in range(FEWEST)}
    skills["other"] = ("r", "glaze")
    uses = read_word_uses(_corpus(tmp_path, skills))
    assert uses.without("same") == Vocabulary(1)
    assert uses.without("r") == Vocabulary(FEWEST, {word_number("glaze"): FEWEST})
