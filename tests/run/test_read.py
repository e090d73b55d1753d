"""What a configuration file may say, and every way in which it can't be used: one sentence, file and key named."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import TESTS

from skill_distiller.analysis.patterns import LONGEST
from skill_distiller.errors import UsageError
from skill_distiller.run.config import Config, load_config, read_config

_OWN = ".skill-distiller.toml"
_GOOD = """
[patterns]
protected = { "ticket-ids" = ["JIRA-", 're:\\bOPS-\\d+\\b'], runbook = "duty officer" }
advisory = { tone = ["be kind"] }
"""
_BAD = [
    ("pattern = 1", "there is no key 'pattern'", "Did you mean 'patterns'?"),
    ("[zebra]", "there is no key 'zebra'", "Known here: patterns, budgets, threshold, wording,"),
    ("patterns = 1", "patterns is not a table", "Write [patterns]"),
    ("[patterns]\nprotect = {}", "patterns: there is no key 'protect'", "Did you mean 'protected'?"),
    ("[patterns]\nadvisory = ['a']", "patterns.advisory is not a table", "Write [patterns.advisory]"),
    ("[patterns.protected]\na = 1", "patterns.protected.a is not a list of phrases", "Write for example"),
    ("[patterns.protected]\na = []", "patterns.protected.a is not a list of phrases", "Write for example"),
    ("[patterns.protected]\na = ['b', 1]", "patterns.protected.a is not a list of phrases", "Write for example"),
    ("[patterns.protected]\na = ['']", "patterns.protected.a: '' is empty", "Put it right"),
    (
        "[patterns.protected]\na = ['re:(']",
        "patterns.protected.a: 're:(' is not a Python regular expression",
        "Put it right",
    ),
    ("[patterns.protected]\na = ['re:.*']", "'re:.*' also matches an empty line", "Put it right"),
    (f"[patterns.protected]\na = ['{'x' * (LONGEST + 1)}']", "is longer than", "Put it right"),
    ('[patterns.protected]\n"" = ["b"]', "the name of a pattern has 1-64", "Choose another name"),
    ('[patterns.protected]\n"\\u001b[31m" = ["b"]', "the name of a pattern has 1-64", "Choose another name"),
    ("[patterns.protected]\ncaching-guidance = ['b']", "is built in, as advisory", "Choose another name"),
    ("[patterns.advisory]\nn-count = ['b']", "is built in, as protected", "Choose another name"),
    ("[patterns]\nprotected.a = ['b']\nadvisory.a = ['c']", "'a' is both protected and advisory", "Give them"),
    (f"[patterns.protected]\na = {['b'] * 201}", "patterns: 201 phrases", "Keep to 200"),
    ("[patterns", "is not valid TOML", "--no-config"),
    ("a = " + "[" * 5000, "is not valid TOML", "--no-config"),
    ("a = 1\na = 2", "is not valid TOML", "--no-config"),
    ("a = 1" + "0" * 5000, "is not valid TOML", "--no-config"),
    ("a" + ".a" * 50_000 + " = 1", "has a key of more than 32 parts", "--no-config"),
    ("[a" + ". 'a' " * 20_000 + "]", "has a key of more than 32 parts", "--no-config"),
    ("#" + "x" * 256 * 1024, "is larger than 262,144 bytes", "--no-config"),
]


def _write(folder: Path, text: str, name: str = _OWN) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", [_OWN, "other.toml"])
def test_a_file_of_the_tools_own(name: str, tmp_path: Path) -> None:
    """Patterns by name, a single source without a list; a byte order mark is no mistake."""
    config = read_config(_write(tmp_path, "\ufeff" + _GOOD, name))
    assert config.file == tmp_path / name
    assert [pattern.name for pattern in config.patterns.protected] == ["ticket-ids", "runbook"]
    assert [pattern.name for pattern in config.patterns.advisory] == ["tone"]
    found = config.patterns.find("Ask the duty officer about OPS-3 and be kind.")
    assert found.protected == {"ticket-ids", "runbook"}
    assert found.advisory == {"tone"}


def test_the_table_of_a_project(tmp_path: Path) -> None:
    """The same below [tool.skill-distiller], beside what others have there."""
    text = "[tool.ruff]\nline-length = 120\n" + _GOOD.replace("[patterns]", "[tool.skill-distiller.patterns]")
    assert len(read_config(_write(tmp_path, text, "pyproject.toml")).patterns.protected) == 2


def test_more_phrases_for_a_built_in_pattern(tmp_path: Path) -> None:
    """A name of the same kind adds to what the reference has."""
    config = read_config(_write(tmp_path, "[patterns.protected]\nn-count = ['sample size']\n"))
    for text in ("Watch the sample size.", "until N=3"):
        assert config.patterns.find(text).protected == {"n-count"}


@pytest.mark.parametrize("text", ["", "\n", "[patterns]\n", "[patterns.protected]\n"])
def test_a_file_that_sets_nothing(text: str, tmp_path: Path) -> None:
    """It is as good as none."""
    assert not read_config(_write(tmp_path, text)).patterns


@pytest.mark.parametrize(("text", "problem", "hint"), _BAD, ids=[problem for _, problem, _ in _BAD])
def test_what_can_not_be_used(text: str, problem: str, hint: str, tmp_path: Path) -> None:
    """The sentence names the file and the key, the hint what to do."""
    file = _write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        read_config(file)
    assert problem in str(caught.value)
    assert repr(str(file)) in str(caught.value)
    assert hint in caught.value.hint
    assert len(str(caught.value)) < len(str(file)) + 300


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[tool.ruff]\n", "has no table [tool.skill-distiller]"),
        ("[tool]\nskill-distiller = 1\n", "tool.skill-distiller is not a table"),
        ("[tool.skill-distiller]\npaterns = {}\n", "tool.skill-distiller: there is no key 'paterns'"),
        (
            "[tool.skill-distiller.patterns.protected]\na = 1\n",
            "tool.skill-distiller.patterns.protected.a is not a list",
        ),
    ],
)
def test_what_can_not_be_used_in_a_project(text: str, problem: str, tmp_path: Path) -> None:
    """The key is named with the whole way down to it."""
    with pytest.raises(UsageError) as caught:
        read_config(_write(tmp_path, text, "pyproject.toml"))
    assert problem in str(caught.value)


def _loop(file: Path) -> None:
    file.symlink_to(file)


_HOSTILE: dict[str, Callable[[Path], object]] = {
    "missing": lambda file: None,
    "folder": lambda file: file.mkdir(),
    "loop of links": _loop,
    "dangling link": lambda file: file.symlink_to("nowhere"),
    "device": lambda file: file.symlink_to("/dev/zero"),
    "pipe": lambda file: os.mkfifo(file),
    "huge": lambda file: file.write_bytes(b"# " + b"x" * 1_000_000),
    "not UTF-8": lambda file: file.write_bytes(b"[patterns]\n# \xff\xfe\n"),
    "binary": lambda file: file.write_bytes(bytes(range(256))),
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("kind", _HOSTILE)
def test_what_is_no_file_of_text(kind: str, tmp_path: Path) -> None:
    """Nothing of it hangs, fills the memory or ends in a traceback."""
    file = tmp_path / _OWN
    _HOSTILE[kind](file)
    with pytest.raises(UsageError) as caught:
        read_config(file)
    assert repr(str(file)) in str(caught.value)
    assert "--no-config" in caught.value.hint


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    """As people have it who keep their settings in one place."""
    (tmp_path / _OWN).symlink_to(_write(tmp_path, _GOOD, "settings.toml"))
    assert read_config(tmp_path / _OWN).patterns


def test_load_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The named file, else the nearest one, or none at all."""
    monkeypatch.chdir(tmp_path)
    assert load_config() == Config()
    named = _write(tmp_path, "[patterns.protected]\na = ['b']\n", "named.toml")
    _write(tmp_path, _GOOD)
    assert [pattern.name for pattern in load_config(str(named)).patterns.protected] == ["a"]
    assert load_config().file == tmp_path / _OWN
    assert load_config(use=False) == Config()
    with pytest.raises(UsageError, match="exclude each other"):
        load_config(str(named), use=False)


def test_a_folder_that_is_gone_has_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no reason to fail."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load_config() == Config()
    monkeypatch.chdir(TESTS)


@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A UsageError or a configuration, never anything else."""
    file = tmp_path_factory.mktemp("any") / _OWN
    file.write_bytes(content)
    with suppress(UsageError):
        assert not read_config(file).patterns
