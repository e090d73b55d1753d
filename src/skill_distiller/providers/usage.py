"""What a run has cost: calls, tokens, cache hits, seconds."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Usage:
    """What was asked of one provider in one run.

    `calls` are requests that were sent, retries and repairs included; `cached` are answers that
    came from the cache instead; the tokens are those that the server counted; `seconds` are those
    spent waiting for it, added up over requests that ran at the same time.
    """

    provider: str
    model: str
    address: str
    calls: int = 0
    cached: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0


class Meter:
    """Adds up, from any thread."""

    def __init__(self, provider: str, model: str, address: str) -> None:
        self._usage = Usage(provider, model, address)
        self._lock = threading.Lock()

    @property
    def usage(self) -> Usage:
        """What has been added up so far."""
        return self._usage

    def add(
        self, *, calls: int = 0, cached: int = 0, input_tokens: int = 0, output_tokens: int = 0, seconds: float = 0.0
    ) -> None:
        """Add to the counts."""
        with self._lock:
            now = self._usage
            self._usage = replace(
                now,
                calls=now.calls + calls,
                cached=now.cached + cached,
                input_tokens=now.input_tokens + input_tokens,
                output_tokens=now.output_tokens + output_tokens,
                seconds=now.seconds + seconds,
            )
