"""Skill folders for the tests of folders."""

from __future__ import annotations

from pathlib import Path

HEAD = "---\nname: tidy\ndescription: Use when untidy.\n---\n\n"


def make_folder(root: Path, files: dict[str, str | bytes], body: str = "Read it.\n") -> Path:
    """A skill folder on disk with a SKILL.md of that body and some files."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "SKILL.md").write_bytes((HEAD + body).encode())
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def snapshot(root: Path) -> dict[str, tuple[int, bytes | str | None]]:
    """What is in a folder: mode and content of files, texts of links, None for folders."""
    found: dict[str, tuple[int, bytes | str | None]] = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = (0, str(path.readlink()))
        elif path.is_dir():
            found[name] = (0, None)
        else:
            found[name] = (path.stat().st_mode & 0o7777, path.read_bytes())
    return found
