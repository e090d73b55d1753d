"""A skill on disk for the tests of the reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.samples import DEPLOY


@pytest.fixture
def skill_file(tmp_path: Path) -> Path:
    """A SKILL.md that holds DEPLOY."""
    file = tmp_path / "SKILL.md"
    file.write_bytes(DEPLOY.encode())
    return file
