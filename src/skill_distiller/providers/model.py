"""The contract of all providers: a request in, a completion out; what it used, what that costs, what may be spent."""

from __future__ import annotations

import ipaddress
import re
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final, Protocol
from urllib.parse import urlsplit

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.tokens import count_tokens

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


_MILLION: Final = 1_000_000
_FREE: Final = ("ollama", "scripted")  # models of the user's own machines, and none at all
_OWN_ADDRESS: Final = {"gemini": GEMINI_ADDRESS, "openai": OPENAI_ADDRESS}
_NUMBER: Final = r"\d{1,9}(?:\.\d{1,9})?"
_PRICE: Final = re.compile(rf"\$?({_NUMBER})(?:/\$?({_NUMBER}))?")
_DATED: Final = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # of a snapshot, which costs what its model does


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens that are sent, and that come back; `source` says whose word that is."""

    sent: float
    answered: float
    source: str = ""

    def of(self, sent: int, answered: int = 0) -> float:
        """What so many tokens cost, in US dollars."""
        return (self.sent * sent + self.answered * answered) / _MILLION


FREE: Final = Price(0, 0)


@lru_cache(maxsize=1)
def _listed() -> dict[tuple[str, str], Price]:
    """The list prices, by provider and model."""
    text = files(__package__).joinpath("prices.toml").read_text(encoding="utf-8")
    return {
        (vendor["name"], model): Price(sent, answered, f"list price of {vendor['date']}")
        for vendor in tomllib.loads(text)["vendor"]
        for model, (sent, answered) in vendor["models"].items()
    }


def read_price(text: str) -> Price:
    """The price that a text means: `0.75/4.5`, one number for both ways, or the name of a model of the list.

    Raises UsageError for anything else.
    """
    if match := _PRICE.fullmatch(text.strip()):
        return Price(float(match[1]), float(match[2] or match[1]), "your price")
    listed = next((price for (_, model), price in _listed().items() if model == text.strip()), None)
    if listed is None:
        raise UsageError(
            f"{text[:80]!r} is no price.",
            "Write dollars for a million tokens sent and answered, as 0.75/4.5, or a model such as gpt-5.4-mini.",
        )
    return listed


class Account:
    """How much the sessions of one command have sent and spent, all together.

    `waiting` are calls that say what a session will ask, before the first request of any of them; they tell whether
    they did, and those that know of nothing yet only speak before the first of their own.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.calls = 0
        self.dollars = 0.0
        self.waiting: list[Callable[[bool], bool]] = []

    def announce(self, own: Callable[[bool], bool]) -> None:
        """Have said what has not been said yet: the one who asks now has the call `own`."""
        with self.lock:
            self.waiting = [say for say in self.waiting if not say(say == own)]


@dataclass(frozen=True, slots=True)
class Spending:
    """What a command may ask and spend: so many requests, and US dollars, of all its sessions together.

    `price` is that of every model that is asked; where it is "", `prices` has some by model, then there is the list.
    """

    max_calls: int | None = None
    max_cost: float | None = None
    price: str = ""
    prices: Mapping[str, str] = field(default_factory=dict)
    account: Account = field(default_factory=Account, compare=False, repr=False)

    def price_of(self, provider: Provider) -> Price | None:
        """What a provider's model costs, None where nobody knows; raises UsageError where a budget hangs on it."""
        given = self.price or self.prices.get(provider.model, "")
        if given:
            return read_price(given)
        if provider.name in _FREE:
            return FREE
        own = provider.address == _OWN_ADDRESS.get(provider.name)
        price = _listed().get((provider.name, _DATED.sub("", provider.model))) if own else None
        if price is None and self.max_cost is not None:
            raise UsageError(
                f"What {provider.model!r} costs at {provider.address} is not known, so --max-cost can't be kept.",
                "Say what a million tokens cost: --price SENT/ANSWERED, or [prices] in ~/.skill-distiller.toml.",
            )
        return price

    def hold(self, name: str, request: Request, price: Price | None) -> float:
        """Count a request that is about to be sent; the dollars that are set aside until its reply is there.

        Raises ProviderError where it is one too many, or might cost more than is left.
        """
        held = 0.0
        if price and self.max_cost is not None:
            held = price.of(count_tokens(request.system + request.prompt), request.reply_tokens)
        with self.account.lock:
            if self.max_calls is not None and self.account.calls >= self.max_calls:
                requests = "1 request" if self.max_calls == 1 else f"{self.max_calls} requests"
                raise ProviderError(
                    f"{name} was sent {requests}, the limit of --max-calls, and more are needed.", _GOES_ON
                )
            if self.max_cost is not None and self.account.dollars + held > self.max_cost:
                raise ProviderError(
                    f"The next request to {name} may cost {dollars(held)}; with it the run would cost more than "
                    f"--max-cost {dollars(self.max_cost)}, of which {dollars(self.account.dollars)} are spent.",
                    _GOES_ON,
                )
            self.account.calls += 1
            self.account.dollars += held
        return held

    def settle(self, held: float, cost: float) -> None:
        """Put what a request did cost in the place of what was set aside for it."""
        with self.account.lock:
            self.account.dollars += cost - held


_GOES_ON: Final = "Raise the limit; what was answered so far is kept (without --no-cache) and not asked for again."
_LEAST_SHOWN: Final = 0.0001


def dollars(amount: float) -> str:
    """An amount as it is shown: in cents, a small one in hundredths of them."""
    if 0 < amount < _LEAST_SHOWN:
        return f"less than ${_LEAST_SHOWN}"
    return f"${amount:,.4f}" if 0 < amount < 0.1 else f"${amount:,.2f}"
