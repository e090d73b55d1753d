"""What a run aims at, from the options that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skill_distiller.errors import UsageError

DEFAULT_THRESHOLD: Final = 0.9
MODES: Final = ("threshold", "tokens", "oneliner")


@dataclass(frozen=True, slots=True)
class Aim:
    """A mode by name, with the threshold (0-1) and the number of tokens that go with it."""

    mode: str
    threshold: float
    tokens: int | None


def choose_aim(mode: str, threshold: float | None, tokens: int | None) -> Aim:
    """The aim that the options mean together; `mode` "" is the one that the others imply.

    Raises UsageError where they do not fit together.
    """
    if mode and mode not in MODES:
        raise UsageError(f"There is no mode {mode!r}.", f"Modes: {', '.join(MODES)}.")
    if tokens is not None and threshold is not None:
        raise UsageError("--tokens and --threshold exclude each other.", "Give a budget or a threshold, not both.")
    chosen = mode or ("threshold" if tokens is None else "tokens")
    if chosen == "tokens" and tokens is None:
        raise UsageError("--mode=tokens needs a number of tokens.", "Give one: --tokens=500.")
    for name, value in (("tokens", tokens), ("threshold", threshold)):
        if value is not None and chosen != name:
            raise UsageError(f"--{name} has no meaning with --mode={chosen}.", "Leave one of the two out.")
    return Aim(chosen, DEFAULT_THRESHOLD if threshold is None else threshold, tokens)
