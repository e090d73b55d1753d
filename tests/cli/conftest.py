"""Skills on disk for the tests of the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.samples import DEPLOY


@pytest.fixture
def skill_folder(tmp_path: Path) -> Path:
    """A skill folder that holds DEPLOY as its SKILL.md."""
    folder = tmp_path / "deploy-notes"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(DEPLOY.encode())
    return folder


@pytest.fixture
def skill_file(skill_folder: Path) -> Path:
    """The SKILL.md inside `skill_folder`."""
    return skill_folder / "SKILL.md"
