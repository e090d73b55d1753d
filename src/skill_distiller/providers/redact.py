"""Take keys and passwords out of texts before anyone sees them."""

from __future__ import annotations

import os
import re
from typing import Final

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
