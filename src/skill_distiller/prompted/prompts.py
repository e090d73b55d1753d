"""What a language model is asked: the prompts, one file each in `prompts/`, with the form of the reply to each.

Adding a prompt is a file `prompts/<name>.md` and an entry in `PROMPTS`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template
from typing import Final, NamedTuple

from skill_distiller.analysis.model import SectionType
from skill_distiller.providers.model import Request, Schema

JUDGE_QUESTIONS: Final = ("triggers", "actions", "constraints", "behavior")
ONE_LINER_FIELDS: Final = ("trigger", "action", "result")


def object_schema(properties: Mapping[str, object]) -> Schema:
    """The JSON Schema of an object with these properties, each of them required."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def list_schema(name: str, count: int, properties: Mapping[str, object]) -> Schema:
    """The JSON Schema of a reply about `count` things: under `name` an object for each, by its `index` from 0 on."""
    index = {"type": "integer", "minimum": 0, "maximum": count - 1}
    entry = object_schema({"index": index, **properties})
    return object_schema({name: {"type": "array", "minItems": count, "maxItems": count, "items": entry}})


def label_schema(count: int) -> Schema:
    """The form of the types of so many blocks."""
    kinds = {"type": "string", "enum": [kind.value for kind in SectionType]}
    return list_schema("blocks", count, {"type": kinds, "confidence": {"type": "number", "minimum": 0, "maximum": 1}})


def phrase_schema(count: int) -> Schema:
    """The form of the phrases quoted from so many sections."""
    quotes = {"type": "array", "items": {"type": "string"}}
    potential = {"type": "number", "minimum": 0, "maximum": 1}
    fields = {"essential": quotes, "redundant": quotes, "compression_potential": potential}
    return list_schema("sections", count, fields)


def text_schema(count: int) -> Schema:
    """The form of so many texts."""
    return list_schema("texts", count, {"text": {"type": "string"}})


def score_schema(count: int) -> Schema:
    """The form of the answers to the four questions on one skill."""
    return object_schema({name: {"type": "number", "minimum": 0, "maximum": 100} for name in JUDGE_QUESTIONS})


def lines_schema(count: int) -> Schema:
    """The form of the three lines of one skill."""
    return object_schema({name: {"type": "string"} for name in ONE_LINER_FIELDS})


class PromptFile(NamedTuple):
    """What `prompts/<name>.md` holds; `version` is its name and number, as in `classify/1`."""

    version: str
    system: str
    template: Template


@lru_cache(maxsize=16)
def read_prompt(name: str) -> PromptFile:
    """The content of `prompts/<name>.md`: a version, the system text, the prompt with its blanks (`$name`)."""
    text = resources.files("skill_distiller.prompted").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    head, _, rest = text.partition("\n=== system\n")
    system, _, prompt = rest.partition("\n=== prompt\n")
    return PromptFile(f"{name}/{head.removeprefix('version: ').strip()}", system.strip(), Template(prompt.strip()))


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt by the name of its file; `form` gives the JSON Schema of a reply about so many things."""

    name: str
    form: Callable[[int], Schema]

    @property
    def text(self) -> str:
        """The prompt with its blanks."""
        return read_prompt(self.name).template.template

    @property
    def version(self) -> str:
        """Name and number, as in `classify/1`."""
        return read_prompt(self.name).version

    def request(
        self, reply_tokens: int, *, count: int = 1, sample: int, boundary: str, values: Mapping[str, str]
    ) -> Request:
        """The prompt about `count` things with every blank filled in, once: a `$` in a value stays as it is.

        `reply_tokens` is about how long the reply may get; `boundary` marks the text that is data, `sample`
        is as in `Request`.
        """
        file = read_prompt(self.name)
        return Request(
            file.template.substitute(values, boundary=boundary),
            file.system,
            self.form(count),
            reply_tokens,
            sample=sample,
            boundary=boundary,
            prompt_version=file.version,
        )


CLASSIFY: Final = Prompt("classify", label_schema)
PHRASES: Final = Prompt("phrases", phrase_schema)
REWRITE: Final = Prompt("rewrite", text_schema)
SYNTHESIZE: Final = Prompt("synthesize", text_schema)
JUDGE: Final = Prompt("judge", score_schema)
ONE_LINER: Final = Prompt("oneliner", lines_schema)
PROMPTS: Final = (CLASSIFY, PHRASES, REWRITE, SYNTHESIZE, JUDGE, ONE_LINER)


def new_boundary(texts: Iterable[str]) -> str:
    """A random mark that stands in none of the texts: nobody who wrote them can have known it."""
    texts = tuple(texts)
    while True:
        boundary = f"#{secrets.token_hex(8)}"
        if not any(boundary in text for text in texts):
            return boundary
