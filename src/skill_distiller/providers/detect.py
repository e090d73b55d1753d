"""Which providers can be reached from here, and from a name on the command line to a provider."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.providers.model import (
    DEFAULT_TIMEOUT,
    GEMINI_ADDRESS,
    NO_PROVIDER,
    OPENAI_ADDRESS,
    Provider,
    plain_address,
)
from skill_distiller.providers.network import KEY_VARIABLES, in_time, shown

DEFAULT_ADDRESS: Final = "http://127.0.0.1:11434"
_PORT: Final = 11434
_REACH: Final = 0.9  # seconds for name, connection and all; a host that swallows packets is given up after it
_ANSWER: Final = 1.0  # seconds for an answer of a server that is there
_ALL: Final = 5.0  # seconds for all of its answers
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
    try:
        return in_time(partial(_choose, address, key, wanted), _ALL)
    except TimeoutError:
        raise NoOllamaError(f"Ollama at {address} takes too long to name its models") from None


def _choose(address: str, key: str, wanted: str) -> str:
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

    def connect() -> None:
        socket.create_connection((parts.hostname, parts.port), timeout=_REACH).close()

    try:
        in_time(connect, _REACH)
    except OSError as error:  # a TimeoutError among them
        why = error.strerror or ("timed out" if isinstance(error, TimeoutError) else type(error).__name__)
        raise NoOllamaError(f"Ollama does not answer at {address} ({why})") from None


def _ask(address: str, method: str, path: str, key: str, body: object = None) -> dict[str, object]:
    import http.client  # with TLS, which a machine without Ollama has no use for

    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ANSWER)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    try:
        connection.request(method, parts.path + path, json.dumps(body) if body else None, headers)
        reply = connection.getresponse()
        value = json.loads(reply.read(_LARGEST))
    except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
        raise NoOllamaError(f"What answers at {address} is not Ollama ({type(error).__name__})") from None
    finally:
        connection.close()
    if reply.status != http.HTTPStatus.OK or not isinstance(value, dict):
        raise NoOllamaError(f"What answers at {address} is not Ollama (status {reply.status})")
    return value


# Here and not beside the providers: importing those imports an SDK.
GEMINI_MODEL: Final = "gemini-3.8-flash"
OPENAI_MODEL: Final = "gpt-5.4-mini"

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of provider: whether it can be used, with which model and where, and why or why not."""

    name: str
    available: bool
    reason: str
    model: str = ""
    address: str = ""


def find_ollama(environment: Environment, model: str = "") -> Found:
    """Whether a server answers at `OLLAMA_HOST` and has a model that can chat."""
    try:
        address = ollama_address(environment.get("OLLAMA_HOST", ""))
    except UsageError:
        return Found("ollama", False, "OLLAMA_HOST is not an address")
    try:
        chosen = choose_model(address, _key("ollama", environment), model)
    except NoOllamaError as error:
        return Found("ollama", False, str(error), model, address)
    why = "named with --model" if model else "the first installed model that can chat"
    return Found("ollama", True, why, chosen, address)


def find_gemini(environment: Environment, model: str = "") -> Found:
    """Whether there is a `GEMINI_API_KEY`; nothing is asked."""
    return _find_by_key("gemini", model or GEMINI_MODEL, environment, "GOOGLE_GEMINI_BASE_URL", GEMINI_ADDRESS)


def find_openai(environment: Environment, model: str = "") -> Found:
    """Whether there is an `OPENAI_API_KEY`; nothing is asked."""
    return _find_by_key("openai", model or OPENAI_MODEL, environment, "OPENAI_BASE_URL", OPENAI_ADDRESS)


def _find_by_key(name: str, model: str, environment: Environment, base_variable: str, default: str) -> Found:
    base, there = environment.get(base_variable, "").strip(), bool(_key(name, environment))
    reason = f"{KEY_VARIABLES[name]} is {'set' if there else 'not set'}"
    return Found(name, there, reason, model, plain_address(base) if base else default)


def _key(name: str, environment: Environment) -> str:
    """The key for a kind of provider, "" for none; line ends around a key are none of it."""
    return environment.get(KEY_VARIABLES.get(name, ""), "").strip()


FINDERS: Final[Mapping[str, Callable[[Environment, str], Found]]] = {
    "ollama": find_ollama,
    "gemini": find_gemini,
    "openai": find_openai,
}


def detect(environment: Environment, model: str = "") -> Found | None:
    """The first provider that is there; None for none."""
    return next((found for find in FINDERS.values() if (found := find(environment, model)).available), None)


OFFERED: Final = ("auto", "ollama", "gemini", "openai", "embedded", "llm")
CHOICES: Final = (*OFFERED, "scripted")  # for demonstrations and tests
SCRIPT_VARIABLE: Final = "SKILL_DISTILLER_SCRIPT"


def find_provider(
    choice: str, model: str = "", *, offline: bool = False, environment: Environment | None = None
) -> Found | None:
    """What a choice of `CHOICES` means here and now; None for the embedded analyzer.

    Raises UsageError for an unknown choice, ProviderError for `llm` or a named provider that is not
    there. With `offline` nothing is looked for: `auto` is embedded, a named one is taken as it is.
    """
    environment = os.environ if environment is None else environment
    if choice not in CHOICES:
        raise UsageError(f"There is no provider {choice!r}.", f"Providers: {', '.join(OFFERED)}.")
    if choice == "embedded" or (choice == "auto" and offline):
        return None
    if choice == "scripted":
        return Found("scripted", True, "chosen by name", model)
    if choice in ("auto", "llm"):
        found = None if offline else detect(environment, model)
        if found is None and (choice == "llm" or model):
            missing = f"Nothing here has the model {model!r}." if model else "There is no language model here."
            raise ProviderError(missing, NO_PROVIDER)
        return found
    return _named(choice, model, environment, offline=offline)


def _named(name: str, model: str, environment: Environment, *, offline: bool) -> Found:
    if name == "ollama" and offline:
        if not model:
            raise ProviderError("--offline can't ask Ollama for its models.", "Name one with --model.")

        return Found(name, True, "named", model, ollama_address(environment.get("OLLAMA_HOST", "")))
    found = FINDERS[name](environment, model)
    if found.available or (name == "openai" and found.address != OPENAI_ADDRESS):
        return found  # a compatible server of one's own may want no key
    variable = KEY_VARIABLES.get(name, "") if name != "ollama" else ""  # here it is the server that is missing
    raise ProviderError(f"{found.reason}.", f"Set {variable}, or use --provider embedded." if variable else NO_PROVIDER)


def open_provider(found: Found, timeout: float = DEFAULT_TIMEOUT, environment: Environment | None = None) -> Provider:
    """The provider that was found, its SDK loaded; `timeout` is how many seconds a reply may take.

    Raises ProviderError where its key or the proxy settings of the environment can't be used.
    """
    environment = os.environ if environment is None else environment
    key = _key(found.name, environment)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ProviderError(f"{KEY_VARIABLES[found.name]} holds characters that no key has.", "Copy the key again.")
    try:
        return _open(found, key, timeout, environment)
    except (ImportError, ValueError) as error:  # a SOCKS proxy without its package, a proxy that is no URL
        raise ProviderError(
            f"The client of {found.name} can't be made: {shown(str(error))}", "Check the proxy variables."
        ) from None


def _open(found: Found, key: str, timeout: float, environment: Environment) -> Provider:
    match found.name:
        case "ollama":
            from skill_distiller.providers.ollama import OllamaProvider

            return OllamaProvider(found.model, found.address, timeout)
        case "gemini":
            from skill_distiller.providers.gemini import GeminiProvider

            return GeminiProvider(found.model, found.address, key, timeout)
        case "openai":
            from skill_distiller.providers.openai import OpenAIProvider

            return OpenAIProvider(found.model, found.address, key, timeout)
        case _:
            from skill_distiller.providers.scripted import ScriptedProvider, read_script

            path = environment.get(SCRIPT_VARIABLE, "")
            return ScriptedProvider(read_script(path) if path else None, found.model)
