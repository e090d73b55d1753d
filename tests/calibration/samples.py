"""Entries and stores for the tests of calibration."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from skill_distiller.calibration.entry import CalibrationEntry, Outcome, parse_entry
from skill_distiller.calibration.outcomes import Report
from skill_distiller.calibration.store import CalibrationStore

PUBLISHED = Path(__file__).resolve().parents[1] / "fixtures" / "published_calibration.jsonl"
RUN: dict[str, object] = {
    "skill": "deploy-notes",
    "mode": "threshold",
    "provider": "embedded",
    "model": None,
    "expected": {"functionality": 90},
    "actual": None,
}


def entry(expected: float = 90, actual: float | None = None, **fields: object) -> CalibrationEntry:
    """An entry of a run, with feedback where `actual` is given."""
    found = None if actual is None else {"functionality": actual, "outcome": "worked"}
    return parse_entry({"id": "c1", **RUN, "expected": {"functionality": expected}, "actual": found, **fields})


def report(identifier: str = "", actual: float = 80, result: str = "worked", note: str = "") -> Report:
    """A reported outcome."""
    return Report(identifier, Outcome(actual, result, note))


def ids(store: CalibrationStore) -> list[str]:
    """The ids of all entries, archive included, oldest first."""
    return [e.id for e in store.read(whole=True).entries]


def fill(store: CalibrationStore, count: int, first: int = 1) -> None:
    """Write a store of plain runs at once, as `count` appends would."""
    store.folder.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"id": f"c{i}", "timestamp": "2026-01-01T00:00:00Z", **RUN}) + "\n"
        for i in range(first, first + count)
    ]
    store.file.write_text("".join(lines), encoding="utf-8")


def pairs(residuals: Sequence[float], expected: float = 50) -> list[tuple[float, float]]:
    """Pairs of expected and actual functionality with these residuals."""
    return [(expected, expected + residual) for residual in residuals]
