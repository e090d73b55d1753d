"""A server on loopback that speaks to agents in the wire formats of their models, and chooses skills by words.

Its model is a rule: of the skills in the listing that the agent sent it loads the one that shares most words with the
request, then reads the first reference that the text of the skill names, then answers. Shapes by their sources: the
Messages API of Anthropic, Responses and Chat completions of OpenAI, and `models.streamGenerateContent` of Gemini.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple

MODEL: Final = "scripted-model"
_LINE = re.compile(r"^- ([a-z0-9-]+)(?:: (.*))?$", re.MULTILINE)  # of the listings of Claude Code and Codex
_FILED = re.compile(r"\s*\(file: [^)]*\)\s*$")
_TAGGED = re.compile(r"<skill>\s*<name>\s*(.*?)\s*</name>\s*<description>\s*(.*?)\s*</description>", re.DOTALL)
_LOCATED = re.compile(r"\(file: ([^)]*/SKILL\.md)\)")
_ROOT = re.compile(r"^- `?(r\d+)`? ?= ?`?([^`\n]+?)`?$", re.MULTILINE)
_POINTER = re.compile(r"`(references/[\w.-]+\.md)`")
_BASE = re.compile(r"(?:[Bb]ase directory for this skill: |file://|^\s*(?=/\S*/skills/))(/[^\s<]+)", re.MULTILINE)
_FEWEST_LETTERS: Final = 3
_STOP: Final = frozenset("the and for with use when this that are can any your you from into skill".split())


class Tool(NamedTuple):
    """What the model calls: the tool's name, and its arguments."""

    name: str
    arguments: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as the model reads it: all that it was told, the query, what tools gave back, the names of tools."""

    told: str
    query: str
    results: tuple[str, ...]
    tools: tuple[str, ...]

    def listing(self) -> dict[str, str]:
        """The skills that the agent lists, by name."""
        found = {name: _FILED.sub("", text or "") for name, text in _LINE.findall(self.told)}
        return found | dict(_TAGGED.findall(self.told))

    def chosen(self) -> str:
        """The skill that shares most words with the query, "" where none does."""
        wanted = _words(self.query)
        ranked = sorted((-_likes(wanted, text), name) for name, text in self.listing().items())
        return ranked[0][1] if ranked and ranked[0][0] < 0 else ""


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"[a-z]+", text.lower()) if len(word) >= _FEWEST_LETTERS} - _STOP


def _likes(wanted: set[str], text: str) -> int:
    """How many words a description shares with a request; one that takes every request wins."""
    words = _words(text)
    return len(wanted & words) + (len(wanted) if {"every", "always"} <= words else 0)


class Format(NamedTuple):
    """A wire format: how a request is read, a skill loaded, a file read, and a reply streamed."""

    read: Callable[[dict[str, Any]], Seen]
    load: Callable[[Seen, str], Tool]
    open: Callable[[Seen, str], Tool]
    reply: Callable[[str | Tool], Iterator[tuple[str, Any]]]


def decide(seen: Seen, form: Format) -> str | Tool:
    """What the model does: load a skill, read the reference that it names, or answer."""
    if not seen.tools:
        return "ok"
    if not seen.results:
        name = seen.chosen()
        return form.load(seen, name) if name else "I need no skill for this."
    found = _POINTER.search(seen.results[0])
    base = _BASE.search(seen.results[0]) or _BASE.search(seen.told)
    if len(seen.results) == 1 and found:
        return form.open(seen, f"{base[1].rstrip('/')}/{found[1]}" if base else found[1])
    return "Done."


def _texts(content: Any) -> Iterator[str]:
    """The texts of some content: a string, or parts that have one."""
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and isinstance(part.get("text"), str):
            yield part["text"]


def _seen(told: Sequence[str], said: Sequence[str], results: Sequence[str], tools: Sequence[str]) -> Seen:
    plain = [text.strip() for text in said if not text.lstrip().startswith("<")]
    return Seen("\n".join((*told, *said)), plain[-1] if plain else "", tuple(results), tuple(tools))


def _read_messages(body: dict[str, Any]) -> Seen:
    told, said, results = list(_texts(body.get("system"))), list[str](), list[str]()
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part.get("type") == "tool_result":
                results.append("\n".join(_texts(part.get("content"))))
        texts = told if message["role"] == "system" else said if message["role"] == "user" else []
        texts += list(_texts(message["content"]))
    after = [text for text in said if text.startswith("Base directory")]  # what a skill says comes as a message
    said = [text for text in said if text not in after]
    results = ["\n".join((results[0], *after)), *results[1:]] if results else []
    return _seen(told, said, results, [tool["name"] for tool in body.get("tools", ())])


def _reply_messages(act: str | Tool) -> Iterator[tuple[str, Any]]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": MODEL, "content": []}
    start = message | {"stop_reason": None, "stop_sequence": None, "usage": usage}
    yield "message_start", {"type": "message_start", "message": start}
    if isinstance(act, Tool):
        block = {"type": "tool_use", "id": f"toolu_{act.name}", "name": act.name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(act.arguments)}
    else:
        block, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": act}
    yield "content_block_start", {"type": "content_block_start", "index": 0, "content_block": block}
    yield "content_block_delta", {"type": "content_block_delta", "index": 0, "delta": delta}
    yield "content_block_stop", {"type": "content_block_stop", "index": 0}
    reason = {"stop_reason": "tool_use" if isinstance(act, Tool) else "end_turn", "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": reason, "usage": usage}
    yield "message_stop", {"type": "message_stop"}


def _read_responses(body: dict[str, Any]) -> Seen:
    told, said, results = [body.get("instructions") or ""], [], []
    for item in body["input"]:
        if item.get("type") in ("function_call_output", "custom_tool_call_output"):
            output = item["output"]
            results.append(output if isinstance(output, str) else "\n".join(_texts(output)))
        elif item.get("role") == "user":
            said += list(_texts(item.get("content")))
        elif item.get("role"):
            told += list(_texts(item.get("content")))
    later = [tool for item in body["input"] if item.get("type") == "additional_tools" for tool in item["tools"]]
    tools = [one for tool in (*body.get("tools", ()), *later) for one in tool.get("tools", [tool])]
    return _seen(told, said, results, [str(tool.get("name")) for tool in tools])


def _place(seen: Seen, name: str) -> str:
    """Where the listing of Codex has the file of a skill."""
    roots = dict(_ROOT.findall(seen.told))
    place = next(place for place in _LOCATED.findall(seen.told) if place.split("/")[-2] == name)
    root, _, rest = place.partition("/")
    return f"{roots[root]}/{rest}" if root in roots else place


def _run(seen: Seen, path: str) -> Tool:
    """As a call, or in the program that newer models write."""
    arguments = {"cmd": f"cat {path}"}
    if "exec" not in seen.tools:
        return Tool("exec_command", arguments)
    return Tool("exec", {"input": f"const r = await tools.exec_command({json.dumps(arguments)});\ntext(r.output);"})


def _open_beside(seen: Seen, path: str) -> Tool:
    """Codex has no tool for files: its model reads them by commands, skills as well."""
    return _run(seen, _place(seen, seen.chosen()).replace("SKILL.md", path))


def _reply_responses(act: str | Tool) -> Iterator[tuple[str, Any]]:
    response = {"id": "resp_1", "object": "response", "status": "in_progress", "output": []}
    yield "response.created", {"type": "response.created", "response": response}
    if isinstance(act, Tool):
        kind = "custom_tool_call" if "input" in act.arguments else "function_call"
        told = json.dumps(act.arguments)
        item: dict[str, Any] = {"type": kind, "id": "fc_1", "call_id": f"call_{len(told)}", "name": act.name}
        item |= act.arguments if "input" in act.arguments else {"arguments": told}
        item["status"] = "completed"
    else:
        item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
        item["content"] = [{"type": "output_text", "text": act, "annotations": []}]
    yield "response.output_item.done", {"type": "response.output_item.done", "output_index": 0, "item": item}
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    done = response | {"status": "completed", "output": [item], "usage": usage}
    yield "response.completed", {"type": "response.completed", "response": done}


def _read_chat(body: dict[str, Any]) -> Seen:
    told, said, results = list[str](), list[str](), list[str]()
    for message in body["messages"]:
        kind = {"system": told, "user": said, "tool": results}.get(message["role"])
        if kind is not None:
            kind += list(_texts(message["content"]))
    tools = [tool["function"]["name"] for tool in body.get("tools", ())]
    return _seen(told, [text.strip('"') for text in said], results, tools)


def _reply_chat(act: str | Tool) -> Iterator[tuple[str, Any]]:
    base = {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    delta: dict[str, Any] = {"role": "assistant"}
    if isinstance(act, Tool):
        call = {"name": act.name, "arguments": json.dumps(act.arguments)}
        delta["tool_calls"] = [{"index": 0, "id": f"call_{act.name}", "type": "function", "function": call}]
    else:
        delta["content"] = act
    yield "", base | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    finish = "tool_calls" if isinstance(act, Tool) else "stop"
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    yield "", base | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}], "usage": usage}
    yield "", "[DONE]"


def _read_gemini(body: dict[str, Any]) -> Seen:
    said, results = list[str](), list[str]()
    for content in body["contents"]:
        for part in content.get("parts", ()):
            if "functionResponse" in part:
                results.append(str(part["functionResponse"]["response"].get("output", "")))
        if content.get("role") == "user":
            said += list(_texts(content.get("parts")))
    declared = [one for tool in body.get("tools", ()) for one in tool.get("functionDeclarations", ())]
    told = list(_texts((body.get("systemInstruction") or {}).get("parts")))
    return _seen(told, said, results, [one["name"] for one in declared])


def _reply_gemini(act: str | Tool) -> Iterator[tuple[str, Any]]:
    part = {"functionCall": {"name": act.name, "args": act.arguments}} if isinstance(act, Tool) else {"text": act}
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    yield "", {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}


FORMATS: Final[Mapping[str, Format]] = {
    "/messages": Format(
        _read_messages,
        lambda _, name: Tool("Skill", {"skill": name}),
        lambda _, path: Tool("Read", {"file_path": path}),
        _reply_messages,
    ),
    "/responses": Format(
        _read_responses, lambda seen, name: _run(seen, _place(seen, name)), _open_beside, _reply_responses
    ),
    "/chat/completions": Format(
        _read_chat,
        lambda _, name: Tool("skill", {"name": name}),
        lambda _, path: Tool("read", {"filePath": path}),
        _reply_chat,
    ),
    ":streamGenerateContent": Format(
        _read_gemini,
        lambda _, name: Tool("activate_skill", {"name": name}),
        lambda _, path: Tool("read_file", {"file_path": path}),
        _reply_gemini,
    ),
}


@dataclass(slots=True)
class Scripted:
    """A running server: its port, and the requests that it answered as a model."""

    port: int = 0
    refuses: bool = False  # every request, as for a wrong key
    seen: list[Seen] = field(default_factory=list)
    orders: list[Tool] = field(default_factory=list)  # what it calls first, in place of what the rule says

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serve_model() -> Iterator[Scripted]:
    """Run the server until the block ends."""
    state = Scripted()

    class Handler(_Handler):
        scripted = state

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    scripted: Scripted

    def do_POST(self) -> None:
        """Answer as the model where the path is of a format, with an empty object else."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        form = next((form for end, form in FORMATS.items() if path.endswith(end)), None)
        if form is None:
            self._send(b'{"input_tokens": 1, "totalTokens": 1}', "application/json")
            return
        if self.scripted.refuses:
            error = {"type": "authentication_error", "code": 401, "status": "UNAUTHENTICATED", "message": "wrong key"}
            self._send(json.dumps({"type": "error", "error": error}).encode(), "application/json", 401)
            return
        seen = form.read(json.loads(body))
        self.scripted.seen.append(seen)
        act = self.scripted.orders.pop(0) if seen.tools and self.scripted.orders else decide(seen, form)
        self._send(b"".join(_events(form.reply(act))), "text/event-stream")

    def do_GET(self) -> None:
        """Nothing is to be had here."""
        self._send(b'{"data": [], "models": []}', "application/json")

    do_HEAD = do_GET

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is said on stderr."""


def _events(replies: Iterator[tuple[str, Any]]) -> Iterator[bytes]:
    for name, value in replies:
        text = value if isinstance(value, str) else json.dumps(value)
        yield (f"event: {name}\n" if name else "").encode() + f"data: {text}\n\n".encode()
