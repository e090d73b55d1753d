"""A server on loopback that speaks the wire formats of Ollama, Gemini and OpenAI, and fails as they do.

Shapes and wordings by their sources: Ollama `docs/api.md` and `server/routes.go`; Gemini API reference
`models.generateContent` and `google.rpc` error details; OpenAI API reference "Chat completions" and
its error codes guide.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "toy-model"
KEY = "key-0123456789abcdef"  # no provider's shape: it must be kept out of texts because it is ours
INPUT_TOKENS, OUTPUT_TOKENS = 900, 45


@dataclass(frozen=True, slots=True)
class Act:
    """What the server does with one chat request: a reply, or a failure of some kind."""

    text: str = ""
    finish: str = "done"  # done, cut, refused
    status: int = 200
    error: str = ""  # what the error reply says; "" for the usual wording
    retry_after: str = ""
    body: bytes | None = None  # sent as it is, in place of what the API documents
    seconds: float = 0.0  # that pass before anything is sent, or fewer where the server is closed before
    drip: float = 0.0  # seconds between two bytes of the body
    packing: str = ""  # what the content is said to be packed as; with gzip it is, whatever was asked for
    hang_up: str = ""  # "before" or "inside" the body
    forms: tuple[str, ...] = ()  # act so only for requests for these; all others get a 200 with `text`
    input_tokens: int | None = INPUT_TOKENS


@dataclass(slots=True)
class Seen:
    """A chat request as the server got it: how JSON was asked for, its texts, headers and the whole body."""

    form: str
    prompt: str
    system: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Stub:
    """A running server: its address, the acts still to come, and what it saw."""

    kind: str
    acts: list[Act]
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    models: tuple[str, ...] = (MODEL,)
    capabilities: Mapping[str, Sequence[str]] = field(default_factory=dict)
    context_length: int = 131_072
    asked: threading.Event = field(default_factory=threading.Event)  # set from the first chat request on
    closing: threading.Event = field(default_factory=threading.Event)  # nobody waits any longer
    answer: Callable[[Seen], Act] | None = None  # what decides by the request, in place of the acts

    @property
    def address(self) -> str:
        """What the base URL variable of this kind of provider would hold."""
        return f"http://127.0.0.1:{self.port}{'/v1' if self.kind == 'openai' else ''}"


@contextmanager
def serve(kind: str, acts: Sequence[Act], port: int = 0, **settings: Any) -> Iterator[Stub]:
    """Run a server of a kind; the last act is repeated for ever, and no thread outlives the block."""
    stub = Stub(kind, list(acts), **settings)

    class Handler(_Handler):
        pass

    Handler.stub = stub
    with _Server(("127.0.0.1", port), Handler) as server:
        stub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            stub.closing.set()
            server.shutdown()
            thread.join()
            server.hang_up()
    assert server.failures == []


class _Server(ThreadingHTTPServer):
    """A server whose threads end with it: what one says later would reach the output of another test."""

    daemon_threads = False  # so that closing waits for them

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.failures: list[BaseException | None] = []
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection until it is closed."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep alive, and the threads that listen to them."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no fault; anything else fails the test."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    stub: Stub
    protocol_version = "HTTP/1.1"
    _lock = threading.Lock()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Lists of models."""
        self.stub.paths.append(self.path)
        if self.stub.kind == "ollama" and self.path == "/api/tags":
            models = [
                {"name": name, "model": name, "size": 1, "details": {"family": "llama"}} for name in self.stub.models
            ]
            self._json(200, {"models": models})
        elif self.stub.kind == "ollama" and self.path == "/api/version":
            self._json(200, {"version": "0.12.6"})
        else:
            self._json(404, {"error": "404 page not found"})

    def do_POST(self) -> None:
        """Chat, and Ollama's description of a model."""
        self.stub.paths.append(self.path)
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/show":
            self._show(str(body["model"]))
            return
        seen = _seen(self.stub.kind, body, dict(self.headers.items()))
        with self._lock:
            self.stub.seen.append(seen)
            act = self.stub.answer(seen) if self.stub.answer else self.stub.acts[0]
            if not self.stub.answer and len(self.stub.acts) > 1 and (not act.forms or seen.form in act.forms):
                self.stub.acts.pop(0)
        self.stub.asked.set()
        if act.forms and seen.form not in act.forms:
            act = Act(act.text)
        self._act(act)

    def _show(self, model: str) -> None:
        if model not in self.stub.models:
            self._json(404, {"error": f"model '{model}' not found"})
            return
        self._json(
            200,
            {
                "details": {"family": "llama", "parameter_size": "1B"},
                "model_info": {"general.architecture": "llama", "llama.context_length": self.stub.context_length},
                "capabilities": list(self.stub.capabilities.get(model, ("completion",))),
            },
        )

    def _act(self, act: Act) -> None:
        if act.seconds:
            self.stub.closing.wait(act.seconds)
        if act.hang_up == "before":
            self._reset()
        elif act.status != 200 and act.body is None:
            self._json(
                act.status, _error(self.stub.kind, act), {"Retry-After": act.retry_after} if act.retry_after else {}
            )
        else:
            content = act.body if act.body is not None else json.dumps(reply_of(self.stub.kind, act)).encode()
            packed = gzip.compress(content) if act.packing == "gzip" else content
            headers = {"Content-Encoding": act.packing} if act.packing else {}
            self._send(act.status, packed, headers, cut=bool(act.hang_up), drip=act.drip)

    def _json(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), headers or {})

    def _send(
        self, status: int, content: bytes, headers: Mapping[str, str], *, cut: bool = False, drip: float = 0
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if drip:
            for place in range(len(content)):
                self.wfile.write(content[place : place + 1])
                if self.stub.closing.wait(drip):
                    return
            return
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self._reset()

    def _reset(self) -> None:
        """Break the connection the hard way, as a server that dies does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


def _seen(kind: str, body: dict[str, Any], headers: Mapping[str, str]) -> Seen:
    if kind == "gemini":
        system = "".join(part["text"] for part in body.get("systemInstruction", {}).get("parts", []))
        prompt = "".join(part["text"] for part in body["contents"][0]["parts"])
        config = body.get("generationConfig", {})
        schema = "responseJsonSchema" in config or "response_json_schema" in config
        json_mode = config.get("responseMimeType") == "application/json"
        return Seen("schema" if schema else "object" if json_mode else "text", prompt, system, headers, body)
    messages = {message["role"]: message["content"] for message in body["messages"]}
    if kind == "ollama":
        asked = body.get("format")
        form = "schema" if isinstance(asked, dict) else "object" if asked == "json" else "text"
    else:
        form = {"json_schema": "schema", "json_object": "object"}.get(
            body.get("response_format", {}).get("type", ""), "text"
        )
    return Seen(form, messages["user"], messages.get("system", ""), headers, body)


def reply_of(kind: str, act: Act) -> dict[str, Any]:
    """A reply as the API of a kind documents it."""
    if kind == "ollama":
        reply: dict[str, Any] = {
            "model": MODEL,
            "created_at": "2025-10-17T23:14:07.414671Z",
            "message": {"role": "assistant", "content": act.text},
            "done": True,
            "done_reason": "length" if act.finish == "cut" else "stop",
            "eval_count": OUTPUT_TOKENS,
        }
        return reply if act.input_tokens is None else {**reply, "prompt_eval_count": act.input_tokens}
    if kind == "gemini":
        reason = {"done": "STOP", "cut": "MAX_TOKENS", "refused": "SAFETY"}[act.finish]
        content = {"role": "model", "parts": [{"text": act.text}]} if act.finish != "refused" else {"role": "model"}
        return {
            "candidates": [{"content": content, "finishReason": reason, "index": 0}],
            "usageMetadata": {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": OUTPUT_TOKENS},
            "modelVersion": MODEL,
        }
    message: dict[str, Any] = {"role": "assistant", "content": act.text, "refusal": None}
    if act.finish == "refused":
        message |= {"content": None, "refusal": "I'm sorry, I can't help with that."}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "length" if act.finish == "cut" else "stop"}],
        "usage": {
            "prompt_tokens": INPUT_TOKENS,
            "completion_tokens": OUTPUT_TOKENS,
            "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
        },
    }


_USUAL = {
    "ollama": {401: "unauthorized", 404: f"model '{MODEL}' not found", 429: "too many requests"},
    "gemini": {
        401: "API key not valid. Please pass a valid API key.",
        404: f"models/{MODEL} is not found for API version v1beta.",
        429: "You exceeded your current quota.",
    },
    "openai": {
        401: "Incorrect API key provided.",
        404: f"The model `{MODEL}` does not exist or you do not have access to it.",
        429: "Rate limit reached for requests",
    },
}
_GOOGLE_STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}


def _error(kind: str, act: Act) -> dict[str, Any]:
    said = act.error or _USUAL[kind].get(act.status, "internal error")
    if kind == "ollama":
        return {"error": said}
    if kind == "gemini":
        return {"error": {"code": act.status, "message": said, "status": _GOOGLE_STATUS.get(act.status, "INTERNAL")}}
    return {"error": {"message": said, "type": "server_error" if act.status >= 500 else "invalid_request_error"}}
