"""A provider with manners: what one run of the tool asks goes through one session."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from skill_distiller.errors import PromptTooLongError, ProviderError, RefusedError, UnsupportedReplyError
from skill_distiller.providers.cache import AnswerStore, NoCache, request_key
from skill_distiller.providers.detect import is_loopback
from skill_distiller.providers.failures import environment_secrets
from skill_distiller.providers.model import ANY_OBJECT, Completion, Finish, Meter, Provider, Request, Usage
from skill_distiller.providers.parse_json import MalformedReplyError, parse_json
from skill_distiller.providers.worker_pool import at_once

if TYPE_CHECKING:
    from tenacity import RetryCallState

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
    from tenacity import Retrying, retry_if_exception, sleep_using_event, wait_random_exponential

    backoff = wait_random_exponential(multiplier=patience.first, max=patience.most)

    def wait(state: RetryCallState) -> float:
        asked = getattr(_error(state), "wait", None)
        return float(backoff(state)) if asked is None else float(asked)

    def stop(state: RetryCallState) -> bool:
        attempts = min(2, patience.attempts) if isinstance(_error(state), UnsupportedReplyError) else patience.attempts
        return state.attempt_number >= attempts or stopped.is_set()

    retrying = Retrying(
        retry=retry_if_exception(_may_pass),
        wait=wait,
        stop=stop,
        sleep=sleep_using_event(stopped),
        reraise=True,
    )
    return retrying(send)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, ProviderError) and error.retryable and (error.wait or 0) <= LONGEST_WAIT


T = TypeVar("T")
Unanswered = MalformedReplyError | PromptTooLongError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do: `max_calls` requests at most (None for any number), none at all when `offline`.

    `allow_secrets` lets a text that seems to hold secrets go to another machine.
    """

    max_calls: int | None = None
    offline: bool = False
    allow_secrets: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """About what a run will ask: requests, and tokens of their prompts and replies."""

    calls: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A request, and how its JSON becomes an answer.

    `read` gets the JSON object; it raises MalformedReplyError where that answers nothing.
    """

    request: Request
    read: Callable[[dict[str, object]], T]


class Watcher:
    """Is told what goes on; this one does nothing with it."""

    def begin(self, session: Session, expected: Expected) -> None:
        """The first request of the run is about to be sent."""

    def progress(self, done: int, total: int) -> None:
        """So many of about so many questions have been answered."""


class _Form(IntEnum):
    """The ways to ask for JSON, from the strictest down."""

    SCHEMA = 0
    OBJECT = 1
    TEXT = 2


class Session:
    """Asks a provider with a cache, retries, limits and accounting; one for each run."""

    def __init__(
        self,
        provider: Provider,
        store: AnswerStore | None = None,
        limits: Limits | None = None,
        patience: Patience | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.provider = provider
        self._store = store or NoCache()
        self._limits = limits or Limits()
        self._patience = patience or Patience()
        self._watcher = watcher or Watcher()
        self._meter = Meter(provider.name, provider.model, provider.address)
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._expected = Expected()
        self._begun = False
        self._answered = 0
        self._form = _Form.SCHEMA  # what the server was found to take, for the rest of the run
        self._secrets: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What reports call it: kind and model."""
        return f"{self.provider.name}/{self.provider.model}"

    @property
    def usage(self) -> Usage:
        """What the run has cost so far."""
        return self._meter.usage

    def close(self) -> None:
        """Give the connections of the provider back; nothing is asked afterwards."""
        self.provider.close()

    def expect(self, expected: Expected) -> None:
        """Say beforehand what will be asked; it adds up, and is announced before the first request is sent."""
        now = self._expected
        self._expected = Expected(now.calls + expected.calls, now.tokens + expected.tokens)

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

        return at_once(
            [partial(self._answer, question) for question in questions],
            self.provider.parallel,
            self._stopped,
            done,
        )

    def _answer(self, question: Question[T]) -> T | Unanswered:
        request = question.request
        key = request_key(self.provider.name, self.provider.address, self.provider.model, request)
        kept = self._store.get(key)
        if kept is not None:
            try:
                answer = question.read(parse_json(kept.text))
            except MalformedReplyError:
                pass  # an answer of another version: it is asked for again
            else:
                self._meter.add(cached=1)
                return answer
        try:
            completion = self._complete(request)
        except (PromptTooLongError, MalformedReplyError) as error:
            return error
        try:
            if completion.finish is Finish.REFUSED:
                raise MalformedReplyError(f"{self.name} refused to answer.")
            answer = question.read(parse_json(completion.text))
        except MalformedReplyError as error:
            return error
        if not any(secret in completion.text for secret in (*self._secrets, *environment_secrets())):
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
        with self._lock:
            self._check_limits()
            if not self._begun:
                self._begun = True
                self._watcher.begin(self, self._expected)
            self._meter.add(calls=1)
        start = time.perf_counter()
        completion: Completion | None = None
        try:
            completion = self.provider.complete(request)
        finally:
            self._meter.add(
                seconds=time.perf_counter() - start,
                input_tokens=completion.input_tokens if completion else 0,
                output_tokens=completion.output_tokens if completion else 0,
            )
        return completion

    def _check_limits(self) -> None:
        most = self._limits.max_calls
        if self._limits.offline:
            raise ProviderError(
                f"{self.name} would have to be asked, and --offline forbids it.",
                "Only answers in the cache can be used; use --provider embedded to go without a model.",
            )
        if most is not None and self._meter.usage.calls >= most:
            requests = "1 request" if most == 1 else f"{most} requests"
            raise ProviderError(
                f"{self.name} was sent {requests}, the limit of --max-calls, and more are needed.",
                "Raise the limit; what was answered so far is kept (without --no-cache) and not asked for again.",
            )


def _formed(request: Request, form: _Form) -> Request:
    if request.schema is None or form is _Form.SCHEMA:
        return request
    return replace(request, schema=ANY_OBJECT if form is _Form.OBJECT else None)
