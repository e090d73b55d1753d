"""The provider for demonstrations and tests: replies from a list, or made up to fit the schema. No network.

A script is a JSON list. Each item is the text of a reply, or an object with `text` and, if need be,
`finish` ("done", "cut at the token limit", "refused"), or one with `error` (an HTTP status, or
"hang-up"), `said` and `retry_after`. They are given in order; but where items have `when`, a list of texts,
each request gets the first item whose texts all stand in its prompt. Without a script every reply is the
smallest value that fits the schema, with choices drawn from a hash of the prompt: the same for the same prompt.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from skill_distiller.errors import ProviderError, UsageError, reason_of
from skill_distiller.providers.model import Completion, Finish, Request, Schema
from skill_distiller.providers.network import lost_connection, status_error
from skill_distiller.skill.safe_files import read_regular
from skill_distiller.tokens import estimate_tokens

DEFAULT_MODEL: Final = "made-up"
_MOST_BYTES: Final = 20_000_000  # of a script
Line = str | Mapping[str, object]


class ScriptedProvider:
    """Gives the replies of a script in order and keeps the requests it saw; without one it makes replies up."""

    name = "scripted"
    address = ""
    parallel = 1

    def __init__(self, script: Sequence[Line] | None = None, model: str = "") -> None:
        self.model = model or (DEFAULT_MODEL if script is None else f"script-{_digest(script)}")
        self.requests: list[Request] = []
        self._script = script
        self._by_prompt = any(isinstance(line, Mapping) and "when" in line for line in script or ())
        self._lock = threading.Lock()

    def complete(self, request: Request) -> Completion:
        """The next reply."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests) - 1
        if self._script is None:
            prompt = request.prompt.replace(request.boundary, "") if request.boundary else request.prompt
            seed = hashlib.sha256(f"{request.sample}\n{prompt}".encode("utf-8", "replace"))
            text = json.dumps(made_up(request.schema or {}, seed.hexdigest()))
            return self._reply(request, text, Finish.DONE)
        if self._by_prompt:
            number = _place_of(self._script, request.prompt)
        if number >= len(self._script):
            raise ProviderError(f"The script has {len(self._script)} replies, and another one was asked for.")
        try:
            return self._play(self._script[number], request)
        except ValueError as error:
            raise ProviderError(
                f"Reply {number + 1} of the script is none: {error}.", "See docs/providers.md."
            ) from None

    def _play(self, line: Line, request: Request) -> Completion:
        if isinstance(line, str):
            return self._reply(request, line, Finish.DONE)
        if "error" in line:
            if line["error"] == "hang-up":
                raise lost_connection(self, ConnectionResetError("scripted"))
            headers = {"retry-after": str(line["retry_after"])} if "retry_after" in line else {}
            raise status_error(self, request, int(str(line["error"])), str(line.get("said", "scripted")), headers)
        time.sleep(float(str(line.get("seconds", 0))))
        return self._reply(request, str(line.get("text", "")), Finish(str(line.get("finish", "done"))))

    def close(self) -> None:
        """There is nothing to give back."""

    def _reply(self, request: Request, text: str, finish: Finish) -> Completion:
        tokens = estimate_tokens(request.system) + estimate_tokens(request.prompt)
        return Completion(text, self.model, tokens, estimate_tokens(text), finish)


def _place_of(script: Sequence[Line], prompt: str) -> int:
    """The place of the first reply whose texts all stand in a prompt; raises ProviderError for none."""
    for place, line in enumerate(script):
        texts = line.get("when") if isinstance(line, Mapping) else None
        if isinstance(texts, list) and texts and all(str(text) in prompt for text in texts):
            return place
    raise ProviderError("The script has no reply for what is asked.", "See docs/providers.md.")


def read_script(path: str) -> Sequence[Line]:
    """The script in a file. Raises UsageError where it is none."""
    try:
        lines = json.loads(read_regular(Path(path), _MOST_BYTES))
    except OSError as error:
        raise UsageError(
            f"Can't read the script {path!r}: {reason_of(error)}.", "Check SKILL_DISTILLER_SCRIPT."
        ) from None
    except (ValueError, RecursionError):
        lines = None
    if not isinstance(lines, list) or not all(isinstance(line, str | dict) for line in lines):
        raise UsageError(f"The script {path!r} is not a JSON list of replies.", "See docs/providers.md.")
    return lines


def made_up(schema: Schema, seed: str, place: int = 0) -> object:
    """A small value that fits a JSON Schema; `place` is the place in the list it goes to.

    Whole numbers with a minimum count up along a list, so that a list of numbered answers is complete.

    >>> made_up({"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 4}}, "")
    [4, 5]
    """
    if "enum" in schema:
        choices = schema["enum"]
        return choices[_draw(seed, place) % len(choices)] if isinstance(choices, list) else None
    match schema.get("type"):
        case "object":
            fields = schema.get("properties")
            names = fields.items() if isinstance(fields, Mapping) else ()
            return {name: made_up(field, f"{seed}/{name}", place) for name, field in names}
        case "array":
            items, least = schema.get("items"), schema.get("minItems", 0)
            count = least if isinstance(least, int) else 0
            return [made_up(items, seed, i) for i in range(count)] if isinstance(items, Mapping) else []
        case "integer":
            return int(str(schema.get("minimum", 0))) + place
        case "number":
            low, high = float(str(schema.get("minimum", 0))), float(str(schema.get("maximum", 1)))
            return round(low + (high - low) * (60 + _draw(seed, place) % 40) / 100, 2)
        case "string":
            return ""
        case _:
            return {}


def _digest(script: Sequence[Line]) -> str:
    """Another script is another model: neither finds the other's answers in the cache."""
    return hashlib.sha256(json.dumps(list(script), default=str).encode()).hexdigest()[:8]


def _draw(seed: str, place: int) -> int:
    return int(hashlib.sha256(f"{seed}/{place}".encode()).hexdigest()[:8], 16)
