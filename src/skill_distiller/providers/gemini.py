"""Gemini through Google's official SDK, google-genai."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from google import genai
from google.genai import errors, types

from skill_distiller.errors import MalformedReplyError, ProviderError
from skill_distiller.providers.model import GEMINI_ADDRESS, Completion, Finish, Request
from skill_distiller.providers.network import HttpProvider, client_options, lost_connection, status_error, strange_reply

# What the SDK lets through of its HTTP client, which is httpx or its fork.
_CLIENTS: Final = (import_module(name) for name in ("httpx", "httpx2") if find_spec(name))
_CONNECTION_ERRORS: Final = (*(client.HTTPError for client in _CLIENTS), OSError)
# What the SDK raises where a reply is not built as the API documents.
_STRANGE: Final = (errors.UnknownApiResponseError, ValueError, TypeError, LookupError, AttributeError)
_REFUSALS: Final = frozenset(
    {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY"}
)


class GeminiProvider(HttpProvider):
    """`generateContent` of the Gemini API, or of a proxy that serves its wire format; `timeout` in seconds."""

    name = "gemini"

    def __init__(self, model: str, address: str, key: str, timeout: float) -> None:
        super().__init__(model, address, timeout)
        self._own = address == GEMINI_ADDRESS
        options = types.HttpOptions(
            base_url=address,
            api_version="v1beta",  # the one that has schemas for replies, and that proxies serve
            timeout=round(timeout * 1000),
            client_args=client_options(address),
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        with _silent("google_genai._api_client"):  # it warns of variables that have no say here
            self._client = genai.Client(vertexai=False, api_key=key, http_options=options)

    def _answer(self, request: Request) -> Completion:
        try:
            reply = self._client.models.generate_content(
                model=self.model, contents=request.prompt, config=self._config(request)
            )
        except errors.APIError as error:
            headers = getattr(error.response, "headers", None) or {}
            raise status_error(
                self, request, error.code or 0, json.dumps(error.details, default=str), headers
            ) from None
        except _CONNECTION_ERRORS as error:
            raise lost_connection(self, error) from None
        except RecursionError:  # the SDK reads the JSON of a reply too, and trips over brackets inside brackets
            raise MalformedReplyError("The reply is nested too deeply.") from None
        except _STRANGE as error:
            raise strange_reply(self, error) from None
        return self._completion(reply)

    def _config(self, request: Request) -> types.GenerateContentConfig:
        values: dict[str, Any] = {"system_instruction": request.system or None}
        if request.schema is not None:
            values["response_mime_type"] = "application/json"
        if request.schema:
            values["response_json_schema"] = dict(request.schema)
        if not self._own:
            # Google's own models count their thoughts against a limit, and think worse when they are cold.
            values["max_output_tokens"] = request.reply_tokens
            values["temperature"] = request.temperature
        return types.GenerateContentConfig(**values)

    def _completion(self, reply: types.GenerateContentResponse) -> Completion:
        usage = reply.usage_metadata
        tokens_in = (usage.prompt_token_count or 0) if usage else 0
        tokens_out = ((usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)) if usage else 0
        if not reply.candidates:
            if reply.prompt_feedback and reply.prompt_feedback.block_reason:
                return Completion("", self.model, tokens_in, tokens_out, Finish.REFUSED)
            raise ProviderError(f"{self.name} sent a reply without an answer.", retryable=True)
        candidate = reply.candidates[0]
        parts = (candidate.content.parts or []) if candidate.content else []
        text = "".join(part.text for part in parts if part.text and not part.thought)
        reason = candidate.finish_reason.name if candidate.finish_reason else ""
        finish = Finish.CUT if reason == "MAX_TOKENS" else Finish.REFUSED if reason in _REFUSALS else Finish.DONE
        return Completion(text, reply.model_version or self.model, tokens_in, tokens_out, finish)


@contextmanager
def _silent(logger: str) -> Iterator[None]:
    """A context in which a logger says nothing."""
    found = logging.getLogger(logger)
    before, found.disabled = found.disabled, True
    try:
        yield
    finally:
        found.disabled = before
