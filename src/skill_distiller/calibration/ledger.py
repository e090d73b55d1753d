"""What a store holds: its lines, and the entries in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry, id_number
from skill_distiller.calibration.lines import Line

_NEAREST: Final = 3  # ids offered in place of an unknown one


@dataclass(frozen=True)
class Ledger:
    """The lines of the store and those read of its archive."""

    live: tuple[Line, ...] = ()
    archived: tuple[Line, ...] = ()

    @cached_property
    def entries(self) -> tuple[CalibrationEntry, ...]:
        """Every entry once, oldest first.

        An entry that stands twice (same id, same time: a rotation was interrupted) counts once, as
        it stands last. Two runs that were given the same id (two stores were merged) are both there.
        """
        found = {(e.id, e.timestamp): e for e in _entries(self.archived)}
        found.update({(e.id, e.timestamp): e for e in _entries(self.live)})
        return tuple(found.values())

    @property
    def unreadable(self) -> tuple[Line, ...]:
        """The lines of the store, without its archive, that hold something but no entry."""
        return tuple(line for line in self.live if line.problem)

    @property
    def last(self) -> CalibrationEntry | None:
        """The entry of the latest run, None in an empty store."""
        return next(_entries(self.live[::-1]), None) or (self.entries[-1] if self.entries else None)

    def find(self, identifier: str) -> CalibrationEntry | None:
        """The entry with an id, the latest of several."""
        return next((entry for entry in reversed(self.entries) if entry.id == identifier), None)

    def nearest(self, identifier: str) -> list[str]:
        """The ids that somebody may have meant, the likeliest first."""
        known = {entry.id: entry.number for entry in self.entries}
        number = id_number(identifier if identifier.startswith("c") else f"c{identifier}")
        if number:
            return sorted(known, key=lambda name: (abs(known[name] - number), -known[name]))[:_NEAREST]
        return get_close_matches(identifier, known, _NEAREST, 0.0)


def _entries(lines: tuple[Line, ...]) -> Iterator[CalibrationEntry]:
    return (line.entry for line in lines if line.entry)
