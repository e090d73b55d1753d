"""Which skills are found below some paths, and what is passed over."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from skill_distiller.errors import BadInputError
from skill_distiller.library.find_skills import FoundSkill, PassedOver, Search, find_skills, same_names


def _skill(folder: Path, name: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = f"---\nname: {name or folder.name}\ndescription: Use when asked.\n---\n\n# It\n\nRun `make`.\n"
    (folder / "SKILL.md").write_bytes(text.encode())
    return folder


def _places(*paths: Path | str, search: Search | None = None) -> list[str]:
    return [str(found.place) for found in find_skills(paths, search) if isinstance(found, FoundSkill)]


def _passed(paths: Sequence[Path], search: Search | None = None) -> dict[str, str]:
    found = find_skills(paths, search)
    return {item.path.name: item.reason for item in found if isinstance(item, PassedOver)}


def test_a_library_of_any_shape(tmp_path: Path) -> None:
    """Flat folders, an agent's own folder, plugins of a marketplace; in order of their names."""
    for name in ("b", "a", ".claude/skills/c", "plugins/one/skills/d", "plugins/two/.codex/skills/e", "x/y/z/f"):
        _skill(tmp_path / name)
    for name in (".venv/lib/g", "node_modules/h", ".git/i", ".hidden/j", "plugins/one/__pycache__/k"):
        _skill(tmp_path / name)
    found = [".claude/skills/c", "a", "b", "plugins/one/skills/d", "plugins/two/.codex/skills/e", "x/y/z/f"]
    assert _places(tmp_path) == found


def test_a_skill_and_the_skills_inside_it(tmp_path: Path) -> None:
    """Below a skill only folders that are made for skills hold others; a template's SKILL.md is its file."""
    top = _skill(tmp_path / "top")
    for name in ("skills/a", ".claude/skills/b", "references/c", "examples/d", "e"):
        _skill(top / name)
    assert _places(top) == ["top", "top/.claude/skills/b", "top/skills/a"]
    (first, *rest) = (found for found in find_skills([top]) if isinstance(found, FoundSkill))
    assert first.holds_skills
    assert not any(found.holds_skills for found in rest)


def test_files_and_several_paths(tmp_path: Path) -> None:
    """Each path has a name of its own in the library, a lone file its own; nothing comes twice."""
    one, two = _skill(tmp_path / "one" / "same"), _skill(tmp_path / "two" / "same")
    lone = tmp_path / "lone.md"
    lone.write_bytes(b"# Lone\n\nRun `make`.\n")
    assert _places(one, two) == ["same", "same-2"]
    assert _places(one / "SKILL.md", lone, one) == ["same", "lone.md"]
    assert _places(tmp_path / "one", tmp_path / "two") == ["one/same", "two/same"]
    assert _places(tmp_path / "one", one) == ["one/same"]


def test_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell would expand them; what matches nothing is an error before anything is read."""
    for name in ("plugins/one/skills/a", "plugins/two/skills/b", "other/skills/c"):
        _skill(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert _places("plugins/*/skills/*") == ["a", "b"]
    assert _places("plugins/**/SKILL.md") == ["a", "b"]
    for path in ("nothing/*", "missing", "", "a\0b"):
        with pytest.raises(BadInputError, match=r"There is no file or folder|Can't look at"):
            find_skills([path])


def test_what_git_ignores(tmp_path: Path) -> None:
    """Rules of every level, the deepest first, also those above the path; what is named itself always counts."""
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("secret/\n")
    (tmp_path / ".gitignore").write_text("dist/\n*-draft\n/top\n")
    for name in ("a", "dist/b", "c-draft", "top", "d/top", "secret/e", "d/f-draft", "d/keep-draft"):
        _skill(tmp_path / name)
    (tmp_path / "d" / ".gitignore").write_text("!keep-draft\n")
    assert _places(tmp_path) == ["a", "d/keep-draft", "d/top"]
    assert _places(tmp_path / "d") == ["keep-draft", "top"]
    assert _places(tmp_path / "dist") == ["b"]
    assert len(_places(tmp_path, search=Search(ignored=True))) == 8


def test_a_broken_gitignore_stops_nothing(tmp_path: Path) -> None:
    """Rules of it that can be read still hold."""
    (tmp_path / ".gitignore").write_bytes(b"!\n\xff\xfe[\nb\n")
    _skill(tmp_path / "a")
    _skill(tmp_path / "b")
    assert _places(tmp_path) == ["a"]


def test_links(tmp_path: Path) -> None:
    """A loop ends, one skill under two names comes once, a link out is told and followed only where that is asked."""
    real = _skill(tmp_path / "library" / "z-real")
    out = _skill(tmp_path / "elsewhere")
    root = tmp_path / "library"
    (root / "a-link").symlink_to(real)
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "out").symlink_to(out)
    _skill(root / "file").joinpath("SKILL.md").unlink()
    (root / "file" / "SKILL.md").symlink_to(out / "SKILL.md")
    assert _places(root) == ["a-link"]
    assert set(_passed([root])) == {"out", "SKILL.md"}
    assert _places(root, search=Search(follow_links=True)) == ["a-link", "file"]  # and `out`, which is that file


def test_what_can_not_be_read_is_told(tmp_path: Path) -> None:
    """A SKILL.md that is a folder or a pipe; folders without end; the rest is found."""
    _skill(tmp_path / "good")
    (tmp_path / "folder" / "SKILL.md").mkdir(parents=True)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "SKILL.md")
    deep = tmp_path
    for _ in range(40):
        deep = deep / "d"
    _skill(deep)
    assert _places(tmp_path) == ["good"]
    passed = [item for item in find_skills([tmp_path]) if isinstance(item, PassedOver)]
    assert [item.reason for item in passed] == ["it is more than 32 folders deep", "it is no file", "it is no file"]


def test_where_results_go_is_not_looked_into(tmp_path: Path) -> None:
    """A folder of results inside the library is no part of it."""
    _skill(tmp_path / "a")
    out = _skill(tmp_path / "out" / "a").parent
    assert _places(tmp_path, search=Search(apart=out.resolve())) == ["a"]


def test_names_that_several_have() -> None:
    """By name, with their places in order."""
    assert same_names([("a", "y"), ("b", "z"), ("a", "x"), ("", "v"), ("", "w")]) == {"a": ["x", "y"]}
