"""What the SDKs share: an HTTP client that goes nowhere else, and replies that are bounded in size and in time."""

from __future__ import annotations

import sys
import threading
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from skill_distiller.errors import ProviderError
from skill_distiller.providers.failures import lost_connection
from skill_distiller.providers.model import Completion, Request, is_loopback

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")
CONNECT_SECONDS: Final = 5.0
MOST_BYTES: Final = 4_000_000  # of a reply, once it is unpacked
_PACKED: Final = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class HttpProvider:
    """What every provider on the network is: it is asked in a thread, and given up after `timeout` seconds."""

    name = ""
    parallel = 4
    _client: Any

    def __init__(self, model: str, address: str, timeout: float) -> None:
        self.model = model
        self.address = address
        self._timeout = timeout

    def complete(self, request: Request) -> Completion:
        """Answer one request, once."""
        try:
            return in_time(partial(self._answer, request), self._timeout)
        except TimeoutError:
            late = TimeoutError(f"no whole reply within {self._timeout:g} seconds")
            raise lost_connection(self, late) from None

    def _answer(self, request: Request) -> Completion:
        raise NotImplementedError

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def client_options(address: str, *heard: Callable[[httpx.Response], None]) -> dict[str, Any]:
    """What an HTTP client is made with; `heard` are called with each response, once its body is there.

    What is meant for this machine goes through no proxy, and nothing follows a redirect elsewhere.
    """
    return {
        "trust_env": not is_loopback(address),
        "follow_redirects": False,
        "headers": {"Accept-Encoding": "gzip"},
        "event_hooks": {"response": [_read_bounded, *heard]},
    }


def _read_bounded(response: httpx.Response) -> None:
    """Read the body here, before the client does, which would unpack whatever comes."""
    content = b"".join(_bounded(_unpacked(response.stream, response.headers.pop("content-encoding", ""))))  # type: ignore[arg-type]
    response.stream.close()  # type: ignore[union-attr]
    # Of httpx or of its fork httpx2, as the SDK has it.
    response.stream = sys.modules[type(response).__module__.partition(".")[0]].ByteStream(content)


def _unpacked(chunks: Iterable[bytes], encoding: str) -> Iterable[bytes]:
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        yield from chunks
        return
    if encoding not in _PACKED:
        raise ProviderError(f"A reply is packed as {encoding[:20]!r}, which was not asked for.")
    unpacker = zlib.decompressobj(_PACKED[encoding])
    try:
        for chunk in chunks:
            yield unpacker.decompress(chunk, MOST_BYTES + 1)
    except zlib.error:
        raise ProviderError("A reply can't be unpacked.", retryable=True) from None


def _bounded(chunks: Iterable[bytes]) -> Iterable[bytes]:
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > MOST_BYTES:
            raise ProviderError(
                f"A reply is longer than {MOST_BYTES:,} bytes.", "Is this the address of such a server?"
            )
        yield chunk


def in_background(call: Callable[[], T]) -> Future[T]:
    """What a call will give or raise; it runs in a thread that no process waits for when it ends, as executors do."""
    outcome = Future[T]()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is raised again where the outcome is asked for
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return outcome


def in_time(call: Callable[[], T], seconds: float) -> T:
    """What a call gives or raises; TimeoutError where it takes longer, and is left to end by itself.

    A timeout of a socket is for one read: a server that sends a byte now and then never runs into it.
    """
    return in_background(call).result(seconds)
