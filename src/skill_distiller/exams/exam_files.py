"""Exams in JSON, read and written: the form of this tool, and the `evals.json` of the Agent Skills format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

import regex

from skill_distiller.errors import BadInputError, reason_of
from skill_distiller.exams.model import Check, CheckType, Criterion, Exam, Fields, Task
from skill_distiller.skill.safe_files import read_regular

SCHEMA: Final = "skill-distiller/exam/1"
MAX_BYTES: Final = 10_000_000
MAX_TASKS: Final = 1000
_MAX_CRITERIA: Final = 300  # of a task
_MAX_QUOTES: Final = 50  # of a criterion
_MAX_ALL: Final = 5000  # criteria of an exam
_MAX_CHARS: Final = 50_000  # of one text
_HINT: Final = "docs/exams.md describes the forms that are read."
T = TypeVar("T")

# The names that a field of an eval goes by, the one that is written first.
_PROMPT: Final = ("prompt", "question")
_EXPECTED: Final = ("expected_output", "ground_truth")
_ASSERTIONS: Final = ("assertions", "expectations", "expected_behavior")


class Fault(Exception):
    """What is wrong at a place inside a file: `str(fault)` is "tasks[2].prompt is not a text"."""


def read_exam(path: str | Path) -> Exam:
    """The exam in a JSON file, of either form.

    Raises BadInputError, with the place in the file, for what is none: not there, too large, not JSON, a field of a
    wrong type, an id given twice, an expression that can't be compiled.
    """
    name = str(path)
    try:
        content = read_regular(Path(path), MAX_BYTES)
    except (OSError, ValueError) as error:
        raise BadInputError(f"Can't read the exam {name!r}: {reason_of(error)}.", _HINT) from None
    if len(content) > MAX_BYTES:
        raise BadInputError(f"The exam {name!r} is larger than {MAX_BYTES:,} bytes.", _HINT)
    return parse_exam(content.decode("utf-8-sig", "replace"), name)


def parse_exam(text: str, name: str = "exam") -> Exam:
    """The exam in a JSON text, `name` in messages; raises as `read_exam`."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadInputError(f"The exam {name!r} holds half a character.", "Take it out of the file.") from None
    except RecursionError:
        raise BadInputError(f"The exam {name!r} is nested too deeply.", _HINT) from None
    except ValueError as error:
        raise BadInputError(f"The exam {name!r} is not JSON: {error}.", _HINT) from None
    try:
        return exam_of(value)
    except Fault as fault:
        raise BadInputError(f"The exam {name!r}: {fault}.", _HINT) from None


def exam_of(value: object) -> Exam:
    """The exam that a JSON value is; raises Fault."""
    if isinstance(value, list) or (isinstance(value, dict) and "evals" in value and "tasks" not in value):
        return _of_evals(value)
    top = as_object(value, "the file")
    if str(top.get("schema", SCHEMA)) != SCHEMA:
        raise Fault(f"schema is {str(top['schema'])[:60]!r}, and {SCHEMA!r} is what this version reads")
    tasks = each(top.get("tasks"), "tasks", _task, MAX_TASKS)
    known = ("schema", "skill", "made_by", "tasks")
    return checked(Exam(_word(top, "skill", ""), tasks, _word(top, "made_by", ""), _others(top, known)))


def checked(exam: Exam) -> Exam:
    """The exam, which has tasks with ids of their own; raises Fault where it has not."""
    if not exam.tasks:
        raise Fault("it has no tasks")
    if len(exam.criteria) > _MAX_ALL:
        raise Fault(f"it has more than {_MAX_ALL:,} criteria")
    distinct((task.id for task in exam.tasks), "tasks")
    for number, task in enumerate(exam.tasks):
        distinct((criterion.id for criterion in task.criteria), f"tasks[{number}].criteria")
    return exam


def _task(value: object, where: str) -> Task:
    fields = as_object(value, where)
    known = ("id", "kind", "needs", "prompt", "expected", "files", "criteria", "check")
    criteria = each(fields.get("criteria", []), f"{where}.criteria", _criterion, _MAX_CRITERIA)
    task_id = identifier(fields, where)
    if "check" in fields:  # Python that decides the whole task
        code = Check(CheckType.CODE, as_text(fields["check"], f"{where}.check"))
        criteria += (Criterion(f"{task_id}.check", "The code of the answer passes the check of the task.", check=code),)
    expected = _word(fields, "expected", where)
    if not criteria and not expected:
        raise Fault(f"{where}.criteria is empty, and nothing else says what is expected")
    return Task(
        task_id,
        as_text(fields.get("prompt"), f"{where}.prompt"),
        criteria,
        kind=_word(fields, "kind", where),
        needs=_word(fields, "needs", where),
        expected=expected,
        files=each(fields.get("files", []), f"{where}.files", as_text, _MAX_QUOTES),
        extra=_others(fields, known),
    )


def _criterion(value: object, where: str) -> Criterion:
    fields = as_object(value, where)
    check = _check(fields["check"], f"{where}.check") if fields.get("check") is not None else None
    return Criterion(
        identifier(fields, where),
        as_text(fields.get("text"), f"{where}.text"),
        each(fields.get("evidence", []), f"{where}.evidence", as_text, _MAX_QUOTES),
        check,
        _others(fields, ("id", "text", "evidence", "check")),
    )


def _check(value: object, where: str) -> Check:
    fields = as_object(value, where)
    named = _word(fields, "type", where)
    if named not in tuple(CheckType):
        raise Fault(f"{where}.type is {named[:60]!r}, and has to be one of {', '.join(CheckType)}")
    extra = _others(fields, ("type", "value", "flags"))
    found = Check(
        CheckType(named), as_text(fields.get("value"), f"{where}.value"), _word(fields, "flags", where), extra
    )
    return compilable(found, f"{where}.value")


def compilable(check: Check, where: str) -> Check:
    """The check, whose expression can be compiled; raises Fault where it can't."""
    if check.type in (CheckType.REGEX, CheckType.NOT_REGEX):
        try:
            check.compiled()
        except (regex.error, RecursionError, OverflowError) as error:
            raise Fault(f"{where} is no expression: {error}") from None
    return check


def _of_evals(value: object) -> Exam:
    top = value if isinstance(value, dict) else {"evals": value}
    if isinstance(value, list) and value and all(isinstance(v, dict) and "query" in v for v in value):
        raise Fault("it is a list of queries that trigger a skill, which say nothing of what its answers hold")
    tasks = each(top.get("evals"), "evals", _eval, MAX_TASKS)
    return checked(Exam(_word(top, "skill_name", ""), tasks, extra=_others(top, ("skill_name", "evals"))))


def _eval(value: object, where: str) -> Task:
    fields = as_object(value, where)
    task_id = identifier(fields, where)
    expected = next((_word(fields, name, where) for name in _EXPECTED if fields.get(name) is not None), "")
    listed = next((name for name in _ASSERTIONS if fields.get(name) is not None), "")
    said = fields.get(listed, [])
    items = [said] if isinstance(said, str) else said

    def assertion(item: object, place: str) -> Criterion:
        return _assertion(item, place, f"{task_id}.{int(place.rpartition('[')[2][:-1]) + 1}")

    criteria = each(items, f"{where}.{listed}", assertion, _MAX_CRITERIA)
    if not criteria and not expected:
        raise Fault(f"{where} has neither assertions nor an expected output")
    asked = next((name for name in _PROMPT if name in fields), _PROMPT[0])
    known = ("id", asked, *_EXPECTED, listed, "files")
    return Task(
        task_id,
        as_text(fields.get(asked), f"{where}.{asked}"),
        criteria,
        expected=expected,
        files=each(fields.get("files") or [], f"{where}.files", as_text, _MAX_QUOTES),
        extra=_others(fields, known),
    )


def _assertion(value: object, where: str, name: str) -> Criterion:
    if isinstance(value, str):
        return Criterion(name, as_text(value, where))
    fields = as_object(value, where)
    said = next((key for key in ("text", "name", "description", "assertion") if key in fields), "text")
    named = str(fields.get("type", ""))
    if named in tuple(CheckType) and "value" in fields:
        check = compilable(
            Check(CheckType(named), as_text(fields["value"], f"{where}.value"), _word(fields, "flags", where)),
            f"{where}.value",
        )
        text = _word(fields, said, where) or f"The response {named.replace('_', ' ')}: {check.value}"
        return Criterion(name, text, check=check, extra=_others(fields, (said, "type", "value", "flags")))
    return Criterion(name, as_text(fields.get(said), f"{where}.{said}"), extra=_others(fields, (said,)))


def exam_to_json(exam: Exam) -> dict[str, object]:
    """An exam in the form of this tool, with every field that was not known when it was read."""
    return {
        "schema": SCHEMA,
        "skill": exam.skill,
        **({"made_by": exam.made_by} if exam.made_by else {}),
        **exam.extra,
        "tasks": [_task_to_json(task) for task in exam.tasks],
    }


def _task_to_json(task: Task) -> dict[str, object]:
    optional = {"kind": task.kind, "needs": task.needs, "expected": task.expected, "files": list(task.files)}
    return {
        "id": task.id,
        **{name: value for name, value in optional.items() if value},
        "prompt": task.prompt,
        **task.extra,
        "criteria": [_criterion_to_json(criterion) for criterion in task.criteria],
    }


def _criterion_to_json(criterion: Criterion) -> dict[str, object]:
    check = {"check": _check_to_json(criterion.check)} if criterion.check else {}
    return {
        "id": criterion.id,
        "text": criterion.text,
        "evidence": list(criterion.evidence),
        **check,
        **criterion.extra,
    }


def _check_to_json(check: Check) -> dict[str, object]:
    flags = {"flags": check.flags} if check.flags else {}
    return {"type": check.type.value, "value": check.value, **flags, **check.extra}


def exam_to_evals(exam: Exam) -> dict[str, object]:
    """An exam as `evals/evals.json`; evidence goes into a field `evidence` of its assertion, which others pass over."""
    return {
        "skill_name": exam.skill,
        **exam.extra,
        "evals": [
            {
                "id": int(task.id) if task.id.isdecimal() and len(task.id) < 10 else task.id,
                "prompt": task.prompt,
                "expected_output": task.expected,
                **({"files": list(task.files)} if task.files else {}),
                **task.extra,
                "assertions": [_to_assertion(criterion) for criterion in task.criteria],
            }
            for task in exam.tasks
        ],
    }


def _to_assertion(criterion: Criterion) -> object:
    extra = dict(criterion.extra)
    if criterion.evidence:
        extra["evidence"] = list(criterion.evidence)
    if criterion.check:
        return {"text": criterion.text, **_check_to_json(criterion.check), **extra}
    return {"text": criterion.text, **extra} if extra else criterion.text


def as_object(value: object, where: str) -> Fields:
    """The value, which is a JSON object; raises Fault where it is not."""
    if not isinstance(value, Mapping):
        raise Fault(f"{where} is missing" if value is None else f"{where} is not an object")
    return value


def as_text(value: object, where: str) -> str:
    """The value, which is a text that holds something; raises Fault where it is not."""
    if value is None:
        raise Fault(f"{where} is missing")
    if not isinstance(value, str):
        raise Fault(f"{where} is not a text")
    if not value.strip():
        raise Fault(f"{where} is empty")
    if len(value) > _MAX_CHARS:
        raise Fault(f"{where} is longer than {_MAX_CHARS:,} characters")
    return value


def each(value: object, where: str, read: Callable[[object, str], T], most: int) -> tuple[T, ...]:
    """What `read` makes of each item of a JSON list, with the place of the item; raises Fault."""
    if not isinstance(value, list):
        raise Fault(f"{where} is missing" if value is None else f"{where} is not a list")
    if len(value) > most:
        raise Fault(f"{where} holds more than {most:,} items")
    return tuple(read(item, f"{where}[{number}]") for number, item in enumerate(value))


def identifier(fields: Fields, where: str) -> str:
    """The `id` of an object, a text or a whole number; raises Fault where there is none."""
    value = fields.get("id")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else as_text(value, f"{where}.id")


def distinct(names: Iterator[str], where: str) -> None:
    """Raise Fault where a name comes twice."""
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        if name in seen:
            raise Fault(f"{where}[{number}].id is {name[:60]!r}, as that of {where}[{seen[name]}]")
        seen[name] = number


def _word(fields: Fields, name: str, where: str) -> str:
    """The text of a field that may be missing or empty; raises Fault for anything else."""
    value = fields.get(name, "")
    place = f"{where}.{name}" if where else name
    return as_text(value, place) if value not in ("", None) else ""


def _others(fields: Fields, known: tuple[str, ...]) -> Fields:
    return {name: value for name, value in fields.items() if name not in known}
