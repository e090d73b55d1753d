"""Examples: their format, read line by line, and the builders that need no model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.cli.command import Result, run
from tests.soft.conftest import record_of

from skill_distiller.errors import BadInputError
from skill_distiller.soft.examples import (
    Example,
    Source,
    TraceStep,
    parse_line,
    read_examples,
    to_line,
    unfold,
    write_lines,
)

ROOT = Path(__file__).resolve().parents[2]
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(_TEXT, _TEXT, _TEXT, st.none() | _TEXT)
def test_an_example_comes_back_from_its_line(body: str, query: str, answer: str, system: str | None) -> None:
    """Whatever its texts hold, line ends of all kinds too; a line is one line."""
    steps = (TraceStep("Hm.", "read[a]", "b"), TraceStep("", f"finish[{answer}]"))
    for example in (
        Example("i", "alignment", (body, body), query, answer, system, source=Source("a", "b", "MIT")),
        Example("i", "alignment", (body,), query, "", system, steps),
        Example("i", "reconstruction", (body,)),
    ):
        assert parse_line(to_line(example)) == example
        assert "\n" not in to_line(example)


_FAULTS = {
    "{": "it is not JSON",
    "[]": "it is no example of version 1",
    '{"v": 2}': "it is no example of version 1",
    '{"v": 1, "more": 1}': "unknown field 'more'",
    '{"v": 1, "id": "a", "phase": "x"}': "its phase is none",
    '{"v": 1, "phase": "warm-up", "id": " "}': "its id is empty",
    '{"v": 1, "phase": "warm-up", "id": "a", "skills": "a"}': "its skills are no list",
    '{"v": 1, "phase": "warm-up", "id": "a", "skills": [""]}': "one of its skills is empty",
    '{"v": 1, "phase": "warm-up", "id": "a", "skills": []}': "it has no skills",
    '{"v": 1, "phase": "warm-up", "id": "a", "skills": ["a"], "query": "b"}': "it has no query, or no answer",
    '{"v": 1, "phase": "reconstruction", "id": "a", "skills": ["a"], "query": "b"}': "nothing else",
    '{"v": 1, "phase": "alignment", "id": "a", "skills": ["a"], "query": "b", "steps": [{"action": ""}]}': "no action",
    '{"v": 1, "phase": "alignment", "id": "a", "skills": ["a"], "query": "b", "steps": [{"do": "x"}]}': "other fields",
    '{"v": 1, "phase": "warm-up", "id": "a", "skills": ["a"], "query": "b", "answer": "c", "system": 3}': "system text",
}


@pytest.mark.parametrize("line", _FAULTS)
def test_a_line_with_a_fault_is_told_with_its_number(line: str, tmp_path: Path) -> None:
    """File, line and what is wrong."""
    file = tmp_path / "a.jsonl"
    good = to_line(Example("g", "warm-up", ("a",), "b", "c"))
    file.write_text(f"{good}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(BadInputError, match=_FAULTS[line]) as caught:
        read_examples(file, "warm-up")
    assert f"{file}, line 3: " in str(caught.value)


def test_ids_come_once_and_phases_do_not_mix(tmp_path: Path) -> None:
    """A file is one phase's, and is not empty."""
    file = tmp_path / "a.jsonl"
    twice = Example("a", "reconstruction", ("b",))
    for lines, told in (
        (write_lines([twice, twice]), "line 2: the example 'a' comes twice"),
        (write_lines([Example("a", "warm-up", ("b",), "c", "d")]), "line 1: the example 'a' is of the phase warm-up"),
        (b"\n", "holds no examples"),
        (b"\xff", "Can't read"),
    ):
        file.write_bytes(lines)
        with pytest.raises(BadInputError, match=told):
            read_examples(file, "reconstruction")


def test_a_trace_becomes_an_example_a_step() -> None:
    """What was done before stands in the user's turn, and a step's own observation does not."""
    steps = (TraceStep("Look.", "read[a]", "error: none"), TraceStep("So.", "finish[No.]"))
    first, last = unfold(Example("t", "alignment", ("Body",), "Is there a?", steps=steps))
    assert (first.id, first.query, first.answer) == ("t#0", "Is there a?", "Thought: Look.\nAction: read[a]")
    assert last.query == "Is there a?\n\nThought: Look.\nAction: read[a]\nObservation: error: none"
    assert last.answer == "Thought: So.\nAction: finish[No.]"
    assert last.steps == ()


def _skill(folder: Path, name: str, body: str) -> None:
    place = folder / name
    place.mkdir(parents=True)
    (place / "SKILL.md").write_text(f"---\nname: {place.name}\nlicense: MIT\n---\n\n{body}", encoding="utf-8")


_BODY = "# Deploy\n\n" + "".join(
    f"{n}. Take part {n} of the release and check its sum against line {n}.\n" for n in range(20)
)


@pytest.fixture
def skills(tmp_path: Path) -> Path:
    """A folder with skills that are alike, short, broken, and one that is none of it."""
    folder = tmp_path / "skills"
    _skill(folder, "one/deploy", _BODY)
    _skill(folder, "two/copy", _BODY.replace("\n", "\n\n"))
    _skill(folder, "two/nearly", _BODY + "\nDone.\n")
    _skill(folder, "three/short", "# A\n\nRun it.\n")
    _skill(folder, "four/other", "# Other\n\n" + "".join(f"- Ask {n} about {n * 7}, then wait.\n" for n in range(40)))
    (folder / "broken").mkdir()
    (folder / "broken" / "SKILL.md").write_bytes(b"\xff\xfe")
    return folder


def _soft_data(*arguments: str | Path) -> Result:
    return run("soft", "data", *arguments)


def test_skills_become_examples_of_reconstruction(skills: Path, tmp_path: Path) -> None:
    """Bodies alone, copies left out, everything that was left out counted."""
    file = tmp_path / "recon.jsonl"
    result = _soft_data("reconstruction", skills, "-o", file, "--json")
    assert result.exit_code == 0, result.stderr
    record = record_of(result)
    assert record["dropped"] == {"a copy": 1, "nearly a copy": 1, "can't be read": 1, "too short": 1}
    examples = read_examples(file, "reconstruction")
    assert [Path(example.source.path).parent.name for example in examples] == ["other", "deploy"]
    assert examples[1].skills == (_BODY,)
    assert examples[1].source.licence == "MIT"
    again = _soft_data("reconstruction", skills, "-o", file)
    assert (again.exit_code, again.stdout) == (6, b"")


def test_groups_are_held_out_as_one(skills: Path, tmp_path: Path) -> None:
    """By a hash of their name: the same each time, in a file of their own."""
    file = tmp_path / "recon.jsonl"
    for seed in range(20):
        result = _soft_data(
            "reconstruction", skills, "-o", file, "--holdout=0.5", f"--seed={seed}", "--force", "--json"
        )
        if result.exit_code == 0 and record_of(result)["held_out"]:
            break
    held = read_examples(tmp_path / "recon.holdout.jsonl", "reconstruction")
    kept = read_examples(file, "reconstruction")
    assert (len(held), len(kept)) == (1, 1)
    assert _soft_data("reconstruction", skills, "-o", file, "--holdout=1").exit_code == 2


def test_skills_near_a_test_skill_are_left_out(skills: Path, tmp_path: Path) -> None:
    """By edits of a character."""
    pytest.importorskip("rapidfuzz", reason="edits are counted with the extra [soft]")
    tests = tmp_path / "tests"
    _skill(tests, "deploy", _BODY.replace("release", "version"))
    file = tmp_path / "recon.jsonl"
    result = _soft_data("reconstruction", skills, "-o", file, f"--keep-away={tests}", "--distance=300", "--json")
    assert record_of(result)["dropped"]["near a test skill"] == 1
    result = _soft_data(
        "reconstruction", skills, "-o", file, f"--keep-away={tests}", "--distance=20", "--json", "--force"
    )
    assert "near a test skill" not in record_of(result)["dropped"]


def test_articles_become_examples_of_the_warm_up(tmp_path: Path) -> None:
    """Titles as questions, no letter changed; what can't be used is counted."""
    table = tmp_path / "articles.csv"
    table.write_text(
        "headline,title,text\n"
        '"Use HTML Tidy.",How to Clean HTML,"Get HTML Tidy.  \r\n\r\n\r\n\r\nRun it, then look."\n'
        '"Use HTML Tidy.",How to Clean HTML,"Get HTML Tidy.\r\n\r\nRun it, then look."\n'
        ",How to Rest,Sit down.\n"
        '"Much longer than the text.",Title,Short.\n',
        encoding="utf-8",
    )
    file = tmp_path / "warmup.jsonl"
    result = _soft_data("warmup", table, "-o", file, "--json")
    assert result.exit_code == 0, result.stderr
    assert record_of(result)["dropped"] == {
        "a copy": 1, "a text is empty": 1, "the answer is longer than the article": 1,
    }  # fmt: skip
    (example,) = read_examples(file, "warm-up")
    assert (example.query, example.answer) == ("How do I Clean HTML?", "Use HTML Tidy.")
    assert example.skills == ("Get HTML Tidy.\n\nRun it, then look.",)


@pytest.mark.parametrize(
    ("name", "text", "columns", "code", "told"),
    [
        ("a.csv", "a,b\n1,2\n", "", 3, "row 1: there is no text 'title'"),
        ("a.jsonl", '{"title": "a"}\n[]\n', "title=title,document=title,answer=title", 3, "line 2: it is no JSON"),
        ("a.csv", "a\n1\n", "title=a", 2, "does not name title, document, answer"),
        ("a.csv", "a\n", "title=a,document=a,answer=a", 3, "No example is left"),
        ("b.csv", "", "", 3, "No example is left"),
    ],
)
def test_a_table_with_a_fault_is_refused(
    name: str, text: str, columns: str, code: int, told: str, tmp_path: Path
) -> None:
    """With its row, and nothing is written."""
    table = tmp_path / name
    table.write_text(text, encoding="utf-8")
    result = _soft_data("warmup", table, "-o", tmp_path / "w.jsonl", *([f"--columns={columns}"] if columns else []))
    assert (result.exit_code, result.stdout) == (code, b"")
    assert told in result.stderr
    assert not (tmp_path / "w.jsonl").exists()


def test_the_articles_that_ship_are_some(tmp_path: Path) -> None:
    """The demo trains on them."""
    file = tmp_path / "w.jsonl"
    assert _soft_data("warmup", ROOT / "examples" / "soft" / "articles.csv", "-o", file).exit_code == 0
    assert len(read_examples(file, "warm-up")) == 3
