"""Evidence is found where it stands, in SKILL.md or beside it, and nowhere else."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path, PurePosixPath

import pytest

from skill_distiller.exams.evidence import Passages, Place, SkillTexts, criteria_kept, evidence_table
from skill_distiller.exams.exam_files import exam_of, read_exam
from skill_distiller.exams.model import Criterion, Exam, Task
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.read import read_skill
from skill_distiller.tokens import load_counter

COUNTER = load_counter()


def folder(text: str, **files: str) -> SkillTexts:
    """The texts of a skill with references."""
    made = SkillFolder(None, parse_skill(text))
    for name, content in files.items():
        made = made.with_file(f"references/{name}.md", content)
    return SkillTexts(made, COUNTER)


def exam(*quotes: tuple[str, ...]) -> Exam:
    """An exam of one task whose criteria have these quotes."""
    criteria = tuple(Criterion(f"c{n}", "The response says it.", evidence) for n, evidence in enumerate(quotes, 1))
    return Exam("toy", (Task("t1", "Do it.", criteria),))


@pytest.mark.parametrize(
    ("text", "quote", "survives"),
    [
        ("Never push to main without a review.", "never push to main without a review", True),
        ("Never push to **main**, not even once, without a review.", "never push to main without a review", True),
        ("Push to main after a review.", "never push to main without a review", False),
        ("Wait 30 seconds.", "wait 300 seconds", False),
        ("", "anything at all", False),
        ("x ≥ 5 rows", "at least 5 rows", True),
        ("never " + "filler " * 60 + "push main review", "never push to main without a review", False),
        ("whatever", "—", True),
    ],
)
def test_a_quote_survives_where_most_of_its_words_stand_together(text: str, quote: str, survives: bool) -> None:
    """Four of five words in one window; a number is a word."""
    assert Passages(text).hold(quote) is survives


def test_a_long_quote_in_a_long_text_takes_no_time() -> None:
    """Both may come from strangers: thousands of words that are in the text again and again, and never together."""
    words = [f"word{number}" for number in range(3000)]
    text = " ".join(f"{word} " + "filler " * 9000 for word in words[:200])
    assert not Passages(text * 2).hold(" ".join(words[:300]))
    assert Passages("same " * 200_000).hold("same " * 5000)


def test_where_the_evidence_is_and_what_has_to_be_loaded() -> None:
    """In the core, beside it, nowhere; the smaller of two files that hold a quote is loaded."""
    asked = exam(("alpha beta gamma",), ("delta epsilon zeta",), ("alpha beta gamma", "delta epsilon zeta"))
    original = folder("# A\n\nalpha beta gamma\n\ndelta epsilon zeta\n")
    moved = folder("# A\n\nalpha beta gamma\n", long="delta epsilon zeta " * 40, short="delta epsilon zeta\n")
    cut = folder("# A\n\nalpha beta gamma\n")
    table = evidence_table(asked, original, [("moved", moved), ("cut", cut)])
    first, second = table.candidates
    assert [kept.place for kept in first.kept] == [Place.CORE, Place.REFERENCES, Place.REFERENCES]
    assert first.kept[1].load == (PurePosixPath("references/short.md"),)
    assert (first.in_core, first.reachable, second.in_core, second.reachable) == (1, 3, 1, 1)
    assert second.lost[0].gone == ("delta epsilon zeta",)
    assert first.load_tokens > first.core_tokens
    assert second.load_tokens == second.core_tokens


def test_what_the_original_does_not_say_counts_for_nobody() -> None:
    """A quote from elsewhere, and a criterion without a quote, are told apart and left out."""
    asked = exam(("alpha beta gamma",), ("not in this skill at all",), ())
    table = evidence_table(asked, folder("alpha beta gamma\n"), [("empty", folder("# A\n"))])
    assert (table.criteria, table.without, len(table.foreign)) == (1, 1, 1)
    assert table.candidates[0].reachable == 0


@pytest.mark.parametrize("place", ["evals", "Evals", "evaluations", "tests"])
def test_the_answers_are_not_among_the_references(place: str) -> None:
    """What lies under evals, by any name that they go by, is no text of the skill."""
    skill = SkillFolder(None, parse_skill("# A\n")).with_file(f"{place}/notes.md", "alpha beta gamma\n")
    candidate = SkillTexts(skill, COUNTER)
    table = evidence_table(exam(("alpha beta gamma",)), folder("alpha beta gamma\n"), [("c", candidate)])
    assert table.candidates[0].reachable == 0


@pytest.mark.corpus
def test_the_rule_is_that_of_the_published_script(corpus: Path) -> None:
    """On every tenth exam, whole and cut in two, as many criteria survive as the script counts."""
    spec = importlib.util.spec_from_file_location("evidence_score", corpus.parent / "tools" / "evidence_score.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for path in sorted((corpus.parent / "exam").glob("*.json"))[::10]:
        criteria = exam_of(json.loads(path.read_text("utf-8"))).criteria
        raw = [{"evidence": list(criterion.evidence)} for criterion in criteria]
        text = read_skill(corpus / path.stem / SKILL_FILE).text
        for part in (text, text[: len(text) // 2], text[len(text) // 3 :]):
            assert criteria_kept(criteria, part) == script.kept(raw, part)


@pytest.mark.corpus
def test_every_exam_of_the_corpus_can_be_read(corpus: Path) -> None:
    """All 80, without a complaint."""
    assert all(read_exam(path).tasks for path in sorted((corpus.parent / "exam").glob("*.json")))
