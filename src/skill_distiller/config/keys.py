"""Where in a configuration file one is, for messages that name file and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from skill_distiller.errors import UsageError

_SHOWN: Final = 80  # characters of a key or value in a message


@dataclass(frozen=True, slots=True)
class Keys:
    """A place in a file: `path` are the keys down to it, joined by dots, "" for the top."""

    file: str
    path: str = ""

    def below(self, key: str) -> Keys:
        """The place of a key here."""
        return replace(self, path=f"{self.path}.{key[:_SHOWN]}" if self.path else key[:_SHOWN])

    def __str__(self) -> str:
        """As messages name it."""
        return f"{self.file!r}: {self.path}" if self.path else repr(self.file)

    def check(self, table: Mapping[str, object], known: Sequence[str]) -> None:
        """Raise UsageError for a key that is not known, with the one that was probably meant."""
        for key in table:
            if key in known:
                continue
            near = get_close_matches(key[:_SHOWN], known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(known)}."
            raise UsageError(f"{self}: there is no key {key[:_SHOWN]!r}.", hint)

    def table(self, table: Mapping[str, object], key: str) -> dict[str, object]:
        """The table under a key, empty where there is none; raises UsageError for anything else."""
        value = table.get(key, {})
        if isinstance(value, dict):
            return value
        place = self.below(key)
        raise UsageError(f"{place} is not a table.", f"Write [{place.path}], with its keys below.")
