"""Replies that were written down once: a line for each block or prompt, found again by text and not by number.

A file of replies is JSON Lines. Its first line says where they come from: `{"origin": "..."}`. Every other line names
its `prompt` (as in `rewrite/3`) and what it answers:

- of `read`: the `block` with its answers, or a list of `alike` blocks;
- of `rewrite`: the `blocks` that a `text` says, or those that were looked at and `stay` as they are;
- of any other prompt: the `asked` text by its digest, with the whole `reply`.

A block is named by its first words and a digest of its text, the second of several equal ones with "~2".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from skill_distiller.providers.model import Request

ORIGIN: Final = (
    "replies written by Claude (Anthropic) in November 2026 for the prompts of this version; no server was asked"
)
_WORDS: Final = 5
_DIGITS: Final = 6
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies of one file: where they come from, and their lines."""

    origin: str
    lines: tuple[Line, ...]

    def of(self, prompt: str) -> Iterator[Line]:
        """The lines for a prompt of this very version."""
        return (line for line in self.lines if line["prompt"] == prompt)


def read_replies(path: Path) -> Replies:
    """The replies in a file, none where there is no file. Raises ValueError or KeyError for another form."""
    if not path.is_file():
        return Replies(ORIGIN, ())
    head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return Replies(head["origin"], tuple(lines))


def write_replies(path: Path, replies: Replies) -> None:
    """Write a file of replies."""
    lines = [{"origin": replies.origin}, *replies.lines]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def name_of(prompt: str) -> str:
    """The name of a prompt without its version: `rewrite/3` is of `rewrite`."""
    return prompt.partition("/")[0]


def block_keys(request: Request) -> dict[int, str]:
    """What the numbered blocks of a prompt are called in a file of replies."""
    return keys_in(request.prompt, request.boundary)


def keys_in(prompt: str, boundary: str) -> dict[int, str]:
    """The same for a prompt as text, with the mark around its data."""
    _, _, rest = prompt.partition(f"\n{boundary} begin\n")
    body, _, _ = rest.partition(f"\n{boundary} end\n")
    seen = Counter[str]()
    keys: dict[int, str] = {}
    for piece in body.split(f"{boundary} block ")[1:]:
        head, _, text = piece.partition("\n")
        key = key_of(text)
        seen[key] += 1
        keys[int(head.split(" ", 1)[0])] = f"{key}~{seen[key]}" if seen[key] > 1 else key
    return keys


def key_of(text: str) -> str:
    """What a text is called: its first words and a digest of it."""
    words = re.findall(r"\w[\w'-]*", text)[:_WORDS]
    return f"{' '.join(words)} #{_digest(text)}"


def asked_of(prompt: str, boundary: str) -> str:
    """The digest of all that a prompt shows as data; the random mark around it is no part of that."""
    _, _, rest = prompt.partition(f"\n{boundary} begin\n")
    body, _, _ = rest.partition(f"\n{boundary} end\n")
    return _digest(body.replace(boundary, "#"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode()).hexdigest()[:_DIGITS]


def lines_for(prompt: str, keys: Mapping[int, str], asked: str, reply: Mapping[str, Any]) -> list[Line]:
    """The lines that a reply in the form of its prompt becomes. Raises KeyError for a block nobody asked about."""
    name = name_of(prompt)
    if name == "read":
        return list(_read_lines(prompt, keys, reply))
    if name == "rewrite":
        return list(_rewrite_lines(prompt, keys, reply))
    return [{"prompt": prompt, "asked": asked, "reply": reply}]


def _read_lines(prompt: str, keys: Mapping[int, str], reply: Mapping[str, Any]) -> Iterator[Line]:
    for entry in reply["blocks"]:
        said = {field: value for field, value in entry.items() if field != "index"}
        if entry.get("repeats", -1) >= 0:
            said["repeats"] = keys[entry["repeats"]]
        yield {"prompt": prompt, "block": keys[entry["index"]], **said}
    for numbers in reply.get("alike", ()):
        yield {"prompt": prompt, "alike": [keys[number] for number in numbers]}


def _rewrite_lines(prompt: str, keys: Mapping[int, str], reply: Mapping[str, Any]) -> Iterator[Line]:
    told: set[int] = set()
    for entry in reply["texts"]:
        told |= set(entry["blocks"])
        yield {"prompt": prompt, "blocks": [keys[number] for number in entry["blocks"]], "text": entry["text"]}
    if left := [key for number, key in keys.items() if number not in told]:
        yield {"prompt": prompt, "stay": left}


def with_lines(replies: Replies, new: Sequence[Line]) -> Replies:
    """The replies with new lines in the place of all that answered the same, and of what answered older versions."""
    names, said = {name_of(line["prompt"]): line["prompt"] for line in new}, {_answered(line) for line in new}
    alike = {line["prompt"] for line in new if "alike" in line}
    kept = [
        line
        for line in replies.lines
        if names.get(name_of(line["prompt"]), line["prompt"]) == line["prompt"]
        and not any(_overlap(_answered(line), other) for other in said)
        and not ("alike" in line and line["prompt"] in alike)
    ]
    return Replies(ORIGIN, (*kept, *new))


def _answered(line: Line) -> tuple[str, frozenset[str]]:
    """The prompt and what of it a line answers."""
    named: Iterable[str] = line.get("blocks") or line.get("stay") or [line.get("block") or line.get("asked") or ""]
    return line["prompt"], frozenset(named)


def _overlap(one: tuple[str, frozenset[str]], other: tuple[str, frozenset[str]]) -> bool:
    return one[0] == other[0] and bool((one[1] & other[1]) - {""})
