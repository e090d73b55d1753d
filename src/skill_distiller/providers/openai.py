"""OpenAI, and every server that speaks its chat completions API, through the official SDK."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import openai

from skill_distiller.errors import ProviderError
from skill_distiller.providers.model import OPENAI_ADDRESS, Completion, Finish, Request
from skill_distiller.providers.network import (
    CONNECT_SECONDS,
    HttpProvider,
    client_options,
    lost_connection,
    names_form,
    shown,
    status_error,
    strange_reply,
)

_TUNING: Final = re.compile(r"temperature|max_tokens|max_completion_tokens|\bseed\b")


class OpenAIProvider(HttpProvider):
    """Chat completions at OpenAI or at a compatible server; `timeout` in seconds."""

    name = "openai"

    def __init__(self, model: str, address: str, key: str, timeout: float) -> None:
        super().__init__(model, address, timeout)
        # OpenAI's own reasoning models refuse a temperature and count their thoughts against a limit.
        self._own = address == OPENAI_ADDRESS
        self._tuned = not self._own
        self._strict = True
        limits = openai.Timeout(timeout, connect=CONNECT_SECONDS)
        self._client = openai.OpenAI(
            api_key=key or "none",  # a local server may want none, the SDK insists on one
            base_url=address,
            max_retries=0,
            timeout=limits,
            http_client=openai.DefaultHttpxClient(timeout=limits, **client_options(address)),
        )

    def _answer(self, request: Request) -> Completion:
        try:
            # Raw: the SDK takes whatever a server sends for what the API documents.
            raw = self._client.chat.completions.with_raw_response.create(**self._arguments(request))
            reply = json.loads(raw.text)
        except openai.APIStatusError as error:
            said = error.response.text or error.message
            if self._adapted(request, error.status_code, said):
                return self._answer(request)
            raise status_error(self, request, error.status_code, said, error.response.headers) from None
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, ProviderError):
                raise error.__cause__ from None
            raise lost_connection(self, error.__cause__ or error) from None
        except (openai.OpenAIError, ValueError, RecursionError) as error:
            raise strange_reply(self, error) from None
        return self._completion(reply)

    def _adapted(self, request: Request, status: int, said: str) -> bool:
        """Whether another wording of the same request may be taken where this one was not; it is kept to."""
        if self._own:
            return False
        if self._tuned and status in (400, 422) and _TUNING.search(said):
            self._tuned = False  # a proxy in front of a reasoning model
            return True
        if request.schema and self._strict and status in (400, 422, 500) and names_form(said):
            self._strict = False  # llama.cpp's Python server and others take a schema with "json_object"
            return True
        return False

    def _arguments(self, request: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {"model": self.model, "messages": request.messages}
        if request.schema and not self._strict:
            arguments["response_format"] = {"type": "json_object", "schema": dict(request.schema)}
        elif request.schema:
            answer = {"name": "answer", "strict": True, "schema": dict(request.schema)}
            arguments["response_format"] = {"type": "json_schema", "json_schema": answer}
        elif request.schema is not None:
            arguments["response_format"] = {"type": "json_object"}
        if self._tuned:
            arguments["max_tokens"] = request.reply_tokens
            arguments["temperature"] = request.temperature
            arguments["seed"] = request.sample
        return arguments

    def _completion(self, reply: object) -> Completion:
        message = _at(reply, "choices", 0, "message")
        if not isinstance(message, dict):
            raise ProviderError(f"{self.name} sent a reply without an answer: {shown(str(reply))}", retryable=True)
        reason, refusal = _at(reply, "choices", 0, "finish_reason"), _text(message.get("refusal"))
        finish = Finish.CUT if reason == "length" else Finish.DONE
        if refusal or reason == "content_filter":
            finish = Finish.REFUSED
        text, model = _text(message.get("content")) or refusal, _text(_at(reply, "model")) or self.model
        return Completion(text, model, _count(reply, "prompt_tokens"), _count(reply, "completion_tokens"), finish)


def _count(reply: object, name: str) -> int:
    count = _at(reply, "usage", name)
    return count if isinstance(count, int) and count > 0 else 0


def _at(value: object, *path: str | int) -> object:
    """What stands in a reply at a path of keys and places, None where the reply is built otherwise."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _text(content: object) -> str:
    """The text of a content, which some servers send as a list of parts."""
    parts = content if isinstance(content, list) else [content]
    return "".join(
        part for part in (_at(p, "text") if isinstance(p, dict) else p for p in parts) if isinstance(part, str)
    )
