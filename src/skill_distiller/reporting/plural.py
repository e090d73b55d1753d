"""A number with its noun."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """The number and the noun in its number: `1 block`, `2 blocks`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
