"""The calibration data of this repository are what its README says."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from skill_distiller.calibration import CalibrationStore
from skill_distiller.calibration.doctor import examine

ROOT = Path(__file__).resolve().parents[2]


def test_the_entries_are_runs_on_the_examples() -> None:
    """Each is readable, nothing is odd about it, and its hash is that of an example as it is now."""
    ledger = CalibrationStore(ROOT / ".learnings").read(whole=True)
    hashes = {
        f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in (ROOT / "examples").glob("*/SKILL.md")
    }
    assert {entry.fields["content_hash"] for entry in ledger.entries} == hashes
    assert [f for f in examine(ledger, max(datetime.now(UTC), datetime(2027, 1, 1, tzinfo=UTC)))] == []
