"""Look whether an Ollama server is there and what it can chat with: quickly, and without its SDK."""

from __future__ import annotations

import http
import http.client
import json
import socket
import threading
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from skill_distiller.providers.addresses import plain_address

DEFAULT_ADDRESS: Final = "http://127.0.0.1:11434"
_PORT: Final = 11434
_REACH: Final = 0.9  # seconds for name, connection and all; a host that swallows packets is given up after it
_ANSWER: Final = 1.0  # seconds for an answer of a server that is there
_LARGEST: Final = 4_000_000  # bytes of an answer
_LOOKED_AT: Final = 50  # models that are asked whether they can chat, at most


class NoOllamaError(Exception):
    """Why there is not Ollama to be had; one sentence without its full stop."""


def ollama_address(host: str) -> str:
    """The address that `OLLAMA_HOST` means: scheme and port may be missing."""
    host = host.strip()
    if not host:
        return DEFAULT_ADDRESS
    scheme, _, rest = host.rpartition("://")
    default = {"http": 80, "https": 443}.get(scheme, _PORT)
    if rest.startswith(":"):
        rest = f"127.0.0.1{rest}"
    parts = urlsplit(plain_address(f"{scheme or 'http'}://{rest}"))
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{name}:{parts.port or default}{parts.path}"


def choose_model(address: str, key: str = "", wanted: str = "") -> str:
    """The model to chat with: `wanted` where the server has it, else the first that can chat.

    Raises NoOllamaError where nothing answers or no model is fit.
    """
    _reach(address)
    answer = _ask(address, "GET", "/api/tags", key)
    listed = answer.get("models")
    entries = listed if isinstance(listed, list) else []
    models = [str(entry.get("model") or entry.get("name")) for entry in entries if isinstance(entry, dict)]
    if not models:
        raise NoOllamaError(f"Ollama at {address} has no model; get one with 'ollama pull llama3.2'")
    if wanted:
        if wanted in models or f"{wanted}:latest" in models:
            return wanted
        raise NoOllamaError(f"Ollama at {address} has no model {wanted!r}; it has {', '.join(models[:5])}")
    for model in models[:_LOOKED_AT]:
        if _can_chat(_ask(address, "POST", "/api/show", key, {"model": model})):
            return model
    raise NoOllamaError(f"Ollama at {address} has no model that can chat; it has {', '.join(models[:5])}")


def _can_chat(model: Mapping[str, object]) -> bool:
    """Whether what `/api/show` says lets a model chat; an older server does not say, and embeds with BERTs."""
    capabilities = model.get("capabilities")
    if isinstance(capabilities, list):
        return "completion" in capabilities
    details = model.get("details")
    family = str(details.get("family", "")) if isinstance(details, dict) else ""
    return "bert" not in family


def _reach(address: str) -> None:
    """Raise NoOllamaError unless something accepts connections there, within a second whatever the name server does."""
    parts = urlsplit(address)
    outcome: list[str] = []

    def connect() -> None:
        try:
            socket.create_connection((parts.hostname, parts.port), timeout=_REACH).close()
        except OSError as error:
            outcome.append(f"Ollama does not answer at {address} ({error.strerror or type(error).__name__})")
        else:
            outcome.append("")

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_REACH)
    reason = outcome[0] if outcome else f"Ollama does not answer at {address} (timed out)"
    if reason:
        raise NoOllamaError(reason)


def _ask(address: str, method: str, path: str, key: str, body: object = None) -> dict[str, object]:
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    try:
        connection.request(method, parts.path + path, json.dumps(body) if body else None, headers)
        reply = connection.getresponse()
        value = json.loads(reply.read(_LARGEST))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoOllamaError(f"What answers at {address} is not Ollama ({type(error).__name__})") from None
    finally:
        connection.close()
    if reply.status != http.HTTPStatus.OK or not isinstance(value, dict):
        raise NoOllamaError(f"What answers at {address} is not Ollama (status {reply.status})")
    return value
