"""Patterns of the user's own on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.command import run, run_process

CONFIG = """
[patterns]
protected = { script = ["deploy script"], nowhere = ["re:NO-\\\\d+"] }
advisory = { thanks = ["our thanks go"] }
"""
LOW = ("--threshold", "0.2")


@pytest.fixture
def config_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file in the folder that the command runs in."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    file = folder / ".skill-distiller.toml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def test_patterns_of_the_nearest_file_count(skill_file: Path, config_file: Path) -> None:
    """What is protected stays, what is advisory goes with a warning, and the report says where they come from."""
    result = run("compress", skill_file, *LOW, "--verbose")
    assert result.exit_code == 0
    assert "deploy script" in result.text
    assert "Our thanks go" not in result.text
    assert "Protected patterns found: script → preserved\n" in result.stderr
    assert "Advisory pattern removed (no score penalty): thanks\n" in result.stderr
    assert f"Patterns from {config_file}: 2 protected, 1 advisory\n" in result.stderr


def test_no_config_leaves_them_out(skill_file: Path, config_file: Path) -> None:
    """The result and the report are as they would be without the file."""
    with_file = run("compress", skill_file, *LOW)
    without = run("compress", skill_file, *LOW, "--no-config")
    assert "deploy script" not in without.text
    assert "Patterns from" not in without.stderr
    config_file.unlink()
    assert run("compress", skill_file, *LOW) == without != with_file


def test_the_skills_own_folder_is_not_looked_into(skill_folder: Path, config_file: Path) -> None:
    """A skill is not asked what of it matters; `--config` can name the file all the same."""
    config_file.rename(skill_folder / config_file.name)
    assert "Patterns from" not in run("compress", skill_folder, *LOW).stderr
    named = run("compress", skill_folder, *LOW, "--config", skill_folder / config_file.name)
    assert "Patterns from" in named.stderr


@pytest.mark.usefixtures("config_file")
def test_the_record_has_them_with_the_others(skill_file: Path) -> None:
    """In the fields that the patterns of the reference have."""
    record = json.loads(run("compress", skill_file, *LOW, "--json").stdout)
    assert record["functionality"]["protected_found"] == ["script"]
    assert {"kind": "advisory pattern removed", "detail": "thanks"} in record["notes"]


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        ("[patern]", "there is no key 'patern'.", "Did you mean 'patterns'?"),
        ("[patterns.protected]\na = ['re:(']", "is not a Python regular expression", "Put it right"),
        ("[patterns.protected]\na = ['re:(?:-|--)+$']", "takes too long on a line of", "Make it simpler"),
    ],
)
def test_a_bad_file_is_a_usage_error(text: str, problem: str, hint: str, skill_file: Path, config_file: Path) -> None:
    """Exit 2 with one sentence and a hint, nothing on stdout."""
    config_file.write_text(text, encoding="utf-8")
    with skill_file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n{'-' * 60}!\n")
    result = run("compress", skill_file)
    error, help_, *more = result.stderr.splitlines()
    assert (result.exit_code, result.stdout, more) == (2, b"", [])
    assert error.startswith(f"Error: '{config_file}'")
    assert problem in error
    assert help_.startswith(f"Hint: {hint}")


def test_config_and_no_config_exclude_each_other(skill_file: Path, config_file: Path) -> None:
    """Exit 2."""
    result = run("compress", skill_file, "--config", config_file, "--no-config")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "--config and --no-config exclude each other." in result.stderr


def test_a_named_file_has_to_be_there(skill_file: Path) -> None:
    """Exit 2, also where the name could steer a terminal."""
    result = run("compress", skill_file, "--config", "no\x1b[31m.toml")
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "\x1b" not in result.stderr


def test_without_patterns_nothing_is_loaded_for_them(skill_file: Path) -> None:
    """Expressions cost something only where there are some."""
    code = "import sys; from skill_distiller.run.config import load_config as l; l(); assert 'regex' not in sys.modules"
    assert run_process(program=("-c", code), cwd=skill_file.parent).stderr == ""


def test_verify_looks_for_them_too(skill_file: Path, config_file: Path) -> None:
    """A protected one that is gone fails, an advisory one is a warning; without the file neither is looked for."""
    text = skill_file.read_text(encoding="utf-8")
    assert "The first deploy script" in text
    rewrite = text.replace("The first deploy script", "The first script to deploy").encode()
    result = run("verify", skill_file, "-", stdin=rewrite)
    assert result.exit_code == 6
    assert "lost protected pattern: script" in result.text
    assert "lost protected pattern" not in run("verify", skill_file, "-", "--no-config", stdin=rewrite).text
    assert run("verify", skill_file, "-", "--config", config_file, "-q", stdin=rewrite).exit_code == 6
    thanks = run("verify", skill_file, "-", stdin=text.replace("ur thanks go", "ur thanks are due").encode())
    assert "lost advisory pattern: thanks" in thanks.text
