"""Ollama through its official SDK: sets the context window to what a prompt needs, and notices a cut one."""

from __future__ import annotations

import json
import threading
from typing import Any, Final

import httpx
import ollama

from skill_distiller.errors import PromptTooLongError, ProviderError
from skill_distiller.providers.model import Completion, Finish, Request
from skill_distiller.providers.network import (
    CONNECT_SECONDS,
    HttpProvider,
    client_options,
    lost_connection,
    status_error,
    strange_reply,
)
from skill_distiller.tokens import load_counter

_ROOM: Final = 1.3  # tokenizers differ: this many times our count fits with any of them
_TEMPLATE: Final = 256  # tokens that a chat template may add
_STEP: Final = 4096  # a changed window makes the server load the model again, so it grows in steps
_CUT: Final = 0.4  # fewer tokens than this share of our count have been read: the prompt was cut


class OllamaProvider(HttpProvider):
    """`/api/chat` of an Ollama server; `timeout` in seconds."""

    name = "ollama"
    parallel = 1  # it answers one after the other, and a waiting request would run into its timeout

    def __init__(self, model: str, address: str, timeout: float) -> None:
        super().__init__(model, address, timeout)
        self._count = load_counter().count
        self._lock = threading.Lock()
        self._window = 0  # the largest so far
        self._longest: int | None = None
        self._thinks = False
        self._known = False
        self._headers = threading.local()
        self._client = ollama.Client(
            host=address,
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            **client_options(address, self._keep_headers),
        )

    def _answer(self, request: Request) -> Completion:
        try:
            self._learn()
            tokens = self._count(request.system) + self._count(request.prompt)
            window = self._window_for(round(tokens * _ROOM) + _TEMPLATE + request.reply_tokens)
            reply = self._client.chat(**self._arguments(request, window))
        except ollama.ResponseError as error:
            headers = getattr(self._headers, "last", {})
            said = error.error if isinstance(error.error, str) else json.dumps(error.error)
            raise status_error(self, request, error.status_code, said, headers) from None
        except (httpx.HTTPError, OSError) as error:
            raise lost_connection(self, error) from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:  # no JSON, or of another shape
            raise strange_reply(self, error) from None
        return self._completion(reply, request, tokens, window)

    def _keep_headers(self, response: httpx.Response) -> None:
        self._headers.last = dict(response.headers)

    def _learn(self) -> None:
        """Ask once how long the model's window is and whether it thinks."""
        with self._lock:
            if self._known:
                return
            about = self._client.show(self.model)
            lengths = [v for k, v in (about.modelinfo or {}).items() if k.endswith(".context_length")]
            self._longest = next((v for v in lengths if isinstance(v, int) and v > 0), None)
            self._thinks = "thinking" in (about.capabilities or ())
            self._known = True

    def _window_for(self, needed: int) -> int:
        if self._longest is not None and needed > self._longest:
            raise PromptTooLongError(
                f"{self.name}: {self.model} reads {self._longest:,} tokens at most, {needed:,} are needed.",
                "Choose a model with a longer context with --model.",
            )
        with self._lock:
            self._window = max(self._window, -(-needed // _STEP) * _STEP)
            return min(self._window, self._longest or self._window)

    def _arguments(self, request: Request, window: int) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "model": self.model,
            "messages": request.messages,
            "stream": False,
            "options": {
                "num_ctx": window,
                "num_predict": request.reply_tokens,
                "temperature": request.temperature,
                "seed": request.sample,
            },
        }
        if request.schema is not None:
            arguments["format"] = dict(request.schema) or "json"
        if self._thinks:
            arguments["think"] = False
        return arguments

    def _completion(self, reply: ollama.ChatResponse, request: Request, tokens: int, window: int) -> Completion:
        read = reply.prompt_eval_count
        if read is not None and (read >= window - 1 or 0 < read < _CUT * tokens):
            raise PromptTooLongError(
                f"{self.name} read {read:,} tokens of a prompt of about {tokens:,}: it was cut.",
                "Choose a model with a longer context with --model.",
            )
        if reply.done is False:
            raise ProviderError(f"{self.name} stopped in the middle of a reply.", retryable=True)
        finish = Finish.CUT if reply.done_reason == "length" else Finish.DONE
        text = reply.message.content or ""
        return Completion(text, reply.model or self.model, read or 0, reply.eval_count or 0, finish)
