"""The contract of a provider: one method, one value in, one value out; and the addresses that providers have."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from skill_distiller.errors import UsageError

if TYPE_CHECKING:
    from skill_distiller.providers.prices import Price

Schema = Mapping[str, object]
DEFAULT_TIMEOUT: Final = 300.0  # seconds for one reply; a local model may have to be loaded first
# The wording of the reference.
NO_PROVIDER: Final = (
    "No LLM provider available. Run 'ollama serve' for local inference, or set GEMINI_API_KEY for cloud."
)
ANY_OBJECT: Schema = {}  # the JSON Schema that every value fits: asks for JSON without saying which


class Finish(StrEnum):
    """How a reply ended."""

    DONE = "done"
    CUT = "cut at the token limit"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a model.

    `schema` is the JSON Schema of the reply, `ANY_OBJECT` for any JSON object, None for plain text. `reply_tokens` is
    about how long a reply may get. `sample` 0 asks for the likeliest reply, 1, 2, … for other draws. `boundary` is the
    random mark around text that is data; it is no part of what was asked, so two requests that differ in it alone are
    the same. `prompt_version` names the prompt that this is made of.
    """

    prompt: str
    system: str = ""
    schema: Schema | None = None
    reply_tokens: int = 1024
    sample: int = 0
    boundary: str = ""
    prompt_version: str = ""

    @property
    def messages(self) -> list[dict[str, str]]:
        """System text and prompt in the form of the chat APIs."""
        system = [{"role": "system", "content": self.system}] if self.system else []
        return [*system, {"role": "user", "content": self.prompt}]

    @property
    def temperature(self) -> float:
        """Of the draw: 0 for the likeliest reply, 0.7 for any other."""
        return 0.7 if self.sample else 0.0


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
    spent waiting for it, added up over requests that ran at the same time; `dollars` are what it cost, None where the
    price is not known.
    """

    provider: str
    model: str
    address: str
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    dollars: float | None = None

    def plus(
        self,
        *,
        calls: int = 0,
        cached: int = 0,
        seconds: float = 0.0,
        dollars: float = 0.0,
        reply: Completion | None = None,
    ) -> Usage:
        """The sums with these added, and with the tokens of a reply."""
        return replace(
            self,
            calls=self.calls + calls,
            cached=self.cached + cached,
            input_tokens=self.input_tokens + (reply.input_tokens if reply else 0),
            output_tokens=self.output_tokens + (reply.output_tokens if reply else 0),
            seconds=self.seconds + seconds,
            dollars=None if self.dollars is None else self.dollars + dollars,
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """About what a run will ask: requests, tokens of their prompts and replies, and how many of those are replies."""

    calls: int = 0
    tokens: int = 0
    replies: int = 0

    def plus(self, other: Expected) -> Expected:
        """Both together."""
        return Expected(self.calls + other.calls, self.tokens + other.tokens, self.replies + other.replies)


class Watcher:
    """Is told what goes on; this one does nothing with it."""

    def begin(self, provider: Provider, expected: Expected, price: Price | None) -> None:
        """The first request of the run is about to be sent, and so much is meant for this provider, at this price."""

    def progress(self, done: int, total: int) -> None:
        """So many of about so many questions have been answered."""


GEMINI_ADDRESS: Final = "https://generativelanguage.googleapis.com"
OPENAI_ADDRESS: Final = "https://api.openai.com/v1"
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what a server listens on is no place to call


def plain_address(url: str) -> str:
    """Scheme, host, port and path of a URL: no user, no password, no query. Raises UsageError for no URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError("A base URL is not an http or https address.", "Write it like http://127.0.0.1:8080/v1.")
    host = _EVERYWHERE.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_loopback(address: str) -> bool:
    """Whether an address is this machine; "" is nowhere, and so it is."""
    if not address:
        return True
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
