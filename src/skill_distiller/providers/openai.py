"""OpenAI, and every server that speaks its chat completions API, through the official SDK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import openai

from skill_distiller.errors import ProviderError
from skill_distiller.providers.failures import lost_connection, names_form, shown, status_error, strange_reply
from skill_distiller.providers.model import OPENAI_ADDRESS, Completion, Finish, Request, is_loopback

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

_CONNECT: Final = 5.0  # seconds
_TUNING: Final = re.compile(r"temperature|max_tokens|max_completion_tokens|\bseed\b")


class OpenAIProvider:
    """Chat completions at OpenAI or at a compatible server; `timeout` in seconds."""

    name = "openai"
    parallel = 4

    def __init__(self, model: str, address: str, key: str, timeout: float) -> None:
        self.model = model
        self.address = address
        # OpenAI's own reasoning models refuse a temperature and count their thoughts against a limit.
        self._own = address == OPENAI_ADDRESS
        self._tuned = not self._own
        self._strict = True
        limits = openai.Timeout(timeout, connect=_CONNECT)
        self._client = openai.OpenAI(
            api_key=key or "none",  # a local server may want none, the SDK insists on one
            base_url=address,
            max_retries=0,
            timeout=limits,
            # What is meant for this machine goes through no proxy, and nothing follows a redirect elsewhere.
            http_client=openai.DefaultHttpxClient(
                trust_env=not is_loopback(address), follow_redirects=False, timeout=limits
            ),
        )

    def complete(self, request: Request) -> Completion:
        """Answer one request, once."""
        try:
            reply = self._client.chat.completions.create(**self._arguments(request))
        except openai.APIStatusError as error:
            said = error.response.text or error.message
            if self._adapted(request, error.status_code, said):
                return self.complete(request)
            raise status_error(self, request, error.status_code, said, error.response.headers) from None
        except openai.APIConnectionError as error:
            raise lost_connection(self, error.__cause__ or error) from None
        except (openai.OpenAIError, ValueError) as error:
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

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

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

    def _completion(self, reply: ChatCompletion) -> Completion:
        choices = getattr(reply, "choices", None)
        if not choices or getattr(choices[0], "message", None) is None:
            raise ProviderError(f"{self.name} sent a reply without an answer: {shown(str(reply))}", retryable=True)
        message, usage = choices[0].message, reply.usage
        finish = Finish.CUT if choices[0].finish_reason == "length" else Finish.DONE
        if getattr(message, "refusal", None) or choices[0].finish_reason == "content_filter":
            finish = Finish.REFUSED
        return Completion(
            message.content or getattr(message, "refusal", None) or "",
            reply.model or self.model,
            (usage.prompt_tokens or 0) if usage else 0,
            (usage.completion_tokens or 0) if usage else 0,
            finish,
        )
