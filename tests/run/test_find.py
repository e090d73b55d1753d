"""Which configuration file is found from where."""

from __future__ import annotations

from pathlib import Path

import pytest

from skill_distiller.errors import UsageError
from skill_distiller.run.config import find_config

_OWN = ".skill-distiller.toml"
_PROJECT = "[tool.skill-distiller.patterns]\nprotected = { a = ['b'] }\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a repository `home/work/repo` and a folder `deep/er` in it."""
    (tmp_path / "home" / "work" / "repo" / "deep" / "er").mkdir(parents=True)
    (tmp_path / "home" / "work" / "repo" / ".git").mkdir()
    return tmp_path / "home"


def _write(file: Path, text: str = "") -> Path:
    file.write_text(text, encoding="utf-8")
    return file


def test_the_nearest_file_is_taken(home: Path) -> None:
    """From the folder upwards; in one folder the tool's own file comes before pyproject.toml."""
    repo, deep = home / "work" / "repo", home / "work" / "repo" / "deep"
    assert find_config(deep / "er", home) is None
    at_root = _write(repo / "pyproject.toml", _PROJECT)
    assert find_config(deep / "er", home) == at_root
    nearer = _write(deep / "pyproject.toml", _PROJECT)
    assert find_config(deep / "er", home) == nearer
    own = _write(deep / _OWN)
    assert find_config(deep / "er", home) == own
    assert find_config(deep, home) == own
    assert find_config(repo, home) == at_root


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_nothing_above_the_repository_is_taken(kind: str, home: Path) -> None:
    """A repository brings its own configuration; `.git` may be a file."""
    repo = home / "work" / "repo"
    if kind == "file":
        (repo / ".git").rmdir()
        _write(repo / ".git", "gitdir: elsewhere\n")
    _write(home / "work" / _OWN)
    assert find_config(repo / "deep", home) is None


def test_outside_of_a_repository_the_home_folder_is_the_last(home: Path, tmp_path: Path) -> None:
    """What lies above the home folder is not the user's."""
    _write(tmp_path / _OWN)
    assert find_config(home / "work", home) is None
    own = _write(home / _OWN)
    assert find_config(home / "work", home) == own


@pytest.mark.parametrize("known", [True, False])
def test_outside_of_both_only_the_folder_itself_counts(known: bool, home: Path, tmp_path: Path) -> None:
    """A file above, in a folder that anybody may write to, is left alone."""
    place = tmp_path / "public" / "mine"
    place.mkdir(parents=True)
    _write(tmp_path / "public" / _OWN)
    assert find_config(place, home if known else None) is None
    own = _write(place / _OWN)
    assert find_config(place, home if known else None) == own


@pytest.mark.parametrize(
    "text",
    ["[project]\nname = 'a'\n", "[tool.ruff]\n", "tool = 3\n", "this is [no TOML", "# skill-distiller\n[tool.x]\n", ""],
)
def test_a_project_without_the_table_is_passed_over(text: str, home: Path) -> None:
    """Even one that is broken: it is not ours to complain about."""
    repo = home / "work" / "repo"
    at_root = _write(repo / _OWN)
    _write(repo / "deep" / "pyproject.toml", text)
    assert find_config(repo / "deep", home) == at_root


def test_a_broken_project_that_names_the_tool_is_an_error(home: Path) -> None:
    """Whoever wrote the table wants it to be read."""
    _write(home / "pyproject.toml", "[tool.skill-distiller\n")
    with pytest.raises(UsageError, match="is not valid TOML"):
        find_config(home, home)
