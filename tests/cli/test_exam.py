"""`exam` as a user runs it: without a model, with replies from a file, and with a server on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.cli.command import Result, run
from tests.cli.samples import DEPLOY
from tests.providers.stub_server import KEY, Act, Seen, Stub, serve

from skill_distiller.exams.exam_files import read_exam
from skill_distiller.report import exam_report

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "examples" / "postgres-migration"
SMALLER = ROOT / "examples" / "exam" / "postgres-migration.smaller.md"
EXAM = ROOT / "examples" / "exam" / "postgres-migration.json"
REPLIES = ROOT / "examples" / "exam" / "postgres-migration.replies.json"
SCHEMA = json.loads((Path(exam_report.__file__).parent / "exam_result.schema.json").read_text("utf-8"))
SCRIPT: list[Any] = json.loads(REPLIES.read_text("utf-8"))


@pytest.fixture(autouse=True)
def _replies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKILL_DISTILLER_SCRIPT", str(REPLIES))


def take(*arguments: str | Path, provider: str = "scripted") -> Result:
    """`exam run` of the example skill."""
    return run("exam", "run", SKILL, SMALLER, "--exam", EXAM, "--provider", provider, *arguments)


def played(seen: Seen) -> Act:
    """The recorded reply for what a server was asked."""
    texts = (line["text"] for line in SCRIPT if "when" in line and all(text in seen.prompt for text in line["when"]))
    return Act(next(texts))


@contextmanager
def server(answer: Callable[[Seen], Act], monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    """An OpenAI-compatible server that decides by what it is asked."""
    with serve("openai", [Act()]) as stub:
        stub.answer = answer
        monkeypatch.setenv("OPENAI_BASE_URL", stub.address)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield stub


def test_without_a_model_evidence_is_told_and_called_that() -> None:
    """What went is named; no figure is called retention."""
    done = take(provider="embedded")
    assert done.exit_code == 0
    assert "no agent was asked" in done.text
    assert "Evidence lost in postgres-migration.smaller.md: 2" in done.text
    assert "  t1c5: " in done.text
    record = json.loads(take("--json", provider="embedded").text)
    jsonschema.validate(record, SCHEMA)
    assert "retention" not in record
    assert record["outcomes"] == record["sittings"] == []
    assert [row["reachable"] for row in record["evidence"]] == [21, 19]


def test_the_whole_road_with_recorded_replies() -> None:
    """No skill, the original, the smaller one; files are read; what fails is named; the same again from the cache."""
    record = json.loads(take("--json").text)
    jsonschema.validate(record, SCHEMA)
    (outcome,) = record["outcomes"]
    assert outcome["scores"] == pytest.approx({"no skill": 0.22, "original": 0.95, SMALLER.name: 0.91})
    assert record["retention"] == pytest.approx(0.91)
    assert outcome["summary"]["passed"] is False
    read = {sitting["task"]: sitting["reads"] for sitting in record["sittings"] if sitting["condition"] == SMALLER.name}
    assert read == {"t1": [], "t2": [], "t3": ["references/backfill.md"], "t4": ["references/locks.md"], "t5": []}
    assert sum(sitting["calls"] for sitting in record["sittings"]) == 17
    assert record["models"][0]["calls"] == 17 + 63
    again = json.loads(take("--json").text)
    assert again["models"][0]["calls"] == 0
    assert again["outcomes"] == record["outcomes"]
    done = take()
    assert "does not pass: 91.0%" in done.text
    assert "fails t5c1" in done.text
    assert "Asking" not in done.stderr  # all of it was in the cache


def test_a_result_is_what_feedback_asks_for(tmp_path: Path, skill_folder: Path) -> None:
    """The outcome of an exam becomes the actual functionality of a run."""
    learnings = tmp_path / "learnings"
    made = run("compress", skill_folder, "--provider=embedded", "--threshold=0.5", f"--learnings-dir={learnings}", "-q")
    assert made.exit_code == 0
    result = tmp_path / "result.json"
    result.write_text(take("--json").text)
    done = run("feedback", "--from-exam", result, f"--learnings-dir={learnings}")
    assert done.exit_code == 0
    assert "91" in done.text
    assert "91" in run("calibration", "list", "--feedback", f"--learnings-dir={learnings}").text
    store = f"--learnings-dir={learnings}"
    direct = take("--feedback=c1", store)
    assert "Recorded for c1" in direct.stderr
    for refused in (take("--feedback=c9", store), take("--feedback=c1", store, provider="embedded")):
        assert (refused.exit_code in (2, 3), refused.stdout) == (True, b"")
    evidence = tmp_path / "evidence.json"
    evidence.write_text(take("--json", provider="embedded").text)
    refused = run("feedback", "--from-exam", evidence, f"--learnings-dir={learnings}")
    assert refused.exit_code == 3  # what the text still says is no outcome


def test_a_real_server_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Over HTTP, many requests at once; a judge of its own is another session."""
    recorded = json.loads(take("--json").text)["outcomes"]
    with server(played, monkeypatch) as stub:
        record = json.loads(take("--json", "--judge-model=strict", provider="openai").text)
    assert record["outcomes"] == recorded
    assert [usage["calls"] for usage in record["models"]] == [17, 63]
    models = {seen.body["model"] for seen in stub.seen if "You mark the answer" in seen.system}
    assert models == {"strict"}


def test_a_server_that_fails_in_the_middle_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4 and no score; the next run asks only for what is missing."""
    asked, most = 0, 30

    def failing(seen: Seen) -> Act:
        nonlocal asked
        asked += 1
        return Act(status=401) if asked > most else played(seen)

    with server(failing, monkeypatch):
        done = take(provider="openai")
        assert (done.exit_code, done.stdout) == (4, b"")
        most = 1000
        record = json.loads(take("--json", provider="openai").text)
    assert record["models"][0]["calls"] <= 80 - 25
    assert record["models"][0]["cached"] >= 25


def test_an_answer_that_can_not_be_had_is_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    """One task of five without an answer is left out of all conditions and said; two are too many."""

    def without(*tasks: str) -> Callable[[Seen], Act]:
        def answer(seen: Seen) -> Act:
            silent = any(f" task\n{task}" in seen.prompt for task in tasks) and "(there is no skill)" in seen.prompt
            return Act("I would rather not.") if silent else played(seen)

        return answer

    with server(without("Our table orders"), monkeypatch):
        record = json.loads(take("--json", provider="openai").text)
    (outcome,) = record["outcomes"]
    assert outcome["missing"] == ["t1"]
    assert outcome["tasks"] == ["t2", "t3", "t4", "t5"]
    (sitting,) = (s for s in record["sittings"] if (s["task"], s["condition"]) == ("t1", "no skill"))
    assert sitting["score"] is None
    assert sitting["error"]
    with server(without("Our table orders", "Make region NOT NULL"), monkeypatch):
        done = take(provider="openai")
    assert (done.exit_code, done.stdout) == (4, b"")
    assert "2 of 5 tasks have no score" in done.stderr


def test_a_bar_that_is_not_met_is_exit_6() -> None:
    """By evidence without a model, by retention with one."""
    assert take("--min-kept=0.95", provider="embedded").exit_code == 6
    assert take("--min-kept=0.9", provider="embedded").exit_code == 0
    assert take("--min-kept=0.92").exit_code == 6
    assert take("--min-kept=2").exit_code == 2


def test_a_candidate_may_come_from_stdin() -> None:
    """Beside the files of the original; only one of them can."""
    small = SMALLER.read_bytes()
    done = run("exam", "run", SKILL, "-", "--exam", EXAM, "--provider=embedded", "--json", stdin=small)
    assert [row["reachable"] for row in json.loads(done.text)["evidence"]] == [21, 19]
    assert run("exam", "run", "-", "-", "--provider=embedded", stdin=small).exit_code == 2


def test_several_candidates_with_baselines() -> None:
    """Each candidate is followed by what simple ways leave at its tokens."""
    done = run("exam", "compare", SKILL, SMALLER, SKILL / "SKILL.md", "--exam", EXAM, "--provider=embedded")
    lines = [line.split("  ")[0] or line.strip() for line in done.text.splitlines()]
    assert done.text.count("truncation") == done.text.count("random sentences") == 2
    assert done.exit_code == 0
    assert "SKILL.md" in lines
    record = json.loads(run("exam", "compare", SKILL, SMALLER, "--exam", EXAM, "--provider=embedded", "--json").text)
    ours = record["evidence"][1]
    for base in record["baselines"]:
        assert base["tokens"] <= ours["core_tokens"]
    assert {base["name"] for base in record["baselines"]} >= {"truncation", "random sentences", "drop by heading"}


def test_an_exam_is_made_without_a_model(skill_folder: Path, tmp_path: Path) -> None:
    """By program, said to be that, every quote in the skill; it is taken by looking alone, whatever model there is."""
    file = tmp_path / "exam.json"
    done = run("exam", "make", skill_folder, "--provider=embedded", "-o", file)
    assert (done.exit_code, done.stdout) == (0, b"")
    assert "By a program" in done.stderr
    exam = read_exam(file)
    assert exam.made_by == "program"
    words = " ".join(DEPLOY.split())
    assert all(quote in words for criterion in exam.criteria for quote in criterion.evidence)
    assert run("exam", "make", skill_folder, "--provider=embedded", "-o", file).exit_code == 6
    taken = run("exam", "run", skill_folder, skill_folder, "--exam", file, "--provider=scripted")
    assert taken.exit_code == 0
    assert "no agent was asked" in taken.text
    default = run("exam", "run", skill_folder, skill_folder, "--provider=scripted")
    assert "a program makes" in default.stderr


def test_evals_that_a_skill_brings_are_its_exam(skill_folder: Path) -> None:
    """Without --exam; those that quote nothing need a model, and those that can't be read are passed over."""
    (skill_folder / "evals").mkdir()
    evals = skill_folder / "evals" / "evals.json"
    criterion = {"text": "The response builds first.", "evidence": ["Run `make build`"]}
    quoting = {"tasks": [{"id": "t", "prompt": "Ship it.", "criteria": [{"id": "c", **criterion}]}]}
    evals.write_text(json.dumps(quoting))
    done = run("exam", "run", skill_folder, skill_folder, "--provider=embedded")
    assert "The exam is " in done.stderr
    assert "Exam by people: 1 task, 1 criterion" in done.text
    evals.write_text('{"evals": [{"id": 1, "prompt": "p", "assertions": ["a"]}]}')
    assert "quotes nothing" in run("exam", "run", skill_folder, skill_folder, "--provider=embedded").stderr
    named = run("exam", "run", skill_folder, skill_folder, "--provider=embedded", "--exam", evals)
    assert (named.exit_code, named.stdout) == (3, b"")
    assert "No criterion of the exam has evidence" in named.stderr
    evals.write_text("[]")
    done = run("exam", "run", skill_folder, skill_folder, "--provider=embedded")
    assert done.exit_code == 0
    assert "it has no tasks. It is passed over." in done.stderr
    assert "Exam by a program" in done.text


def test_exams_are_written_in_other_forms(tmp_path: Path) -> None:
    """evals.json and cases; a folder that exists is left alone."""
    evals = tmp_path / "evals.json"
    assert run("exam", "convert", EXAM, "--to=evals", "-o", evals).exit_code == 0
    assert [task.prompt for task in read_exam(evals).tasks] == [task.prompt for task in read_exam(EXAM).tasks]
    done = run("exam", "convert", EXAM, "--to=plugin", "-o", tmp_path / "cases")
    assert done.exit_code == 0
    assert "21 criteria was left out" in done.stderr
    assert (tmp_path / "cases" / "t1" / "prompt.md").is_file()
    back = json.loads(run("exam", "convert", tmp_path / "cases").text)
    assert [task["id"] for task in back["tasks"]] == ["t1", "t2", "t3", "t4", "t5"]
    assert run("exam", "convert", EXAM, "--to=plugin", "-o", tmp_path / "cases").exit_code == 6
    assert run("exam", "convert", EXAM, "--to=plugin").exit_code == 2


@pytest.mark.parametrize("text", ["", "{", '{"tasks": [{"id": "a", "prompt": "\\u001b[31m", "expected": 3}]}'])
def test_a_bad_exam_is_one_sentence(text: str, tmp_path: Path) -> None:
    """On stderr, with the place; nothing on stdout."""
    file = tmp_path / "exam.json"
    file.write_text(text)
    done = run("exam", "run", SKILL, SMALLER, "--exam", file, "--provider=embedded")
    assert (done.exit_code, done.stdout) == (3, b"")
    assert done.stderr.startswith("Error: The exam ")
    assert "\x1b" not in done.stderr


def gate(*arguments: str | Path) -> Result:
    """`compress` of the example skill with a gate."""
    aim = () if any(str(one).startswith("--tokens") for one in arguments) else ("--threshold=0.8",)
    return run("compress", SKILL, "--provider=embedded", *aim, *arguments)


def test_a_gate_brings_back_what_the_exam_misses() -> None:
    """Round by round on stderr; the result passes the exam that the plain one fails."""
    done = gate("--gate=exam", "--exam", EXAM)
    assert done.exit_code == 0
    assert "Exam, try 1 at 0.8:" in done.stderr
    assert "fails nothing, 2 pieces brought back" in done.stderr
    assert "Rehearse on a copy" in done.text
    assert "Rehearse on a copy" not in gate().text
    assert "Adaptive, try 1" in gate("--gate=adaptive", "--exam", EXAM).stderr


def test_a_strict_gate_refuses_what_fails() -> None:
    """A budget without room: exit code 6 and no result; without --strict the result comes with what it fails."""
    loose = gate("--gate=exam", "--exam", EXAM, "--tokens=1300")
    assert loose.exit_code == 0
    assert "The gate is not passed: the budget has no room" in loose.stderr
    strict = gate("--gate=exam", "--exam", EXAM, "--tokens=1300", "--strict")
    assert (strict.exit_code, strict.stdout) == (6, b"")
    assert "criteria of the gate" in strict.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--gate=magic",), ("--exam=e.json",), ("--gate=exam", "--mode=oneliner"), ("--gate=adaptive", "--tokens=900")],
)
def test_a_gate_that_can_not_be_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    """Said before anything is done."""
    done = gate(*arguments)
    assert (done.exit_code, done.stdout) == (2, b"")


@pytest.mark.slow
def test_baselines_sit_the_exam_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the tokens of the first candidate; one of them is written by the model and cut to size."""

    def answer(seen: Seen) -> Act:
        if "You shorten agent skills" in seen.system:
            return Act(json.dumps({"body": "# Short\n\nSet `lock_timeout`.\n" + "More words.\n" * 2000}))
        if "You mark the answer" in seen.system:
            return Act('{"quote": "wait", "met": true}')
        return Act('{"action": "answer", "path": "", "answer": "I wait."}')

    with server(answer, monkeypatch) as stub:
        arguments = ("--exam", EXAM, "--provider=openai", "--json", "--sit=truncation", "--sit=direct")
        done = run("exam", "compare", SKILL, SMALLER, *arguments)
    assert done.exit_code == 0, done.stderr
    record = json.loads(done.text)
    assert [outcome["name"] for outcome in record["outcomes"]] == [SMALLER.name, "truncation", "direct"]
    original, ours, *others = record["evidence"]
    assert original["core_tokens"] > ours["core_tokens"]
    assert all(other["core_tokens"] <= ours["core_tokens"] for other in others)
    assert others[1]["core_tokens"] > 0.9 * ours["core_tokens"]
    assert any("at most" in seen.prompt and "Rewrite the body" in seen.prompt for seen in stub.seen)
    assert run("exam", "compare", SKILL, SMALLER, "--sit=magic", "--provider=embedded").exit_code == 2
    assert run("exam", "compare", SKILL, SMALLER, "--sit=direct", "--provider=embedded").exit_code == 2


def test_names_of_candidates_are_never_those_of_conditions(tmp_path: Path) -> None:
    """A folder called `original`, and one path given twice."""
    folder = tmp_path / "original"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(SMALLER.read_bytes())
    done = run("exam", "compare", SKILL, folder, folder, SMALLER, "--exam", EXAM, "--provider=embedded", "--json")
    names = [row["name"] for row in json.loads(done.text)["evidence"]]
    assert names == ["original", str(folder), "original (2)", SMALLER.name]


@pytest.mark.slow
def test_two_runs_say_the_same() -> None:
    """Whatever marks the prompts had; only the time that the models took is another."""
    first, second = (json.loads(take("--json", "--no-cache").text) for _ in range(2))
    assert first.pop("models")[0]["calls"] == second.pop("models")[0]["calls"]
    assert first == second


def test_an_exam_is_made_with_a_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Written to a file with what was dropped on stderr; the same file is taken at once."""

    def criterion(quote: str) -> dict[str, object]:
        return {"text": "The response says so.", "evidence": [quote]}

    good = [criterion("Don't raise `lock_timeout` above 5 seconds."), criterion("Read it before you write a backfill")]
    task = {"index": 0, "kind": "constraint", "needs": "core", "prompt": "Go.", "criteria": [*good, criterion("Fly.")]}

    def answer(seen: Seen) -> Act:
        if "You write exams" in seen.system:
            return Act(json.dumps({"tasks": [task]}))
        assert "You find the words" in seen.system
        return Act('{"quotes": [{"index": 0, "quote": ""}]}')

    file = tmp_path / "exam.json"
    with server(answer, monkeypatch):
        done = run("exam", "make", SKILL, "--provider=openai", "--tasks=1", "-o", file)
    assert (done.exit_code, done.stdout) == (0, b"")
    assert "Asking openai/" in done.stderr
    assert "1 task, 2 criteria by openai/" in done.stderr
    assert "dropped: 1 quote that the skill does not hold, 1 criterion, 0 tasks" in done.stderr
    made = read_exam(file)
    assert made.made_by.startswith("openai/")
    assert made.answerable
    assert run("exam", "run", SKILL, SMALLER, "--exam", file, "--provider=embedded").exit_code == 0
    assert run("exam", "make", SKILL, "--provider=openai", "--tasks=21").exit_code == 2


def test_what_an_exam_says_does_not_steer_a_terminal(tmp_path: Path) -> None:
    """Escapes in ids, texts and quotes come out as codes."""
    escape = "\x1b[2J"
    criteria = [{"id": f"c{escape}", "text": f"The {escape}", "evidence": ["NEVER edit a migration file"]}]
    task = {"id": f"t{escape}", "prompt": "p", "criteria": criteria}
    file = tmp_path / "exam.json"
    file.write_text(json.dumps({"skill": escape, "made_by": escape, "tasks": [task]}))
    done = run("exam", "run", SKILL, "-", "--exam", file, "--provider=embedded", "-v", stdin=b"# Nothing\n")
    assert done.exit_code == 0
    assert escape not in done.text + done.stderr
    assert "\\x1b[2J" in done.text


def test_records_say_how_the_gate_went(monkeypatch: pytest.MonkeyPatch) -> None:
    """By program for compress; for reduce a model fails what moved, and has it back."""
    reports = Path(exam_report.__file__).parent
    record = json.loads(gate("--gate=exam", "--exam", EXAM, "--json").text)
    jsonschema.validate(record, json.loads((reports / "record.schema.json").read_text("utf-8")))
    assert [len(told["failed"]) for told in record["gate"]["rounds"]] == [2, 0]
    assert (record["gate"]["name"], record["gate"]["passed"], record["gate"]["chosen"]) == ("exam", True, 1)
    assert json.loads(gate("--json").text)["gate"] is None
    with server(played, monkeypatch) as stub:
        arguments = ("--exam", EXAM, "--gate=exam", "--provider=openai", "--json", "--dry-run")
        done = run("reduce", SKILL, "--threshold=0.1", *arguments)
    assert done.exit_code == 0
    assert stub.seen
    reduced = json.loads(done.text)
    jsonschema.validate(reduced, json.loads((reports / "reduce.schema.json").read_text("utf-8")))
    assert reduced["gate"]["rounds"][0]["basis"] == "retention"
    assert reduced["gate"]["models"][0]["calls"] == len(stub.seen)


@pytest.mark.parametrize(
    "arguments",
    [("--gate=faithfulness",), ("--gate=adaptive",), ("--exam=e.json",), ("--gate=no",)],
)
def test_a_gate_that_reduce_has_not_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    """Said before anything is done."""
    done = run("reduce", SKILL, "--dry-run", *arguments)
    assert (done.exit_code, done.stdout) == (2, b"")
