"""A store of its own for each test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from skill_distiller.calibration.store import CalibrationStore


@pytest.fixture
def store(tmp_path: Path) -> CalibrationStore:
    """An empty store whose clock stands still."""
    return CalibrationStore(tmp_path / ".learnings", now=lambda: datetime(2026, 5, 1, 12, tzinfo=UTC))
