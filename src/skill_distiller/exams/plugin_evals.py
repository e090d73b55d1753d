"""The cases of `claude plugin eval`, read and written: a folder with a prompt and graders for each task."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from skill_distiller.errors import BadInputError, reason_of
from skill_distiller.exams.exam_files import MAX_TASKS, Fault, as_object, as_text, checked, compilable, each
from skill_distiller.exams.model import Check, CheckType, Criterion, Exam, Fields, Task
from skill_distiller.skill.frontmatter import read_fields
from skill_distiller.skill.model import FrontmatterState
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.safe_files import read_below

PROMPT_FILE: Final = "prompt.md"
_CASE_FILE: Final = "case.yaml"
_GRADERS: Final = "graders"
_MAX_BYTES: Final = 200_000  # of one file
_MAX_FILES: Final = 5000  # that are looked through for cases
_MAX_GRADERS: Final = 100  # of a case
_HINT: Final = "A case is a folder with prompt.md and graders/*.md (docs/exams.md)."
_ANSWER: Final = ("", "last_message")  # what a grader may look at that an answer alone can decide
_ODD: Final = re.compile(r"[^A-Za-z0-9_-]+")


def read_plugin_evals(root: str | Path) -> Exam:
    """The exam in a folder of cases, or in the folder `evals` of a plugin.

    Graders that look at what an agent did besides answering (tools, files) are kept, and can't be decided here.
    Raises BadInputError, with file and field, for what can't be read.
    """
    folder = Path(root)
    folder = folder / "evals" if (folder / "evals").is_dir() else folder
    try:
        tasks = tuple(_case(folder, place) for place in _cases(folder))
        return checked(Exam(folder.resolve().parent.name if folder.name == "evals" else folder.resolve().name, tasks))
    except Fault as fault:
        raise BadInputError(f"The cases in {str(root)!r}: {fault}.", _HINT) from None
    except OSError as error:
        raise BadInputError(f"Can't read {str(root)!r}: {reason_of(error)}.", _HINT) from None


def _cases(folder: Path) -> list[PurePosixPath]:
    """The folders of the cases below a folder, links not followed."""
    found: set[PurePosixPath] = set()
    waiting, seen = [PurePosixPath()], 0
    while waiting:
        place = waiting.pop()
        for entry in sorted((folder / place).iterdir()):
            seen += 1
            if seen > _MAX_FILES:
                raise Fault(f"there are more than {_MAX_FILES:,} files")
            if entry.is_dir() and not entry.is_symlink() and entry.name != _GRADERS:
                waiting.append(place / entry.name)
            elif entry.name in (PROMPT_FILE, _CASE_FILE):
                found.add(place)
    if len(found) > MAX_TASKS:
        raise Fault(f"there are more than {MAX_TASKS:,} cases")
    return sorted(found)


def _case(folder: Path, place: PurePosixPath) -> Task:
    fields: dict[str, object] = {}
    prompt = ""
    if (folder / place / _CASE_FILE).exists():
        fields |= _yaml(_read(folder, place / _CASE_FILE), str(place / _CASE_FILE))
    if (folder / place / PROMPT_FILE).exists():
        own, prompt = _split(_read(folder, place / PROMPT_FILE), str(place / PROMPT_FILE))
        fields |= own
    name = str(place / PROMPT_FILE)
    listed = each(fields.pop("graders", []), f"{place / _CASE_FILE}: graders", _listed, _MAX_GRADERS)
    criteria = (*(_grader(f"g{n}", found, "", where) for n, (found, where) in enumerate(listed, 1)),)
    criteria += tuple(_grader_files(folder, place / _GRADERS))
    if not criteria:
        raise Fault(f"{place} has no graders")
    asked = prompt.strip() or fields.pop("prompt", None)
    return Task(str(place) if place.parts else folder.name, as_text(asked, name), criteria, extra=fields)


def _listed(value: object, where: str) -> tuple[Fields, str]:
    return as_object(value, where), where


def _grader_files(folder: Path, place: PurePosixPath) -> Iterator[Criterion]:
    if not (folder / place).is_dir():
        return
    files = sorted(path.name for path in (folder / place).iterdir() if path.suffix == ".md")
    if len(files) > _MAX_GRADERS:
        raise Fault(f"{place} holds more than {_MAX_GRADERS} graders")
    for name in files:
        fields, body = _split(_read(folder, place / name), str(place / name))
        yield _grader(name.removesuffix(".md"), fields, body.strip(), str(place / name))


def _grader(name: str, fields: Fields, body: str, where: str) -> Criterion:
    kind = as_text(fields.get("type"), f"{where}: type")
    extra = {key: value for key, value in fields.items() if key not in ("type", "flags", "pattern", "rubric", "match")}
    looks_at = fields.get("target", fields.get("focus", ""))
    if kind == "llm" and looks_at in _ANSWER:
        return Criterion(name, as_text(body or fields.get("rubric"), f"{where}: the rubric"), extra=extra)
    if kind == "regex" and looks_at in _ANSWER:
        against = fields.get("match") == "not_contains"
        given = fields.get("pattern")
        pattern = as_text(given or body, f"{where}: the pattern")
        told = body if given and body else f"The response {'does not match' if against else 'matches'} {pattern}"
        check = Check(CheckType.NOT_REGEX if against else CheckType.REGEX, pattern, str(fields.get("flags") or ""))
        return Criterion(name, told, check=compilable(check, f"{where}: the pattern"), extra=extra)
    kept = {key: value for key, value in fields.items() if key != "type"}
    return Criterion(name, body or f"Grader {kind} {name}", check=Check(CheckType.RUNTIME, kind, extra=kept))


def _split(text: str, where: str) -> tuple[dict[str, object], str]:
    """The fields of a Markdown file and what stands below them; raises Fault for fields that can't be read."""
    parsed = parse_skill(text)
    if parsed.frontmatter.state not in (FrontmatterState.OK, FrontmatterState.MISSING):
        raise Fault(f"{where} has a frontmatter that is {parsed.frontmatter.state.value}")
    return dict(parsed.frontmatter.fields), parsed.body


def _yaml(text: str, where: str) -> Mapping[str, object]:
    fields = read_fields(text)
    if fields is None:
        raise Fault(f"{where} is not YAML with fields (tags and aliases are not accepted)")
    return fields


def _read(folder: Path, place: PurePosixPath) -> str:
    content = read_below(folder, place, _MAX_BYTES)
    if len(content) > _MAX_BYTES:
        raise Fault(f"{place} is larger than {_MAX_BYTES:,} bytes")
    return content.decode("utf-8", "replace").replace("\0", "\ufffd")


def plugin_files(exam: Exam) -> dict[PurePosixPath, str]:
    """The files of the cases that an exam makes, by their paths below `evals`; evidence has no place in them."""
    files: dict[PurePosixPath, str] = {}
    for number, task in enumerate(exam.tasks, 1):
        place = PurePosixPath(*filter(None, (_slug(part) for part in task.id.split("/"))) or (f"case-{number}",))
        while place / PROMPT_FILE in files:
            place = place.with_name(f"{place.name}-{number}")
        whole = "schema_version" in task.extra  # what a case.yaml said, whose fields are no frontmatter
        files[place / PROMPT_FILE] = _file({} if whole else task.extra, task.prompt)
        if whole:
            files[place / _CASE_FILE] = _yaml_text(task.extra)
        for criterion in task.asked:
            file = place / _GRADERS / f"{_slug(criterion.id) or 'criterion'}.md"
            while file in files:
                file = file.with_name(f"{file.stem}-{number}.md")
            files[file] = _grader_file(criterion)
    return files


def _grader_file(criterion: Criterion) -> str:
    check = criterion.check
    if check is None:
        return _file({"type": "llm", **criterion.extra}, criterion.text)
    if check.type is CheckType.RUNTIME:
        return _file({"type": check.value, **check.extra}, criterion.text)
    if check.type is CheckType.CODE:  # a grader runs no code: a judge is told what it would have to do
        return _file({"type": "llm"}, f"{criterion.text}\n\n```python\n{check.value.strip()}\n```")
    literal = check.type in (CheckType.CONTAINS, CheckType.NOT_CONTAINS)
    fields: dict[str, object] = {"type": "regex", "pattern": re.escape(check.value) if literal else check.value}
    if flags := "i" if literal else check.flags:
        fields["flags"] = flags
    if check.type in (CheckType.NOT_CONTAINS, CheckType.NOT_REGEX):
        fields["match"] = "not_contains"
    return _file({**fields, **criterion.extra}, criterion.text)


def _file(fields: Fields, body: str) -> str:
    head = _yaml_text(fields) if fields else ""
    return f"---\n{head}---\n\n{body.strip()}\n" if head else f"{body.strip()}\n"


def _yaml_text(fields: Fields) -> str:
    import yaml

    return yaml.safe_dump(dict(fields), allow_unicode=True, sort_keys=False)


def _slug(name: str) -> str:
    return _ODD.sub("-", name).strip("-")[:80]
