"""A provider with manners: what one run of the tool asks goes through one session, many questions at once."""

from __future__ import annotations

import json
import random
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import partial
from itertools import islice
from typing import Final, Generic, TypeVar

from skill_distiller.errors import (
    LostReplyError,
    MalformedReplyError,
    PromptTooLongError,
    ProviderError,
    RefusedError,
    StoppedError,
    UnsupportedReplyError,
)
from skill_distiller.providers.cache import DiskCache, request_key
from skill_distiller.providers.model import (
    ANY_OBJECT,
    Completion,
    Expected,
    Finish,
    Provider,
    Request,
    Spending,
    Usage,
    Watcher,
    is_loopback,
)
from skill_distiller.providers.network import in_background
from skill_distiller.providers.secret_scan import environment_secrets
from skill_distiller.tokens import count_tokens

T = TypeVar("T")
_TICK: Final = 0.2  # seconds; some systems deliver Ctrl-C only between two waits


def at_once(
    tasks: Sequence[Callable[[], T]],
    workers: int,
    stopped: threading.Event,
    done: Callable[[], None] = lambda: None,
) -> list[T]:
    """The results of the tasks, in order, at most `workers` of them under way at a time.

    `done` is called in this thread after each. The first error ends the run: no further task is begun, those under way
    are waited for, then it is raised. Ctrl-C sets `stopped` and raises StoppedError at once.
    """
    waiting = iter(tasks)
    begun: list[Future[T]] = []
    running: set[Future[T]] = set()
    try:
        while True:
            failed = any(future.done() and future.exception() for future in begun)
            for task in () if failed else islice(waiting, workers - len(running)):
                begun.append(in_background(task))
                running.add(begun[-1])
            if not running:
                return [future.result() for future in begun]
            finished, running = wait(running, _TICK, FIRST_COMPLETED)
            for _ in finished:
                done()
    except KeyboardInterrupt:
        stopped.set()
        raise StoppedError(
            "Stopped.", "What was answered so far is in the cache; the next run goes on there."
        ) from None


LONGEST_WAIT: Final = 120.0  # seconds that `Retry-After` may ask for; for more the run ends and says so


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is sent at most, and how many seconds lie between: `first`, doubled up to `most`."""

    attempts: int = 4
    first: float = 0.5
    most: float = 8.0


def patiently(send: Callable[[], Completion], patience: Patience, stopped: threading.Event) -> Completion:
    """The completion that `send` gives, tried again while its error is retryable.

    Waits as long as the server asks, else with exponential backoff and jitter. A failure that may
    mean "I can't give JSON in this way" is tried once again only. Raises the last error.
    """
    tries = 0
    while True:
        tries += 1
        try:
            return send()
        except ProviderError as error:
            most = min(2, patience.attempts) if isinstance(error, UnsupportedReplyError) else patience.attempts
            if not error.retryable or (error.wait or 0) > LONGEST_WAIT or tries >= most:
                raise
            backoff = random.uniform(0, min(patience.most, patience.first * 2 ** (tries - 1)))
            if stopped.wait(backoff if error.wait is None else error.wait):
                raise


Unanswered = MalformedReplyError | PromptTooLongError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do: ask and spend what `spending` leaves to all its sessions, nothing at all when `offline`.

    `allow_secrets` lets a text that seems to hold secrets go to another machine.
    """

    spending: Spending = field(default_factory=Spending)
    offline: bool = False
    allow_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A request, and how its JSON becomes an answer.

    `read` gets the JSON object, of a request without a schema one with the reply as its `text`; it raises
    MalformedReplyError where that answers nothing.
    """

    request: Request
    read: Callable[[dict[str, object]], T]


class _Form(IntEnum):
    """The ways to ask for JSON, from the strictest down."""

    SCHEMA = 0
    OBJECT = 1
    TEXT = 2


class Session:
    """Asks a provider with a cache, retries, limits and accounting; one for each run.

    Raises UsageError where a budget can't be kept, for nobody knows what the model costs.
    """

    def __init__(
        self,
        provider: Provider,
        store: DiskCache | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.provider = provider
        self._store = store
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._watcher = watcher or Watcher()
        self._price = self._limits.spending.price_of(provider)
        known = 0.0 if self._price else None
        self._usage = Usage(provider.name, provider.model, provider.address, dollars=known)
        self._limits.spending.account.waiting.append(self._announce)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._expected = Expected()
        self._answered = 0
        self._form = _Form.SCHEMA  # what the server was found to take, for the rest of the run
        self.most_calls = 1 << 30  # whoever promised fewer sets it: a question beyond has no usable answer
        self._secrets: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What reports call it: kind and model."""
        return f"{self.provider.name}/{self.provider.model}"

    @property
    def usage(self) -> Usage:
        """What the run has cost so far."""
        return self._usage

    @property
    def expected(self) -> Expected:
        """What was said beforehand that will be asked."""
        return self._expected

    def close(self) -> None:
        """Give the connections of the provider back; nothing is asked afterwards."""
        self.provider.close()

    def expect(self, expected: Expected) -> None:
        """Say beforehand what will be asked; it adds up, and is announced before the first request is sent."""
        self._expected = self._expected.plus(expected)

    def _announce(self, asks_now: bool) -> bool:
        told = asks_now or bool(self._expected.calls)
        if told:
            self._watcher.begin(self.provider, self._expected, self._price)
        return told

    def admit(self, text: str) -> None:
        """Look a text through before anything of it is sent.

        Raises RefusedError where it seems to hold secrets and would leave this machine. Replies
        that repeat one are never kept in the cache.
        """
        from skill_distiller.providers.secret_scan import find_secrets

        secrets = find_secrets(text)
        self._secrets |= {secret.text for secret in secrets}
        if secrets and not (self._limits.allow_secrets or is_loopback(self.provider.address)):
            shown = [f"line {secret.line} ({secret.kind})" for secret in secrets[:5]]
            more = f" and {len(secrets) - 5} more" if len(secrets) > 5 else ""
            raise RefusedError(
                f"The skill seems to hold secrets: {', '.join(shown)}{more}; nothing was sent to "
                f"{self.provider.address}.",
                "Take them out, choose --provider embedded or a local model, or send them with --allow-secrets.",
            )

    def ask(self, question: Question[T]) -> T:
        """The answer to one question. Raises ProviderError where there is none."""
        (answer,) = self.ask_all([question])
        if isinstance(answer, MalformedReplyError | PromptTooLongError):
            raise answer
        return answer

    def ask_all(self, questions: Sequence[Question[T]]) -> list[T | Unanswered]:
        """The answers in order; where a prompt was too long or its reply of no use, the error that says why.

        Any other ProviderError ends the run.
        """

        def done() -> None:
            self._answered += 1
            self._watcher.progress(self._answered, max(self._answered, self._expected.calls))

        free = max(0, self.most_calls - self._usage.calls)
        tasks = [partial(self._answer, question) for question in questions[:free]]
        left = [MalformedReplyError(f"No more than {self.most_calls} requests.") for _ in questions[free:]]
        return [*at_once(tasks, self.provider.parallel, self._stopped, done), *left]

    def _answer(self, question: Question[T]) -> T | Unanswered:
        request = question.request
        key = request_key(self.provider.name, self.provider.address, self.provider.model, request)
        if self._store and (kept := self._store.get(key)):
            with suppress(MalformedReplyError):  # an answer of another version: it is asked for again
                answer = question.read(_value(request, kept))
                with self._lock:
                    self._usage = self._usage.plus(cached=1)
                return answer
        try:
            completion = self._complete(request)
            if completion.finish is Finish.REFUSED:
                raise MalformedReplyError(f"{self.name} refused to answer.")
            answer = question.read(_value(request, completion))
        except (PromptTooLongError, MalformedReplyError) as error:
            return error
        secrets = (*self._secrets, *environment_secrets())
        if self._store and not any(secret in completion.text for secret in secrets):
            self._store.put(key, completion)
        return answer

    def _complete(self, request: Request) -> Completion:
        while True:
            form = self._form
            formed = _formed(request, form)
            try:
                return patiently(partial(self._send, formed), self._patience, self._stopped)
            except UnsupportedReplyError:
                if form is _Form.TEXT:
                    raise
                with self._lock:
                    self._form = max(self._form, _Form(form + 1))

    def _send(self, request: Request) -> Completion:
        if self._limits.offline:
            raise ProviderError(
                f"{self.name} would have to be asked, and --offline forbids it.",
                "Only answers in the cache can be used; use --provider embedded to go without a model.",
            )
        spending = self._limits.spending
        held = spending.hold(self.name, request, self._price)
        spending.account.announce(self._announce)
        with self._lock:
            self._usage = self._usage.plus(calls=1)
        start = time.perf_counter()
        reply: Completion | None = None
        cost = 0.0
        try:
            reply = self.provider.complete(request)
            cost = self._cost(request, reply)
            return reply
        except LostReplyError:
            cost = held  # it may have been answered all the same
            raise
        finally:
            spending.settle(held, cost)
            seconds = time.perf_counter() - start
            with self._lock:
                self._usage = self._usage.plus(seconds=seconds, dollars=cost, reply=reply)

    def _cost(self, request: Request, reply: Completion) -> float:
        """What a reply cost, in dollars; tokens that the server did not count are counted here."""
        if not self._price:
            return 0.0
        sent = reply.input_tokens or count_tokens(request.system + request.prompt)
        return self._price.of(sent, reply.output_tokens or count_tokens(reply.text))


def _value(request: Request, completion: Completion) -> dict[str, object]:
    """What a reply says: its JSON, or, where plain text was asked for, the text and whether it came to its end."""
    if request.schema is not None:
        return parse_json(completion.text)
    whole = completion.finish is Finish.DONE
    return {"text": _THOUGHTS.sub("", completion.text).strip(), "whole": whole}


def _formed(request: Request, form: _Form) -> Request:
    if request.schema is None or form is _Form.SCHEMA:
        return request
    return replace(request, schema=ANY_OBJECT if form is _Form.OBJECT else None)


_FENCE: Final = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_THOUGHTS: Final = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OBJECT: Final = re.compile(r"(\{)")
_LISTED: Final = re.compile(r"\A[^{\[]*(\[)\s*\{")  # a list of objects, without an object around it
_LONGEST: Final = 400_000  # characters; a longer reply is no answer to anything we ask
_DEEPEST: Final = 60  # brackets inside brackets


def parse_json(text: str) -> dict[str, object]:
    """The JSON object of a reply; a bare list becomes the one field "" of an object.

    Raises MalformedReplyError where there is neither.

    Thoughts in front, a code fence or prose around it are passed over; missing ends, quotes and
    commas are repaired with the library json-repair.
    """
    text = _THOUGHTS.sub("", text[: _LONGEST + 1]).strip()
    if not text:
        raise MalformedReplyError("The reply is empty.")
    if len(text) > _LONGEST:
        raise MalformedReplyError(f"The reply is longer than {_LONGEST:,} characters.")
    for candidate in (text, *(match.group(1) for match in _FENCE.finditer(text))):
        value = _exact(candidate)
        if value is not None:
            return value
    return _repaired(text)


def _exact(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        return {"": value}
    return value if isinstance(value, dict) else None


def _repaired(text: str) -> dict[str, object]:
    from json_repair import repair_json

    start = _LISTED.search(text) or _OBJECT.search(text)
    if start is None:
        raise MalformedReplyError("The reply holds no JSON object.")
    text = text[start.start(1) :]
    if _depth(text) > _DEEPEST:
        raise MalformedReplyError("The reply is nested too deeply.")
    try:
        value = repair_json(text, return_objects=True)
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError("The reply holds no JSON that could be repaired.") from error
    if isinstance(value, list) and text.startswith("["):
        return {"": value}
    values = value if isinstance(value, list) else [value]
    found = max((v for v in values if isinstance(v, dict)), key=len, default=None)
    if not found:
        raise MalformedReplyError("The reply holds no JSON object.")
    return {str(key): item for key, item in found.items()}


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth += 1 if match.group() in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
