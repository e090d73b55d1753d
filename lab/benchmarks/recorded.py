"""Rewritings that were written down once, given back for the blocks that a prompt asks about.

A file of replies is JSON Lines. Its first line names their origin: `{"origin": "...", "prompt": "rewrite/1"}`.
Every other line is a piece of a skill and the texts that were given for it, one for each time it was
asked: `{"block": "...", "texts": ["...", "..."]}`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from skill_distiller.providers.model import Completion, Request
from skill_distiller.tokens import estimate_tokens


@dataclass(frozen=True, slots=True)
class Replies:
    """The replies of one file: where they come from, the prompt they answer, the texts of each piece by its text."""

    origin: str
    prompt: str
    texts: Mapping[str, tuple[str, ...]]


def read_replies(path: Path) -> Replies:
    """The replies in a file. Raises ValueError or KeyError where it is none."""
    head, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    texts = {line["block"].strip(): tuple(line["texts"]) for line in lines}
    return Replies(head["origin"], head["prompt"], texts)


class RecordedProvider:
    """Answers rewriting prompts from recorded replies; pieces that it has no text for are left out of the answer."""

    name = "recorded"
    address = ""
    parallel = 1

    def __init__(self, replies: Replies) -> None:
        self.model = replies.prompt
        self._replies = replies
        self._asked = Counter[str]()

    def complete(self, request: Request) -> Completion:
        """The recorded texts for the pieces of the prompt: the first, and when asked again the next."""
        texts = []
        for place, block in _pieces(request):
            found = self._replies.texts.get(block, ())
            if self._asked[block] < len(found):
                texts.append({"index": place, "text": found[self._asked[block]]})
            self._asked[block] += 1
        answer = json.dumps({"texts": texts})
        return Completion(answer, self.model, estimate_tokens(request.prompt), estimate_tokens(answer))

    def close(self) -> None:
        """There is nothing to give back."""


def _pieces(request: Request) -> Iterator[tuple[int, str]]:
    """The number and the text of each piece in a prompt."""
    _, _, rest = request.prompt.partition(f"\n{request.boundary} begin\n")
    body, _, _ = rest.partition(f"\n{request.boundary} end\n")
    for piece in body.split(f"{request.boundary} block ")[1:]:
        head, _, text = piece.partition("\n")
        yield int(head.split(" ", 1)[0]), text.strip()
