"""What `doctor` finds, and that it finds nothing in the calibration data of this repository."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.calibration.samples import RUN, fill

from skill_distiller.calibration.entry import write_line
from skill_distiller.calibration.outcomes import FindingKind, examine
from skill_distiller.calibration.store import CalibrationStore

ROOT = Path(__file__).resolve().parents[2]


def test_the_entries_are_runs_on_the_examples() -> None:
    """Each is readable, nothing is odd about it, and its hash is that of an example as it is now."""
    ledger = CalibrationStore(ROOT / ".learnings").read(whole=True)
    hashes = {
        f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in (ROOT / "examples").glob("*/SKILL.md")
    }
    assert {entry.fields["content_hash"] for entry in ledger.entries} == hashes
    assert examine(ledger, max(datetime.now(UTC), datetime(2027, 1, 1, tzinfo=UTC))) == ()


@pytest.mark.parametrize(
    ("times", "found"),
    [
        (["2026-01-01T00:00:00Z", "2026-01-02"], []),
        (["0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00"], []),
        (["2026-01-01T10:00:00Z", "2026-01-01T09:56:00Z"], []),
        (["2026-01-01T10:00:00Z", "2026-01-01T09:54:00Z"], [(FindingKind.BACKWARDS, 2)]),
        (["2026-01-01T10:00:00+02:00", "2026-01-01T07:59:00Z"], []),
        (["9999-12-31T23:59:59-23:59"], [(FindingKind.FUTURE, 1)]),
        (["2026-05-01T12:04:00Z", "2026-05-01T12:06:00Z"], [(FindingKind.FUTURE, 2)]),
        (["yesterday", ""], [(FindingKind.NO_TIME, 1), (FindingKind.NO_TIME, 2)]),
    ],
    ids=range(8),
)
def test_times_that_can_not_be(store: CalibrationStore, times: list[str], found: list[tuple[FindingKind, int]]) -> None:
    """Five minutes between two clocks are nothing; zones, the first and the last year are no trouble."""
    store.folder.mkdir(parents=True)
    lines = [write_line({**RUN, "id": f"c{i}", "timestamp": time}) for i, time in enumerate(times, 1)]
    store.file.write_bytes(b"".join(lines))
    findings = examine(store.read(whole=True), datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert [(finding.kind, finding.line) for finding in findings] == found


def test_what_an_interrupted_rotation_left_is_named(store: CalibrationStore) -> None:
    """Entries that stand in both files, and a torn line of the archive."""
    fill(store, 2)
    store.archive.write_bytes(store.file.read_bytes().splitlines(keepends=True)[0] + b"torn")
    findings = examine(store.read(whole=True), datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert [(f.kind, f.archived, f.line) for f in findings] == [
        (FindingKind.UNREADABLE, True, 2),
        (FindingKind.DOUBLED, False, 1),
    ]
