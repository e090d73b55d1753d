"""A model writes an exam: every quote is looked for, asked for once more, and dropped where it is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skill_distiller.errors import ProviderError
from skill_distiller.exams.exam_files import exam_of, exam_to_json
from skill_distiller.exams.model import Check, CheckType
from skill_distiller.exams.sandbox import find_sandbox
from skill_distiller.prompted.write_exam import ExamWriter, WrittenExam
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Session
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.parse import parse_skill

FOLDER = SkillFolder(
    None, parse_skill("---\nname: toy\ndescription: Use for toys.\n---\n# Toy\n\nNever paint the\ntoy. Use 4 wheels.\n")
).with_file("references/wheels.md", "Wheels are made of beech.\n")


def task(*evidence: str, **fields: Any) -> dict[str, Any]:
    """A task with a criterion for each quote."""
    criteria = [{"text": f"The response says {n}.", "evidence": [quote]} for n, quote in enumerate(evidence)]
    return {"kind": "constraint", "needs": "core", "prompt": "Build one.", "criteria": criteria, **fields}


def reply(*tasks: dict[str, Any]) -> str:
    """The reply of a model that wrote these tasks."""
    return json.dumps({"tasks": [{"index": n, **task} for n, task in enumerate(tasks)]})


def quotes(*texts: str) -> str:
    """The reply of a model that was asked for other quotes."""
    return json.dumps({"quotes": [{"index": n, "quote": text} for n, text in enumerate(texts)]})


def write(*script: Line, tasks: int = 1) -> tuple[WrittenExam, ScriptedProvider]:
    """The exam that replies make."""
    provider = ScriptedProvider(script)
    return ExamWriter(Session(provider), tasks).write(FOLDER), provider


def test_quotes_that_stand_in_the_skill_are_its_evidence() -> None:
    """White space aside; nothing more is asked."""
    written, provider = write(reply(task("Never paint the toy.", "Use 4 wheels.")))
    (made,) = written.exam.tasks
    assert [criterion.evidence for criterion in made.criteria] == [("Never paint the toy.",), ("Use 4 wheels.",)]
    assert (made.needs, made.kind, written[1:]) == ("core", "constraint", (0, 0, 0, 0, ()))
    assert written.exam.made_by == f"scripted/{provider.model}"
    assert len(provider.requests) == 1
    assert exam_of(exam_to_json(written.exam)) == written.exam


def test_a_quote_from_a_reference_makes_the_task_need_it() -> None:
    """Whatever the model says of it."""
    written, _ = write(reply(task("Never paint the toy.", "Wheels are made of beech.")))
    assert written.exam.tasks[0].needs == "reference"


def test_a_quote_that_is_not_there_is_asked_for_once_more() -> None:
    """The new one counts where it stands in the skill; else it is dropped and counted, with what hung on it."""
    script = reply(task("Never paint the toy.", "Use four wheels!", "Use a car."))
    written, provider = write(script, quotes("Use 4 wheels.", "Use a boat."))
    (made,) = written.exam.tasks
    assert [criterion.evidence for criterion in made.criteria] == [("Never paint the toy.",), ("Use 4 wheels.",)]
    assert (written.quotes_dropped, written.criteria_dropped, written.tasks_dropped) == (1, 1, 0)
    assert "said to stand there: Use a car." in provider.requests[1].prompt
    assert len(provider.requests) == 2


@pytest.mark.parametrize("again", [quotes("", ""), "nothing", "{}"])
def test_a_task_with_fewer_than_two_criteria_goes(again: str) -> None:
    """Two tasks, one of which has too little that the skill says."""
    good = task("Never paint the toy.", "Use 4 wheels.")
    written, _ = write(reply(good, task("Never paint the toy.", "Fly.", "Swim.")), again, tasks=2)
    assert len(written.exam.tasks) == 1
    assert (written.quotes_dropped, written.tasks_dropped) == (2, 1)


def test_nothing_that_the_skill_bears_out_is_an_error() -> None:
    """No exam is better than an invented one."""
    with pytest.raises(ProviderError, match="no task whose quotes stand in the skill"):
        write(reply(task("Fly.", "Swim.")), quotes("Dive.", "Sail."))


@pytest.mark.parametrize("bad", ["no", "{}", reply(), reply(task()), reply(task("x", prompt=3))])
def test_a_reply_of_no_use_is_asked_for_once_more(bad: str) -> None:
    """Then it is an error with what was wrong."""
    written, provider = write(bad, reply(task("Never paint the toy.", "Use 4 wheels.")))
    assert len(written.exam.tasks) == 1
    assert "could not be used" in provider.requests[1].prompt
    with pytest.raises(ProviderError, match="gave no exam"):
        write(bad, bad)


@pytest.mark.parametrize(
    ("check", "solution", "kept"),
    [
        ("assert double(2) == 4", "def double(x):\n    return 2 * x", True),
        ("assert double(2) == 4", "def double(x):\n    return x", False),
        ("assert True", "def double(x):\n    return 2 * x", False),
    ],
)
def test_a_check_by_code_has_to_pass_its_solution_and_fail_nothing_at_all(
    check: str, solution: str, kept: bool
) -> None:
    """Tried in the sandbox; without one no task is checked by code, and the prompt does not ask for it."""
    made = reply(task("Never paint the toy.", "Use 4 wheels.", check=check, solution=solution))
    without, provider = write(made)
    assert len(without.exam.criteria) == 2
    assert "Leave check and solution empty" in provider.requests[0].prompt
    sandbox = find_sandbox()
    if sandbox is None:
        pytest.skip("there is no bubblewrap that works here")
    provider = ScriptedProvider([made])
    written = ExamWriter(Session(provider), 1, sandbox).write(FOLDER)
    codes = [criterion.check for criterion in written.exam.criteria if criterion.check]
    assert codes == ([Check(CheckType.CODE, check)] if kept else [])
    assert written.checks_dropped == (not kept)
    assert "about writing Python" in provider.requests[0].prompt


def test_hostile_replies_make_no_exam_of_their_own() -> None:
    """Wrong types, too much of everything: what is of use is taken, the rest is not."""
    wild = task("Never paint the toy.", "Use 4 wheels.", kind=["x"], needs=5)
    wild["criteria"] += [
        3,
        {"text": "t"},
        {"text": 1, "evidence": ["Use 4 wheels."]},
        {"text": "t", "evidence": 9},
    ] * 50
    written, _ = write(reply(wild))
    assert len(written.exam.criteria) == 2
    assert written.exam.tasks[0].kind == ""
