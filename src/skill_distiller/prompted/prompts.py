"""What a language model is asked: the prompts, one file each in `prompts/`, with the form of the reply to each.

Adding a prompt is a file `prompts/<name>.md` and an entry in `PROMPTS`. Under `=== reply` stands a JSON object:
for each field of the reply its JSON Schema, or a list of one object that stands for one about each thing asked about.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from string import Template
from typing import Any, Final

from skill_distiller.providers.model import Request, Schema


@dataclass(frozen=True, slots=True)
class Prompt:
    """What `prompts/<name>.md` holds: a version as in `classify/1`, the prompt with its blanks (`$name`)."""

    name: str
    version: str
    system: str
    text: str
    reply: Mapping[str, Any]

    def form(self, count: int) -> Schema:
        """The JSON Schema of a reply about `count` things, each of which is named by its `index` from 0 on."""
        index = {"type": "integer", "minimum": 0, "maximum": count - 1}
        fields = dict(self.reply)
        for name, field in fields.items():
            if isinstance(field, list):
                entry = _object({"index": index, **field[0]})
                fields[name] = {"type": "array", "minItems": count, "maxItems": count, "items": entry}
        return _object(fields)

    def request(
        self, reply_tokens: int, *, count: int = 1, sample: int, boundary: str, values: Mapping[str, str]
    ) -> Request:
        """The prompt about `count` things with every blank filled in, once: a `$` in a value stays as it is.

        `reply_tokens` is about how long the reply may get; `boundary` marks the text that is data, `sample`
        is as in `Request`.
        """
        return Request(
            Template(self.text).substitute(values, boundary=boundary),
            self.system,
            self.form(count),
            reply_tokens,
            sample=sample,
            boundary=boundary,
            prompt_version=self.version,
        )


def _object(properties: Mapping[str, object]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _read(name: str) -> Prompt:
    text = resources.files("skill_distiller.prompted").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    version, system, prompt, reply = re.split(r"\n=== (?:system|prompt|reply)\n", text)
    return Prompt(name, f"{name}/{version.removeprefix('version: ')}", system, prompt, json.loads(reply))


CLASSIFY: Final = _read("classify")
PHRASES: Final = _read("phrases")
REWRITE: Final = _read("rewrite")
SYNTHESIZE: Final = _read("synthesize")
JUDGE: Final = _read("judge")
ONE_LINER: Final = _read("oneliner")
PROMPTS: Final = (CLASSIFY, PHRASES, REWRITE, SYNTHESIZE, JUDGE, ONE_LINER)


def new_boundary(texts: Iterable[str]) -> str:
    """A random mark that stands in none of the texts: nobody who wrote them can have known it."""
    texts = tuple(texts)
    while True:
        boundary = f"#{secrets.token_hex(8)}"
        if not any(boundary in text for text in texts):
            return boundary
