"""Look a store over: whatever is odd is named, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.ledger import Ledger
from skill_distiller.calibration.lines import Line

_CLOCKS: Final = timedelta(minutes=5)  # that clocks of two machines may differ by


class FindingKind(StrEnum):
    """What can be odd about a line."""

    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate id"
    DOUBLED = "also in the archive"
    FUTURE = "from the future"
    NO_TIME = "no time"
    BACKWARDS = "clock went back"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd at a line of the store (or of its archive); `detail` is the reason or the id."""

    kind: FindingKind
    archived: bool
    line: int
    detail: str


def examine(ledger: Ledger, now: datetime) -> tuple[Finding, ...]:
    """Everything odd in a ledger that was read whole, the archive first, each part by line."""
    archived = {line.entry.id for line in ledger.archived if line.entry}
    findings = [
        *_examine(ledger.archived, now, archived=True),
        *_examine(ledger.live, now, archived=False, known=archived),
    ]
    return tuple(sorted(findings, key=lambda finding: (not finding.archived, finding.line)))


def _examine(
    lines: Sequence[Line], now: datetime, *, archived: bool, known: frozenset[str] | set[str] = frozenset()
) -> Iterator[Finding]:
    seen: set[str] = set()
    for line in lines:
        if line.problem:
            yield Finding(FindingKind.UNREADABLE, archived, line.number, line.problem)
        elif line.entry:
            for kind in _oddities(line.entry, now, seen, known):
                yield Finding(kind, archived, line.number, line.entry.id)
            seen.add(line.entry.id)
    for before, after in pairwise(line for line in lines if line.entry and line.entry.time):
        if _earlier(after.entry, before.entry):
            yield Finding(FindingKind.BACKWARDS, archived, after.number, after.entry.id if after.entry else "")


def _oddities(
    entry: CalibrationEntry, now: datetime, seen: set[str], known: frozenset[str] | set[str]
) -> Iterator[FindingKind]:
    if entry.id in seen:
        yield FindingKind.DUPLICATE
    elif entry.id in known:
        yield FindingKind.DOUBLED
    if entry.time is None:
        yield FindingKind.NO_TIME
    elif entry.time - now > _CLOCKS:
        yield FindingKind.FUTURE


def _earlier(after: CalibrationEntry | None, before: CalibrationEntry | None) -> bool:
    if after is None or before is None or after.time is None or before.time is None:
        return False
    return before.time - after.time > _CLOCKS  # a difference: the first year has nothing to take five minutes from
