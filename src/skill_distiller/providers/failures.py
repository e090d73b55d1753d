"""Errors of the SDKs as errors of ours, with keys and passwords taken out."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from skill_distiller.errors import PromptTooLongError, ProviderError, UnsupportedReplyError
from skill_distiller.providers.model import Provider, Request

_NAMES: Final = re.compile(r"(?:^|_)(?:API_?KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|ACCESS_KEY)(?:_|$)", re.I)
_LEAST: Final = 8  # characters; a shorter value is no key, and replacing it would garble texts
GONE: Final = "[redacted]"
# What looks like a key whoever's it is: bearer tokens, `key=…` in a URL, user:password@, well-known prefixes.
_SHAPES: Final = (
    (re.compile(r"\b(bearer\s+)[^\s'\",;]{4,}", re.I), rf"\1{GONE}"),
    (re.compile(r"([?&](?:key|api_key|token|access_token)=)[^\s&'\"]+", re.I), rf"\1{GONE}"),
    (re.compile(r"(//)[^/\s@]{1,200}@"), rf"\1{GONE}@"),
    (re.compile(r"\b(?:sk-|AIza|gh[pousr]_|github_pat_|xox[abp]-)[\w*-]{8,}"), GONE),
)


def environment_secrets() -> tuple[str, ...]:
    """The values of this process's variables that are named like a key, longest first."""
    values = {value.strip() for name, value in os.environ.items() if _NAMES.search(name)}
    return tuple(sorted((value for value in values if len(value) >= _LEAST), key=len, reverse=True))


def redact(text: str) -> str:
    """The text without the secrets of the environment and without what is shaped like one."""
    for secret in environment_secrets():
        text = text.replace(secret, GONE)
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text


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
    return ProviderError(f"{provider.name} at {provider.address} does not answer: {reason}", hint, retryable=True)


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
