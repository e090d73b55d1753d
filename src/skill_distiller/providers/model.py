"""The contract of a provider: one method, one value in, one value out."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

Schema = Mapping[str, object]
ANY_OBJECT: Schema = {}  # the JSON Schema that every value fits: asks for JSON without saying which


class Finish(StrEnum):
    """How a reply ended."""

    DONE = "done"
    CUT = "cut at the token limit"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    `schema` is the JSON Schema of the reply, `ANY_OBJECT` for any JSON object, None for plain text.
    `reply_tokens` is about how long a reply may get. `sample` 0 asks for the likeliest reply, 1, 2, …
    for other draws. `boundary` is the random mark around text that is data; it is no part of what
    was asked, so two requests that differ in it alone are the same. `prompt_version` names the
    prompt that this is made of.
    """

    prompt: str
    system: str = ""
    schema: Schema | None = None
    reply_tokens: int = 1024
    sample: int = 0
    boundary: str = ""
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply: its text, the model that gave it and the tokens the server counted (0 where it did not)."""

    text: str
    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    finish: Finish = Finish.DONE


class Provider(Protocol):
    """The one door to a language model. All else (retries, cache, JSON, accounting) is built on it."""

    @property
    def name(self) -> str:
        """Of the kind: ollama, gemini, openai, scripted."""

    @property
    def model(self) -> str:
        """The model that is asked."""

    @property
    def address(self) -> str:
        """Where the text goes: scheme, host and port, without credentials; "" for nowhere."""

    @property
    def parallel(self) -> int:
        """How many requests may be under way at once."""

    def complete(self, request: Request) -> Completion:
        """Answer one request, once. Raises ProviderError; may be called from several threads."""

    def close(self) -> None:
        """Give its connections back; nothing is asked afterwards."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked of one provider in one run.

    `calls` are requests that were sent, retries and repairs included; `cached` are answers that
    came from the cache instead; the tokens are those that the server counted; `seconds` are those
    spent waiting for it, added up over requests that ran at the same time.
    """

    provider: str
    model: str
    address: str
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


class Meter:
    """Adds up, from any thread."""

    def __init__(self, provider: str, model: str, address: str) -> None:
        self._usage = Usage(provider, model, address)
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """What has been added up so far."""
        return self._usage

    def add(
        self, *, calls: int = 0, cached: int = 0, input_tokens: int = 0, output_tokens: int = 0, seconds: float = 0.0
    ) -> None:
        """Add to the counts."""
        with self._lock:
            now = self._usage
            self._usage = replace(
                now,
                calls=now.calls + calls,
                cached=now.cached + cached,
                input_tokens=now.input_tokens + input_tokens,
                output_tokens=now.output_tokens + output_tokens,
                seconds=now.seconds + seconds,
            )
