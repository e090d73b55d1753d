"""Ask again after a failure that may pass, and after no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from skill_distiller.errors import ProviderError, UnsupportedReplyError
from skill_distiller.providers.model import Completion

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
