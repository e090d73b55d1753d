"""What language models cost: a list of prices, those that a user gives, and what a command may ask and spend in all."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Final

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.providers.model import GEMINI_ADDRESS, OPENAI_ADDRESS, Provider, Request
from skill_distiller.tokens import count_tokens

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
