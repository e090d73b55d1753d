"""A provider that answers from recorded replies, and remembers what it had no reply for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lab.model.replies import Line, Replies, asked_of, block_keys, name_of
from skill_distiller.providers.model import Completion, Request
from skill_distiller.tokens import estimate_tokens


class RecordedProvider:
    """Answers prompts from recorded replies; blocks that have none are left out of the answer.

    `unanswered` are the prompts that were not answered, or not for every block; `stale` the replies nobody asked for.
    """

    name = "recorded"
    address = ""
    parallel = 1
    model = "by-hand"

    def __init__(self, replies: Replies) -> None:
        self.unanswered: list[Request] = []
        self._replies = replies
        self._used: set[int] = set()

    def complete(self, request: Request) -> Completion:
        """The recorded reply; an empty one where there is none."""
        name = name_of(request.prompt_version)
        if name == "read":
            answer, whole = self._read(request)
        elif name == "rewrite":
            answer, whole = self._rewritten(request)
        else:
            answer, whole = self._whole(request)
        if not whole and not any(_asks_the_same(request, other) for other in self.unanswered):
            self.unanswered.append(request)
        text = json.dumps(answer, ensure_ascii=False)
        return Completion(text, self.model, estimate_tokens(request.prompt), estimate_tokens(text))

    def close(self) -> None:
        """There is nothing to give back."""

    @property
    def stale(self) -> tuple[str, ...]:
        """What the replies answer that nobody asked for, in words."""
        return tuple(_shown(line) for line in self._replies.lines if id(line) not in self._used)

    def _lines(self, request: Request) -> Iterator[Line]:
        return self._replies.of(request.prompt_version)

    def _read(self, request: Request) -> tuple[dict[str, Any], bool]:
        numbers = {key: number for number, key in block_keys(request).items()}
        answer: dict[str, Any] = {"blocks": [], "alike": []}
        for line in self._lines(request):
            if (number := numbers.get(line.get("block", ""))) is not None:
                self._used.add(id(line))
                said = {field: value for field, value in line.items() if field not in ("prompt", "block")}
                answer["blocks"].append({"index": number, **said, "repeats": numbers.get(str(said.get("repeats")), -1)})
            elif set(line.get("alike", ())) <= numbers.keys() and "alike" in line:
                self._used.add(id(line))
                answer["alike"].append([numbers[key] for key in line["alike"]])
        return answer, len(answer["blocks"]) == len(numbers)

    def _rewritten(self, request: Request) -> tuple[dict[str, Any], bool]:
        numbers = {key: number for number, key in block_keys(request).items()}
        texts, known = [], set[str]()
        for line in self._lines(request):
            named = line.get("blocks") or line.get("stay") or []
            if "text" in line and set(named) <= numbers.keys():
                texts.append({"blocks": [numbers[key] for key in named], "text": line["text"]})
            elif "text" in line or not set(named) & numbers.keys():
                continue
            self._used.add(id(line))
            known |= set(named)
        return {"texts": texts}, numbers.keys() <= known

    def _whole(self, request: Request) -> tuple[dict[str, Any], bool]:
        asked = asked_of(request.prompt, request.boundary)
        for line in self._lines(request):
            if line.get("asked") == asked:
                self._used.add(id(line))
                return line["reply"], True
        return {}, False


def _asks_the_same(one: Request, other: Request) -> bool:
    asked = [(r.prompt_version, asked_of(r.prompt, r.boundary)) for r in (one, other)]
    return asked[0] == asked[1]


def _shown(line: Line) -> str:
    named = line.get("block") or line.get("asked") or ", ".join(line.get("blocks") or line.get("alike") or ["none"])
    return f"{line['prompt']}: {named}"
