"""Exams are read in every form and written again with all they said; what is wrong is told with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixture_file import parameters

from skill_distiller.errors import BadInputError
from skill_distiller.exams import exam_files
from skill_distiller.exams.exam_files import exam_of, exam_to_evals, exam_to_json, parse_exam, read_exam
from skill_distiller.exams.model import Check, CheckType, Criterion, Exam, Task
from skill_distiller.exams.plugin_evals import plugin_files, read_plugin_evals

SCHEMA = json.loads((Path(exam_files.__file__).parent / "exam.schema.json").read_text("utf-8"))
OURS: dict[str, Any] = {
    "skill": "toy",
    "owner": "somebody",
    "tasks": [
        {
            "id": "t1",
            "kind": "procedure",
            "prompt": "Build it.",
            "weight": 2,
            "criteria": [
                {"id": "c1", "text": "The response builds.", "evidence": ["Build the toy."], "note": "kept"},
                {"id": "c2", "text": "No paint.", "check": {"type": "not_regex", "value": "pa[i]nt", "flags": "i"}},
            ],
        }
    ],
}
EVALS: dict[str, Any] = {
    "skill_name": "toy",
    "version": 3,
    "evals": [
        {
            "id": 1,
            "prompt": "Build it.",
            "expected_output": "A toy.",
            "files": ["plan.md"],
            "tags": ["a"],
            "assertions": ["It has wheels", {"name": "Says toy", "type": "contains", "value": "toy"}],
        },
        {"id": "two", "question": "And?", "ground_truth": "Nothing.", "expected_behavior": "Stops"},
    ],
}


@pytest.mark.parametrize(("text", "complaint"), parameters("exam_faults.md"))
def test_what_is_wrong_is_told_with_its_place(text: str, complaint: str) -> None:
    """One sentence, and it ends the reading."""
    with pytest.raises(BadInputError) as caught:
        parse_exam(text, "e.json")
    assert str(caught.value) == f"The exam 'e.json'{complaint.rstrip()}"


@pytest.mark.parametrize("text", ['{"tasks": ' + "[" * 100_000, '{"tasks": "\\ud800"}', "[" * 100_000 + "]" * 100_000])
def test_hostile_json_is_refused(text: str) -> None:
    """Depth, and half of a surrogate pair, which no file can hold."""
    with pytest.raises(BadInputError):
        parse_exam(text)


def test_our_form_keeps_what_it_does_not_know() -> None:
    """Read and written it says the same, and the schema agrees."""
    jsonschema.validate(OURS, SCHEMA)
    written = exam_to_json(exam_of(OURS))
    jsonschema.validate(written, SCHEMA)
    assert exam_of(written) == exam_of(OURS)
    assert written["owner"] == "somebody"
    assert exam_of(OURS).tasks[0].extra == {"weight": 2}
    assert exam_of(OURS).criteria[0].extra == {"note": "kept"}


def test_evals_are_read_in_their_dialects_and_written_in_the_standard_one() -> None:
    """Agent Skills, skill-creator and lists of questions; numbers stay numbers."""
    read = exam_of(EVALS)
    assert [c.text for c in read.criteria] == ["It has wheels", "Says toy", "Stops"]
    assert read.criteria[1].check == Check(CheckType.CONTAINS, "toy")
    written: Any = exam_to_evals(read)
    assert [e["id"] for e in written["evals"]] == [1, "two"]
    assert (written["version"], written["evals"][0]["tags"]) == (3, ["a"])
    assert written["evals"][1]["expected_output"] == "Nothing."
    assert exam_of(written) == read
    assert exam_of(EVALS["evals"]).tasks == read.tasks


def test_an_eval_without_assertions_asks_for_what_was_expected() -> None:
    """The expected output is the one criterion."""
    task = exam_of({"evals": [{"id": 1, "prompt": "Go.", "expected_output": "Gone."}]}).tasks[0]
    assert task.criteria == ()
    assert [criterion.text for criterion in task.asked] == ["Gone."]


def test_a_check_of_a_whole_task_is_a_criterion_of_code() -> None:
    """Which a sandbox decides, or nobody."""
    (criterion,) = exam_of({"tasks": [{"id": "t", "prompt": "p", "check": "assert True"}]}).criteria
    assert criterion.check == Check(CheckType.CODE, "assert True")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["tasks", "evals", "id", "prompt", "criteria", "text", "evidence", "check"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_an_exam_or_a_complaint(value: object) -> None:
    """Never another error, whatever is where."""
    try:
        exam = parse_exam(json.dumps(value))
    except BadInputError:
        return
    assert exam_of(exam_to_json(exam)) == exam


def test_checks_decide_on_an_answer() -> None:
    """Text in any case; expressions with flags; the opposite of both."""
    assert Check(CheckType.CONTAINS, "Toy").decide("a toy")
    assert not Check(CheckType.NOT_CONTAINS, "toy").decide("a TOY")
    assert Check(CheckType.REGEX, "^b", "m").decide("a\nb")
    assert not Check(CheckType.REGEX, "^b").decide("a\nb")
    assert Check(CheckType.NOT_REGEX, "x").decide("a")


def test_cases_of_a_plugin_are_read(tmp_path: Path) -> None:
    """A prompt, graders in files and in case.yaml; what only a trace can tell is kept undecided."""
    case = tmp_path / "toy" / "evals" / "build"
    (case / "graders").mkdir(parents=True)
    (case / "case.yaml").write_text(
        'schema_version: "1.1"\nname: build\nexecution: {runs: 3}\ngraders:\n  - {type: llm, rubric: It is short.}\n'
    )
    (case / "prompt.md").write_text("---\ntags: [a]\n---\nBuild it.\n")
    (case / "graders" / "rubric.md").write_text("---\ntype: llm\nweight: 2\n---\n\nThe response builds.\n")
    (case / "graders" / "no-paint.md").write_text("---\ntype: regex\nmatch: not_contains\nflags: i\n---\npaint\n")
    (case / "graders" / "fired.md").write_text("---\ntype: tool_used\ntool: Skill\nmin: 1\n---\nIt fired.\n")
    exam = read_plugin_evals(tmp_path / "toy")
    (task,) = exam.tasks
    assert (exam.skill, task.id, task.prompt) == ("toy", "build", "Build it.")
    by_id = {criterion.id: criterion for criterion in task.criteria}
    assert by_id["rubric"] == Criterion("rubric", "The response builds.", extra={"weight": 2})
    assert by_id["g1"].text == "It is short."
    assert by_id["no-paint"].check == Check(CheckType.NOT_REGEX, "paint", "i")
    assert by_id["fired"].check == Check(CheckType.RUNTIME, "tool_used", extra={"tool": "Skill", "min": 1})
    written = plugin_files(exam)
    again = tmp_path / "again" / "evals"
    for path, text in written.items():
        (again / path).parent.mkdir(parents=True, exist_ok=True)
        (again / path).write_text(text)
    (other,) = read_plugin_evals(again).tasks
    assert {c.text for c in other.criteria} == {c.text for c in task.criteria}
    assert other.extra["execution"] == {"runs": 3}


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("prompt.md", "Go.", "build has no graders"),
        ("graders/a.md", "---\ntype: regex\n---\n(\n", "build/graders/a.md: the pattern is no expression"),
        ("graders/a.md", "---\nfoo: 1\n---\nx\n", "build/graders/a.md: type is missing"),
        ("graders/a.md", "---\ntype: &a [*a]\n---\nx\n", "build/graders/a.md has a frontmatter that is"),
        ("case.yaml", "- 1\n", "build/case.yaml is not YAML with fields"),
    ],
)
def test_faults_of_a_case_name_its_file(tmp_path: Path, file: str, content: str, complaint: str) -> None:
    """The file and what is wrong in it."""
    place = tmp_path / "evals" / "build"
    (place / "graders").mkdir(parents=True)
    (place / "prompt.md").write_text("Go.\n")
    (place / file).write_text(content)
    with pytest.raises(BadInputError, match="The cases in") as caught:
        read_plugin_evals(tmp_path)
    assert complaint in str(caught.value)


def test_links_among_cases_are_not_followed(tmp_path: Path) -> None:
    """A prompt that is a link to somewhere else is refused."""
    place = tmp_path / "evals" / "build"
    (place / "graders").mkdir(parents=True)
    (tmp_path / "secret.md").write_text("secret")
    (place / "prompt.md").symlink_to(tmp_path / "secret.md")
    with pytest.raises(BadInputError):
        read_plugin_evals(tmp_path)


def test_names_of_tasks_lead_nowhere_else() -> None:
    """Whatever an exam calls its tasks and criteria, the files of its cases stay below the folder."""
    criteria = (Criterion("../x", "a"), Criterion("/etc/x", "b"), Criterion("…", "c"), Criterion("?", "d"))
    tasks = (Task("../../up", "p", criteria), Task("up", "p", criteria[:1]), Task("//", "p", criteria[:1]))
    files = plugin_files(Exam("toy", tasks))
    assert len(files) == 3 + 6
    assert all(not path.is_absolute() and ".." not in path.parts for path in files)


def test_a_pipe_is_no_exam(tmp_path: Path) -> None:
    """Nothing waits for it."""
    with pytest.raises(BadInputError, match="Can't read the exam"):
        read_exam(tmp_path)
