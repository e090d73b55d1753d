"""Prompts on paper: those without a recorded reply are written to files, and answers beside them are recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from lab.model.replies import Line, asked_of, keys_in, lines_for, name_of, read_replies, with_lines, write_replies
from skill_distiller.providers.model import Request

_PROMPT: Final = ".prompt.md"
_ANSWER: Final = ".answer.json"


def write_prompts(folder: Path, skill: str, requests: Iterable[Request]) -> list[Path]:
    """Write prompts to `SKILL.NAME.N.prompt.md`; what is answered in `SKILL.NAME.N.answer.json` can be recorded."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, request in enumerate(requests, 1):
        path = folder / f"{skill}.{name_of(request.prompt_version)}.{number}{_PROMPT}"
        head = f"{request.prompt_version} {request.boundary}"
        path.write_text(f"{head}\n\n{request.system}\n\n{request.prompt}", encoding="utf-8")
        written.append(path)
    return written


def record_answers(folder: Path, replies: Callable[[str], Path]) -> Iterator[str]:
    """Put the answers in a folder into the files of `replies`, one a skill; yields what was recorded, in words.

    Raises KeyError for an answer about a block that its prompt does not show, ValueError for one that is no JSON.
    """
    for path in sorted(folder.glob(f"*{_ANSWER}")):
        skill, name, _ = path.name.removesuffix(_ANSWER).rsplit(".", 2)
        lines = _lines(path)
        file = replies(skill)
        write_replies(file, with_lines(read_replies(file), lines))
        yield f"{skill}: {len(lines)} lines for {name}"


def _lines(answer: Path) -> list[Line]:
    text = answer.with_name(answer.name.removesuffix(_ANSWER) + _PROMPT).read_text(encoding="utf-8")
    head, _, prompt = text.partition("\n")
    version, boundary = head.split(" ")
    reply = json.loads(answer.read_text(encoding="utf-8"))
    return lines_for(version, keys_in(prompt, boundary), asked_of(prompt, boundary), reply)
