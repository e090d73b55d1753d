"""Where a text would go: addresses without credentials, and whether they leave this machine."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from skill_distiller.errors import UsageError

_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # what a server listens on is no place to call


def plain_address(url: str) -> str:
    """Scheme, host, port and path of a URL: no user, no password, no query. Raises UsageError for no URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError("A base URL is not an http or https address.", "Write it like http://127.0.0.1:8080/v1.")
    host = _EVERYWHERE.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_loopback(address: str) -> bool:
    """Whether an address is this machine; "" is nowhere, and so it is."""
    if not address:
        return True
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
