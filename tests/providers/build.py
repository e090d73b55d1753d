"""Providers that talk to a stub, and quick sessions around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.providers.stub_server import KEY, MODEL, Act, Seen, serve

from skill_distiller.providers.cache import DiskCache
from skill_distiller.providers.detect import Found, open_provider
from skill_distiller.providers.model import Provider
from skill_distiller.providers.scripted import Line, ScriptedProvider
from skill_distiller.providers.session import Limits, Patience, Session

KINDS = ("ollama", "gemini", "openai", "scripted")
SERVED = KINDS[:3]
QUICK = Patience(attempts=4, first=0.001, most=0.002)
ENVIRONMENT = {"GEMINI_API_KEY": KEY, "OPENAI_API_KEY": KEY, "OLLAMA_API_KEY": KEY}


@dataclass(slots=True)
class Played:
    """A provider that meets a list of acts, and how often it was asked."""

    provider: Provider
    seen: Sequence[object]

    def session(self, store: DiskCache | None = None, limits: Limits | None = None) -> Session:
        """A session that waits for milliseconds where a real one waits for seconds."""
        return Session(self.provider, store, limits, QUICK)

    @property
    def requests(self) -> list[Seen]:
        """What the server saw."""
        return [seen for seen in self.seen if isinstance(seen, Seen)]


@contextmanager
def play(kind: str, *acts: Act, timeout: float = 60.0, **settings: Any) -> Iterator[Played]:
    """A provider of a kind whose requests meet these acts, the last of them for ever."""
    if kind == "scripted":
        scripted = ScriptedProvider([_line(act) for act in acts] + [_line(acts[-1])] * 9, MODEL)
        yield Played(scripted, scripted.requests)
        return
    with serve(kind, acts, **settings) as stub:
        found = Found(kind, True, "", MODEL, stub.address)
        provider = open_provider(found, timeout, ENVIRONMENT)
        try:
            yield Played(provider, stub.seen)
        finally:
            provider.close()


def _line(act: Act) -> Line:
    if act.hang_up or act.seconds or act.body is not None:
        return {"error": "hang-up"}
    if act.status != 200:
        after = {"retry_after": act.retry_after} if act.retry_after else {}
        return {"error": act.status, "said": act.error or "scripted", **after}
    finish = {"done": "done", "cut": "cut at the token limit", "refused": "refused"}[act.finish]
    return {"text": act.text, "finish": finish}
