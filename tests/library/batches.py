"""Small libraries of skills for the tests of batches."""

from __future__ import annotations

from pathlib import Path

from tests.cli.samples import DEPLOY, MINIMAL


def make_library(root: Path, count: int = 4) -> Path:
    """Skills that get smaller, each with a text and a reference of its own, and one that is minimal."""
    for number in range(count):
        folder = root / f"deploy-{number}"
        (folder / "references").mkdir(parents=True)
        text = DEPLOY.replace("deploy-notes", f"deploy-{number}").replace("Release 41", f"Release {number}")
        (folder / "SKILL.md").write_bytes(text.encode())
        (folder / "references" / "more.md").write_bytes(f"More of {number}.\n".encode())
    (root / "build").mkdir(parents=True)
    (root / "build" / "SKILL.md").write_bytes(MINIMAL.encode())
    return root


def contents(root: Path) -> dict[str, bytes]:
    """The bytes of every file in a folder, by path."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
