"""What the SDKs share: replies bounded in size and in time, and errors as errors of ours, without keys."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from skill_distiller.errors import LostReplyError, PromptTooLongError, ProviderError, UnsupportedReplyError
from skill_distiller.providers.model import Completion, Provider, Request, is_loopback
from skill_distiller.providers.secret_scan import redact

if TYPE_CHECKING:
    from concurrent.futures import Future

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
    from concurrent.futures import Future  # takes a while to load, and most runs call nothing

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


KEY_VARIABLES: Final = {"ollama": "OLLAMA_API_KEY", "gemini": "GEMINI_API_KEY", "openai": "OPENAI_API_KEY"}
_SHOWN: Final = 200  # characters of what a server says
_AGAIN: Final = frozenset({408, 409, 425, 429})
_TOO_LONG: Final = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|exceeds? the (?:available )?context|input token count"
    r"|too many (?:input )?tokens|prompt is too long|input length",
    re.I,
)
_FORM: Final = re.compile(r"response_format|json_schema|json_object|response_?(?:json_)?schema|grammar", re.I)
_BAD_KEY: Final = re.compile(r"API_KEY_INVALID|API key not valid|invalid_api_key|Incorrect API key", re.I)
_NO_MODEL: Final = re.compile(r"invalid model|\bmodel\b[^.]{0,80}(?:not found|does not exist|not exist)", re.I)
_NO_MONEY: Final = re.compile(r"insufficient_quota|billing|credit balance", re.I)
_DELAY: Final = re.compile(r'"retryDelay":\s*"(\d{1,6}(?:\.\d{1,9})?)s"')


def status_error(
    provider: Provider, request: Request, status: int, said: str, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """The error for an HTTP status; `said` is the text of the reply, which is shown shortened and without keys."""
    who = f"{provider.name} ({status})"
    detail = shown(_message(said))
    if status in (401, 403) or (status == 400 and _BAD_KEY.search(said)):
        return ProviderError(
            f"{who} refused the key: {detail}", f"Check {KEY_VARIABLES.get(provider.name, 'the key')}."
        )
    if status == 413 or (status in (400, 422, 500) and _TOO_LONG.search(said)):
        return PromptTooLongError(f"{who} takes no prompt of this length: {detail}", "Choose another with --model.")
    if status == 404 or (status == 400 and _NO_MODEL.search(said)):
        return ProviderError(
            f"{who} has no model {provider.model!r} at {provider.address}: {detail}", "Name another one with --model."
        )
    if request.schema is not None and status in (400, 415, 422, 500, 501):
        return UnsupportedReplyError(f"{who} failed: {detail}", retryable=status == 500 and not names_form(said))
    if status == 429 and _NO_MONEY.search(said):
        return ProviderError(f"{who} refused: {detail}", "Check the plan and the limits of your account.")
    if status in _AGAIN or status >= 500:
        return ProviderError(
            f"{who} failed: {detail}", "Try again later.", retryable=True, wait=seconds_to_wait(headers or {}, said)
        )
    return ProviderError(f"{who} refused the request: {detail}", "Choose another with --model or --provider.")


def names_form(said: str) -> bool:
    """Whether an error speaks of the way in which JSON was asked for."""
    return bool(_FORM.search(said))


def lost_connection(provider: Provider, error: BaseException) -> ProviderError:
    """The error for a connection that was refused, reset, hung up or timed out."""
    reason = shown(str(error) or type(error).__name__)
    hint = "Is it running? Run 'ollama serve'." if provider.name == "ollama" else "Is the address right and reachable?"
    return LostReplyError(f"{provider.name} at {provider.address} does not answer: {reason}", hint, retryable=True)


def strange_reply(provider: Provider, error: BaseException) -> ProviderError:
    """The error for a reply that is not what the API documents."""
    return ProviderError(
        f"{provider.name} at {provider.address} sent something that is not a reply: {shown(str(error))}",
        "Is this the address of such a server?",
        retryable=True,
    )


def _message(said: str) -> str:
    """The sentence in an error reply: of OpenAI and Google under error.message, of Ollama under error."""
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        return said
    value = value[0] if isinstance(value, list) and value else value
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(name):
            value = value[name]
    return value if isinstance(value, str) else said


def shown(said: str) -> str:
    """What a server said, on one line, shortened and without keys; ends with a full stop."""
    text = " ".join(redact(said).split())
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
    return text if text.endswith((".", "!", "?", "…")) else f"{text or 'no reason given'}."


def seconds_to_wait(headers: Mapping[str, str], said: str = "") -> float | None:
    """What `Retry-After` asks for, in seconds or as a date, else what Google's RetryInfo does; None for neither."""
    value = {name.lower(): text for name, text in headers.items()}.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", value):
        return float(value)
    if value:
        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except ValueError:
            return None
    match = _DELAY.search(said)
    return float(match.group(1)) if match else None
