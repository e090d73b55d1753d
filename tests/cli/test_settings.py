"""What people set once: where it may stand, what wins, `config show`, and files that came with a folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY

_ALL = """
threshold = "60%"
wording = "keep"
provider = "embedded"
encoding = "estimate"
learnings = "off"

[keep-sections]
deploy-notes = ["Overview"]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, in nobody's project, with no variable that decides anything."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("SKILL_DISTILLER_PROVIDER", "SKILL_DISTILLER_LEARNINGS"):
        monkeypatch.delenv(name)
    return folder


def _write(folder: Path, text: str) -> Path:
    file = folder / ".skill-distiller.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_what_is_set_once_counts(place: Path, skill_file: Path) -> None:
    """As if it stood on the command line; the report says where it comes from."""
    options = (
        "--threshold=0.6",
        "--wording=keep",
        "--encoding=estimate",
        "--keep-section=Overview",
        "--no-calibration",
    )
    plain = run("compress", skill_file, *options, "--json")
    file = _write(place, _ALL)
    result = run("compress", skill_file, "--json")
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    told = f"Settings from {file}: threshold = 0.6, wording = keep, provider = embedded, encoding = estimate, "
    assert f"{told}learnings = off, keep-sections of deploy-notes\n" in run("compress", skill_file).stderr


def test_the_command_line_wins_then_the_environment(
    place: Path, skill_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another aim on the command line leaves the threshold of the file out."""
    _write(place, _ALL)
    record = json.loads(run("compress", skill_file, "--threshold=0.8", "--wording=terse", "--json").stdout)
    assert (record["threshold"], record["wording"], record["encoding"]) == (0.8, "terse", "estimate")
    record = json.loads(run("compress", skill_file, "--tokens=100%", "--json").stdout)
    assert record["mode"] == "tokens"
    assert json.loads(run("compress", skill_file, "--no-config", "--json").stdout)["threshold"] == 0.9
    _write(place, _ALL.replace('"embedded"', '"auto"'))
    monkeypatch.setenv("SKILL_DISTILLER_PROVIDER", "embedded")
    (line,) = (line for line in run("config", "show").text.splitlines() if line.startswith("provider = "))
    assert line.split() == ["provider", "=", "embedded", "SKILL_DISTILLER_PROVIDER"]


def test_config_show_says_each_value_and_where_it_comes_from(place: Path) -> None:
    """On stdout, for people and as JSON."""
    nothing = run("config", "show")
    assert (nothing.exit_code, nothing.stderr) == (0, "")
    assert nothing.text.splitlines()[:2] == [
        f"{'threshold = 0.9':<{_width(nothing.text)}}default",
        f"{'wording = detail':<{_width(nothing.text)}}default",
    ]
    file = _write(place, "threshold = 0.8\n[patterns.protected]\ntickets = ['JIRA-']\n")
    shown = run("config", "show")
    assert [line.split("  ")[0] for line in shown.text.splitlines()][:2] == ["threshold = 0.8", "wording = detail"]
    assert shown.text.splitlines()[0].endswith(f"  {file}")
    assert shown.text.splitlines()[-1].startswith("patterns.protected.tickets = set")
    record = json.loads(run("config", "show", "--json").stdout)
    assert record["file"] == str(file)
    assert record["settings"][0] == {"key": "threshold", "value": "0.8", "origin": str(file)}
    assert record["settings"][1]["origin"] == "default"


def _width(text: str) -> int:
    return text.splitlines()[0].index("default")


def test_a_file_that_came_with_a_folder_sends_writes_and_fetches_nothing(
    place: Path, skill_file: Path, tmp_path: Path
) -> None:
    """What it may not set is said and passed over; the rest counts."""
    _write(place, f'provider = "openai"\nencoding = "o200k_base"\nlearnings = "{tmp_path}/else"\nthreshold = 0.7\n')
    result = run("compress", skill_file, "--json", "--no-calibration")
    record = json.loads(result.stdout)
    assert (record["threshold"], record["encoding"], record["provider"]) == (0.7, "cl100k_base", None)
    report = run("compress", skill_file).stderr
    for key, why in (("provider", "send the text"), ("encoding", "fetch something"), ("learnings", "write somewhere")):
        (line,) = (line for line in report.splitlines() if line.startswith(f"Warning: {key} of "))
        assert f"is not followed: it could {why}" in line
    assert not (tmp_path / "else").exists()
    assert json.loads(run("config", "show", "--json").stdout)["refused"].keys() == {"provider", "encoding", "learnings"}


@pytest.mark.parametrize("where", ["home", "named"])
def test_ones_own_file_may_set_all(where: str, place: Path, skill_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one in the home folder, which is looked at where there is no nearer one, and the one that --config names."""
    home = place.parent / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    file = _write(home, 'provider = "openai"\nlearnings = "kept"\n')
    options = ("--config", file) if where == "named" else ()
    result = run("compress", skill_file, *options)
    assert (result.exit_code, result.stdout) == (4, b"")
    assert "OPENAI_API_KEY" in result.stderr
    assert run("compress", skill_file, *options, "--provider=embedded").exit_code == 0
    assert (home / "kept" / "skill-distiller" / "calibration.jsonl").is_file()


def test_a_file_that_came_with_a_folder_does_not_take_ones_own_away(
    place: Path, skill_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the file in the home folder says of provider and learnings stays in force; a threshold may differ."""
    home = place.parent / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    patterns = "[patterns.{0}]\nscript = ['deploy script']\n"
    own = _write(home, f'provider = "embedded"\nlearnings = "off"\nthreshold = 0.8\n{patterns.format("protected")}')
    near = _write(place, f'provider = "auto"\nthreshold = 0.7\n{patterns.format("advisory")}')
    record = json.loads(run("config", "show", "--json").stdout)
    rows = {row["key"]: (row["value"], row["origin"]) for row in record["settings"]}
    assert rows["provider"] == ("embedded", str(own))
    assert rows["learnings"] == ("off", str(own))
    assert rows["threshold"] == ("0.7", str(near))
    assert rows["patterns.protected.script"] == ("set", str(own))
    assert "patterns.advisory.script" not in rows
    assert "deploy script" in run("compress", skill_file, "--threshold=0.2").text
    assert json.loads(run("compress", skill_file, "--json").stdout)["threshold"] == 0.7


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("threshold = 90", "threshold is no threshold"),
        ("threshold = true", "threshold is no threshold"),
        ("wording = 'short'", "wording is no wording; it can be keep, marks, detail, terse."),
        ("provider = 'claude'", "provider is no provider; it can be auto, ollama"),
        ("encoding = 3", "encoding is not a text of one line."),
        ("keep-sections = ['A']", "keep-sections is not a table of headings by skill."),
        ("[keep-sections]\na = [1]", "keep-sections is not a table of headings by skill."),
        ("treshold = 0.5", "there is no key 'treshold'."),
    ],
)
def test_what_can_not_be_set(text: str, problem: str, place: Path, skill_file: Path) -> None:
    """Exit 2, with the file, the key and what to do."""
    file = _write(place, text)
    for command in (("compress", skill_file), ("config", "show"), ("verify", skill_file, skill_file)):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (2, b"")
        assert result.stderr.startswith(f"Error: '{file}'")
        assert problem in result.stderr


def test_learnings_are_kept_at_the_root_of_a_project(place: Path, skill_file: Path) -> None:
    """Below the nearest folder with .git, pyproject.toml or .learnings; that they are kept is said once."""
    deep = place / "deep" / "er"
    deep.mkdir(parents=True)
    (place / "pyproject.toml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(deep)
        first, second = (run("compress", skill_file).stderr for _ in range(2))
    folder = place / ".learnings" / "skill-distiller"
    assert f"Saved as c1 in {folder}; after use: " in first
    assert "Such a line of figures, no text, is kept of each run; SKILL_DISTILLER_LEARNINGS=off ends that.\n" in first
    assert "Saved as c2" in second
    assert "is kept of each run" not in second
    assert [path.name for path in place.rglob(".learnings")] == [".learnings"]


def test_a_folder_that_is_no_project_stays_clean(
    place: Path, skill_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then they are in the user's data folder, where feedback finds them too."""
    data = place.parent / "data"
    monkeypatch.setenv("XDG_DATA_HOME", str(data))
    assert run("compress", skill_file).exit_code == 0
    assert list(place.iterdir()) == []
    assert run("feedback", "--actual=80", "--outcome=worked").exit_code == 0
    assert run("calibration", "list").text.splitlines()[1].startswith("c1 ")


def test_a_second_pass_warns(place: Path, skill_file: Path) -> None:
    """Whoever compresses a result is told, without a mark in it; hashes are kept, one a line, and nothing else."""
    (place / ".git").mkdir()
    first = run("compress", skill_file, "--threshold=0.6")
    warning = "Warning: this is the result of an earlier run;"
    assert warning not in first.stderr
    second = run("compress", stdin=first.stdout)
    assert warning in second.stderr
    assert second.exit_code == 0
    kinds = [note["kind"] for note in json.loads(run("compress", "--json", stdin=first.stdout).stdout)["notes"]]
    assert "result of an earlier run" in kinds
    ledger = (place / ".learnings" / "skill-distiller" / "results.txt").read_text(encoding="ascii")
    assert all(len(line) == 64 and line.isalnum() for line in ledger.splitlines())
    assert warning not in run("compress", stdin=DEPLOY.encode()).stderr
    assert warning not in run("compress", "--no-calibration", stdin=first.stdout).stderr
