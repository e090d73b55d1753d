"""Prompts live in files of their own beside this one: a version, what the model is, and what it is asked."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template

from skill_distiller.providers.model import Request, Schema


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt with its blanks (`$name`); `version` is its name and number, as in `classify/1`."""

    version: str
    system: str
    template: Template

    def request(self, schema: Schema, reply_tokens: int, *, sample: int, boundary: str, **values: str) -> Request:
        """The prompt with every blank filled in, once: a `$` in a value stays as it is.

        `reply_tokens` is about how long the reply may get; `boundary` marks the text that is data, `sample`
        is as in `Request`.
        """
        return Request(
            self.template.substitute(values, boundary=boundary),
            self.system,
            schema,
            reply_tokens,
            sample=sample,
            boundary=boundary,
            prompt_version=self.version,
        )


@lru_cache(maxsize=8)
def load_prompt(name: str) -> Prompt:
    """The prompt in `prompts/<name>.md`."""
    text = resources.files("skill_distiller.prompted").joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    head, _, rest = text.partition("\n=== system\n")
    system, _, prompt = rest.partition("\n=== prompt\n")
    return Prompt(f"{name}/{head.removeprefix('version: ').strip()}", system.strip(), Template(prompt.strip()))


def new_boundary(texts: Iterable[str]) -> str:
    """A random mark that stands in none of the texts: nobody who wrote them can have known it."""
    texts = tuple(texts)
    while True:
        boundary = f"#{secrets.token_hex(8)}"
        if not any(boundary in text for text in texts):
            return boundary
