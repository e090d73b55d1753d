"""Calibration as its user sees it: around `compress`, `feedback`, and the `calibration` commands."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.calibration.samples import PUBLISHED
from tests.cli.command import Result, environment, run, run_process
from tests.cli.samples import DEPLOY
from tests.cli.test_terminal import CONTROL

_STORE = Path(".learnings") / "skill-distiller"
_TAILS = map("\n".__mul__, count(1))
_FILE = _STORE / "calibration.jsonl"
_SCHEMA = (
    "id timestamp skill mode threshold input_tokens output_tokens reduction_pct sections_total sections_kept"
    " sections_removed classification_confidence_mean functionality_score protected_patterns_found"
    " protected_patterns_preserved advisory_patterns_found advisory_patterns_removed expected actual"
).split()


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project of its own as the working directory, with calibration as it is by default."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").mkdir()
    monkeypatch.chdir(project)
    monkeypatch.delenv("SKILL_DISTILLER_LEARNINGS")


def _compress(*arguments: str | Path, text: str = DEPLOY) -> Result:
    result = run("compress", *arguments, stdin=text.encode())
    assert result.exit_code == 0, result.stderr
    return result


def _entries() -> list[dict[str, Any]]:
    return [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


def _learn(runs: int, actuals: tuple[int, ...] = (), *, first: int = 1, provider: str = "embedded") -> None:
    """Compress so many times, and report these outcomes of the runs from `first` on."""
    for _ in range(runs):  # each of another text: runs of one count once
        _compress("-q", "--provider", provider, text=DEPLOY + next(_TAILS))
    exam = json.dumps([{"id": f"c{i}", "actual": actual} for i, actual in enumerate(actuals, first)])
    if actuals:
        assert run("feedback", "--from-exam=-", stdin=exam.encode()).exit_code == 0


def _assert_error(result: Result, exit_code: int, sentence: str, hint: str) -> None:
    assert (result.exit_code, result.stdout) == (exit_code, b"")
    assert result.stderr.splitlines() == [f"Error: {sentence}", f"Hint: {hint}"]


def test_each_run_leaves_an_entry_in_the_schema_of_the_reference(skill_folder: Path) -> None:
    """All its fields by their names and in their order, then ours; the numbers are those of the record."""
    record = json.loads(_compress(skill_folder, "--json", "--threshold=0.6").stdout)
    (entry,) = _entries()
    assert list(entry)[: len(_SCHEMA)] == _SCHEMA
    assert set(entry) - set(_SCHEMA) == {
        "evaluation_method", "provider", "model", "analyzer", "analyzer_version", "encoding", "tokens_exact",
        "tool_version", "content_hash",
    }  # fmt: skip
    for name in ("skill", "mode", "threshold", "input_tokens", "output_tokens", "analyzer", "encoding"):
        assert entry[name] == record[name], name
    assert entry["reduction_pct"] == round(100 * record["reduction"])
    assert entry["expected"]["functionality"] == entry["functionality_score"] == record["functionality"]["score"]
    assert entry["sections_total"] == len(record["sections"]) == entry["sections_kept"] + entry["sections_removed"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry["timestamp"])
    assert (entry["actual"], record["calibration"]["id"]) == (None, "c1")
    assert str(skill_folder) not in _FILE.read_text(encoding="utf-8")


def test_the_report_names_the_entry_and_how_to_tell_of_its_use() -> None:
    """One line, with the id; stdout is the product and nothing else."""
    assert _compress().text == _compress("--no-calibration").text
    assert _compress().stderr.splitlines()[-1] == (
        f"Saved as c2 in {_STORE}; after use: skill-distiller feedback --id=c2 --actual=0-100 "
        "--outcome=worked|partial|failed"
    )


def test_the_first_line_of_the_report_goes_through_the_stages() -> None:
    """`uncalibrated`, `building baseline, N=7`, not calibrated for want of outcomes, `80-90%; calibrated, N=12`."""

    def headline() -> str:
        return _compress("--dry-run").stderr.splitlines()[0].partition(": ")[2]

    raw = headline().partition("%")[0]
    _learn(4)
    assert headline() == f"{raw}% (uncalibrated - first 5 compressions build baseline)"
    _learn(3)
    assert headline() == f"{raw}% (building baseline, N=7)"
    _learn(5)
    assert headline() == f"{raw}% (not calibrated, N=12: 0 of 5 outcomes reported)"
    _learn(0, (70, 71, 72, 70, 71, 72))
    # The outcomes are 70-72; how far the prior draws the figure toward the score depends on the score.
    assert re.fullmatch(r"7[123]% \((6\d|7[012])-7\d%; calibrated, N=12\)", headline())
    record = json.loads(_compress("--json", "--dry-run").stdout)
    calibration = record["calibration"]
    assert (calibration["stage"], calibration["runs"], calibration["outcomes"], calibration["id"]) == (
        "calibrated", 12, 6, None,
    )  # fmt: skip
    assert calibration["interval"][0] < calibration["corrected_score"] < calibration["interval"][1]
    assert record["functionality"]["calibrated"] is True
    assert record["functionality"]["score"] == _entries()[0]["expected"]["functionality"]


def test_entries_name_provider_and_model_and_each_learns_from_its_own() -> None:
    """What was learned of the embedded judge says nothing of a model's, where that has outcomes enough."""
    _learn(11, (100, 100, 100, 100, 100))
    _learn(11, (20, 20, 20, 20, 20), first=12, provider="scripted")
    by = ("provider", "model", "evaluation_method", "analyzer")
    assert [tuple(entry[name] for name in by) for entry in (_entries()[0], _entries()[-1])] == [
        ("embedded", None, "embedded", "embedded model"),
        ("scripted", "made-up", "scripted/made-up", "scripted/made-up"),
    ]
    for provider, sign in (("embedded", 1), ("scripted", -1)):
        calibration = json.loads(_compress("--json", "--dry-run", "--provider", provider).stdout)["calibration"]
        assert (calibration["runs"], calibration["outcomes"]) == (11, 5)
        assert calibration["bias"] * sign > 0


def test_the_judges_interval_stands_in_until_there_is_a_calibrated_one() -> None:
    """`--with-ci` is in the first line either way."""
    options = ("--provider=scripted", "--with-ci", "--dry-run")
    assert re.search(r"\d% \(\d+-\d+%; uncalibrated", _compress(*options).stderr)
    _learn(11, (70, 71, 72, 70, 71), provider="scripted")
    assert re.search(r"\d% \(\d+-\d+%; calibrated, N=11; the judge alone: \d+-\d+%\)\n", _compress(*options).stderr)


def test_a_run_without_an_answer_leaves_no_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that dies: exit 4, nothing on stdout, nothing to learn from."""
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    result = run("compress", "--provider=openai", "--model=none", stdin=DEPLOY.encode())
    assert (result.exit_code, result.stdout, _FILE.exists()) == (4, b"", False)


def test_what_is_expected_is_kept_without_the_correction() -> None:
    """Else each correction would be corrected again."""
    _compress("-q", "--provider", "embedded")
    _learn(12, (50,) * 12, first=2)
    _compress("-q", "--provider", "embedded")
    first, *_, last = _entries()
    assert first["content_hash"] == last["content_hash"]
    assert first["expected"]["functionality"] == last["expected"]["functionality"]


@pytest.mark.parametrize(
    "arguments", [["--no-calibration"], ["--learnings-dir=off"], ["--dry-run"], ["--diff"], ["--threshold=9"]]
)
def test_runs_that_leave_nothing(arguments: list[str]) -> None:
    """Switched off, nothing handed out, an error: no entry, no folder."""
    run("compress", *arguments, stdin=DEPLOY.encode())
    assert [path.name for path in Path().iterdir()] == [".git"]


def test_a_refused_run_leaves_nothing(skill_folder: Path) -> None:
    """What was not written was not compressed."""
    assert run("compress", skill_folder, "-o", skill_folder / "SKILL.md").exit_code == 6
    assert [path.name for path in Path().iterdir()] == [".git"]


def test_the_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By option or by variable; the option wins, and an empty variable is none."""
    monkeypatch.setenv("SKILL_DISTILLER_LEARNINGS", str(tmp_path / "a"))
    _compress("-q")
    _compress("-q", "--learnings-dir", tmp_path / "b")
    for name in "ab":
        assert (tmp_path / name / "skill-distiller" / "calibration.jsonl").is_file()
    monkeypatch.setenv("SKILL_DISTILLER_LEARNINGS", "")
    _compress("-q")
    assert _FILE.is_file()


def _file_in_the_way() -> None:
    Path(".learnings").write_text("mine")


def _link_to_a_start_up_file() -> None:
    _STORE.mkdir(parents=True)
    Path("profile").write_text("mine")
    _FILE.symlink_to(Path("profile").resolve())


def _loop_of_links() -> None:
    Path(".learnings").symlink_to(".learnings")


def _folder_in_the_place_of_the_file() -> None:
    _FILE.mkdir(parents=True)


@pytest.mark.parametrize(
    "break_it", [_file_in_the_way, _link_to_a_start_up_file, _loop_of_links, _folder_in_the_place_of_the_file]
)
def test_a_run_does_not_fail_because_its_calibration_does(break_it: Callable[[], None]) -> None:
    """One warning, exit 0, the product whole; `--quiet` says nothing; `feedback` then is an error."""
    break_it()
    before = sorted((str(path), path.is_symlink()) for path in Path().rglob("*"))
    result = _compress()
    assert result.text == _compress("--no-calibration").text
    assert len([line for line in result.stderr.splitlines() if line.startswith("Warning: ")]) == 1
    assert "Saved as" not in result.stderr
    assert _compress("-q").stderr == ""
    told = run("feedback", "--actual=80", "--outcome=worked")
    assert (told.exit_code in (3, 6), told.stdout) == (True, b"")
    assert told.stderr.startswith("Error: ")
    assert "Traceback" not in told.stderr
    after = sorted((str(path), path.is_symlink()) for path in Path().rglob("*") if not path.name.startswith(".cal"))
    assert before == after


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user who can be refused")
def test_a_folder_that_can_not_be_written_is_a_warning() -> None:
    """A read-only project."""
    Path().chmod(0o555)
    assert "Warning: This run is not in the calibration data." in _compress().stderr


def test_lines_that_can_not_be_read_are_named_and_kept() -> None:
    """Torn and foreign lines: a warning with their numbers, and every byte stays."""
    _learn(1)
    with _FILE.open("ab") as stream:
        stream.write(b"remark\n" + b'{"id":"c7","torn')
    result = _compress()
    warning = f"Warning: {_FILE}: lines 2, 3 can't be read and are skipped; nothing is deleted."
    assert warning in result.stderr.splitlines()
    assert "Saved as c8 " in result.stderr
    run("feedback", "--actual=80", "--outcome=worked")
    assert _FILE.read_bytes().splitlines()[1:3] == [b"remark", b'{"id":"c7","torn']
    assert warning in run("calibration", "list").stderr.splitlines()


def test_the_store_of_the_original_tool_goes_on_being_used() -> None:
    """Its entries count, are listed and get feedback; all their fields stay."""
    _STORE.mkdir(parents=True)
    _FILE.write_bytes(PUBLISHED.read_bytes())
    assert "Saved as c6 " in _compress().stderr
    assert run("feedback", "--id=c5", "--actual=88", "--outcome=worked").text.startswith("Recorded for c5 (distiller, ")
    old, new = (json.loads(text.splitlines()[4]) for text in (PUBLISHED.read_text(), _FILE.read_text()))
    assert {**new, "actual": None} == old
    assert [line.split()[0] for line in run("calibration", "list").text.splitlines()[1:]] == [
        f"c{i}" for i in range(1, 7)
    ]


def test_feedback_names_the_run_and_keeps_what_was_said_before() -> None:
    """Without an id it is the latest run of this directory; again for the same one is an update."""
    _learn(2)
    first = run("feedback", "--actual=85", "--outcome=worked", "--note", "all of it")
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.text.startswith("Recorded for c2 (deploy-notes, threshold, 2")
    assert re.search(r"expected [\d.]+%, actual 85%, worked\n$", first.text)
    again = run("feedback", "--id=c2", "--actual=40.5", "--outcome=failed")
    assert again.text.endswith("actual 40.5%, failed; 1 earlier kept in its history\n")
    entry = _entries()[1]
    assert (entry["actual"]["functionality"], entry["actual"]["outcome"]) == (40.5, "failed")
    assert entry["actual_history"][0]["note"] == "all of it"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence", "hint"),
    [
        (["--id=c9"], 3, "There is no calibration entry 'c9'.", "Nearest ids: c3, c2, c1."),
        (["--id=2"], 3, "There is no calibration entry '2'.", "Nearest ids: c2, c3, c1."),
        (["--actual=101"], 2, "The actual functionality 101 is not between 0 and 100.", None),
        (["--actual=-1"], 2, "The actual functionality -1 is not between 0 and 100.", None),
        (["--actual=nan"], 2, "The actual functionality nan is not between 0 and 100.", None),
        (["--outcome=great"], 2, "There is no outcome 'great'.", "Choose one of: worked, partial, failed."),
    ],
)
def test_feedback_that_makes_no_sense(arguments: list[str], exit_code: int, sentence: str, hint: str | None) -> None:
    """The exit code, one sentence, a hint; nothing changes."""
    _learn(3)
    before = _FILE.read_bytes()
    result = run("feedback", "--actual=80", "--outcome=worked", *arguments)
    _assert_error(result, exit_code, sentence, hint or "It is a percentage: use for example 85.")
    assert _FILE.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (["--from-exam=-", "--actual=80"], 2, "--from-exam brings its own results."),
        (["--from-exam=-", "--id=c2"], 2, "--id does not fit the results of the exam."),
        (["--from-exam=no.json"], 3, "Can't read 'no.json': No such file or directory."),
        (["--from-exam=a\0b"], 3, "Can't read 'a\\x00b': embedded null byte."),
        (["--actual=80", "--outcome=worked", "--learnings-dir=off"], 2, "Calibration is switched off."),
    ],
)
def test_feedback_options_that_do_not_fit(arguments: list[str], exit_code: int, sentence: str) -> None:
    """One sentence and a hint."""
    result = run("feedback", *arguments, stdin=b'{"id": "c1", "actual": 80}')
    assert (result.exit_code, result.stdout) == (exit_code, b"")
    assert result.stderr.startswith(f"Error: {sentence}\nHint: ")


def test_the_document_names_every_field() -> None:
    """docs/calibration.md describes what an entry holds."""
    _learn(1)
    run("feedback", "--actual=80", "--outcome=worked", "--note=n")
    run("feedback", "--actual=80", "--outcome=worked", "--note=n")
    document = (Path(__file__).resolve().parents[2] / "docs" / "calibration.md").read_text(encoding="utf-8")
    (entry,) = _entries()
    assert [name for name in (*entry, *entry["actual"], *entry["expected"]) if f"`{name}`" not in document] == []


def test_feedback_needs_its_two_numbers_and_a_run() -> None:
    """What is missing is said, with an example."""
    hint = "For example: feedback --id=c1 --actual=85 --outcome=worked."
    for arguments in ([], ["--actual=80"], ["--outcome=worked"]):
        _assert_error(run("feedback", *arguments), 2, "Feedback needs --actual and --outcome.", hint)
    result = run("feedback", "--actual=80", "--outcome=worked")
    _assert_error(result, 3, f"There is no calibration entry in '{_STORE}'.", "Compress a skill here first.")


def test_an_exam_may_be_given_as_a_file_or_a_pipe(tmp_path: Path) -> None:
    """Percent, retention or passed of total; without an outcome the score decides."""
    _learn(4)
    exam = tmp_path / "exam.json"
    exam.write_text(
        '[{"id": "c1", "retention": 0.9}, {"id": "c2", "passed": 11, "total": 20}, {"id": "c3", "actual": 9}]'
    )
    assert len(run("feedback", "--from-exam", exam).text.splitlines()) == 3
    assert run("feedback", "--from-exam=-", "--id=c4", stdin=b'{"actual": 70, "outcome": "worked"}').exit_code == 0
    found = [(e["actual"]["functionality"], e["actual"]["outcome"]) for e in _entries()]
    assert found == [(90, "worked"), (55, "partial"), (9, "failed"), (70, "worked")]


@pytest.mark.parametrize(
    "exam",
    [b"", b"nonsense", b"[]", b"[1]", b"{}", b'{"actual": "85"}', b'{"actual": NaN}', b'{"actual": 101}', b"\xff",
     b'{"actual": true}', b'{"passed": 1, "total": 0}', b'{"id": 1, "actual": 9}', b'{"actual": 9, "outcome": "x"}',
     b"[" * 99_999, b'{"actual": 9, "id": "c7"}', b'[{"actual": 9}, {"actual": 101}]'],
    ids=range(16),
)  # fmt: skip
def test_an_exam_that_can_not_be_used_changes_nothing(exam: bytes) -> None:
    """Exit 3, one sentence and a hint."""
    _learn(1)
    before = _FILE.read_bytes()
    result = run("feedback", "--from-exam=-", stdin=exam)
    assert (result.exit_code, result.stdout) == (3, b"")
    first, second = result.stderr.splitlines()
    assert first.startswith("Error: ")
    assert second.startswith("Hint: ")
    assert _FILE.read_bytes() == before


def test_list_filters_and_prints_json() -> None:
    """By mode, provider, skill, feedback and number; nothing found is said on stderr."""
    _STORE.mkdir(parents=True)
    _FILE.write_bytes(PUBLISHED.read_bytes())
    _learn(2, (80,))

    def listed(*arguments: str) -> list[str]:
        return [entry["id"] for entry in json.loads(run("calibration", "list", "--json", *arguments).text)]

    assert listed() == [f"c{i}" for i in range(1, 8)]
    assert listed("--mode=formula") == ["c5"]
    assert listed("--skill=distiller", "--mode=threshold") == ["c2"]
    assert listed("--provider=embedded") == ["c6", "c7"]
    assert (listed("--feedback"), listed("--no-feedback", "--last=2")) == (["c1"], ["c6", "c7"])
    nothing = run("calibration", "list", "--skill=none")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, b"", "No runs.\n")


def test_show_prints_every_field() -> None:
    """As JSON, unknown fields too; an unknown id names the nearest."""
    _learn(2)
    assert json.loads(run("calibration", "show", "c2").text) == _entries()[1]
    _assert_error(run("calibration", "show", "c3"), 3, "There is no calibration entry 'c3'.", "Nearest ids: c2, c1.")


def test_stats_of_each_mode_and_provider() -> None:
    """N, feedback, bias, error, interval and what it has covered so far."""
    _learn(14, (70, 72, 71, 70, 72, 71, 70, 72))
    head, row = run("calibration", "stats").text.splitlines()
    assert re.split(r"\s{2,}", head) == "mode,by,N,feedback,bias,mean error,interval,covered so far,stage".split(",")
    assert re.fullmatch(r"threshold\s+embedded\s+14\s+8\s+-\d+\.\d\s+\d+\.\d\s+\+/- \d\.\d\s+\d of 3\s+calibrated", row)
    (group,) = json.loads(run("calibration", "stats", "--json").text)
    assert (group["runs"], group["outcomes"], group["estimate"]["stage"]) == (14, 8, "calibrated")


def test_export_for_other_programs() -> None:
    """JSON Lines as they stand; CSV in which no cell is a formula."""
    _compress("-q", text=DEPLOY.replace("deploy-notes", "=cmd()"))
    _learn(1, (80,))
    assert [json.loads(line) for line in run("calibration", "export").text.splitlines()] == _entries()
    rows = list(csv.DictReader(io.StringIO(run("calibration", "export", "--format=csv").text)))
    assert [(row["id"], row["skill"], row["actual"]) for row in rows] == [
        ("c1", "'=cmd()", "80.0"),
        ("c2", "deploy-notes", ""),
    ]
    assert run("calibration", "export", "--format=xml").exit_code == 2


def test_doctor_names_what_is_odd_and_changes_nothing() -> None:
    """Torn lines, duplicate ids, runs from the future, a clock that went back: exit 3; a sound store: exit 0."""
    _learn(1)
    assert run("calibration", "doctor") == Result(0, b"", "Nothing odd in 1 run.\n")
    first = _FILE.read_bytes()
    future = first.replace(b'"c1"', b'"c2"').replace(b'"timestamp":"20', b'"timestamp":"30')
    _FILE.write_bytes(first + future + first + b"torn")
    before = _FILE.read_bytes()
    result = run("calibration", "doctor")
    assert (result.exit_code, result.text.splitlines()) == (
        3,
        [
            "calibration.jsonl:2: from the future: c2",
            "calibration.jsonl:3: duplicate id: c1",
            "calibration.jsonl:3: clock went back: c1",
            "calibration.jsonl:4: unreadable: it is torn off, or not a JSON object",
        ],
    )
    assert _FILE.read_bytes() == before


def test_plot_in_the_terminal_and_as_a_picture() -> None:
    """Text without -o; SVG and PNG with the library, never over a file that is there."""
    _learn(3)
    none = run("calibration", "plot")
    assert (none.exit_code, none.stderr.splitlines()[0]) == (3, "Error: No run of mode 'threshold' has feedback yet.")
    _learn(9, (70, 80, 80, 60, 75, 71))
    text = run("calibration", "plot")
    assert (text.exit_code, text.stderr) == (0, "")
    assert text.text.startswith("mode threshold: 6 outcomes, calibrated\nactual %\n")
    assert sum(text.text.count(mark) for mark in ("|o", " o", ".o", "|2", " 2", ".2")) >= 3
    pytest.importorskip("matplotlib")
    assert run("calibration", "plot", "-o", "a.svg").exit_code == 0
    assert run("calibration", "plot", "-o", "b.svg").exit_code == 0
    assert run("calibration", "plot", "-o", "a.png").exit_code == 0
    assert Path("a.svg").read_bytes().startswith(b"<?xml")
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert run("calibration", "plot", "-o", "a.svg").exit_code == 6
    assert run("calibration", "plot", "-o", "a.svg", "--force").exit_code == 0
    assert run("calibration", "plot", "-o", "a.gif").exit_code == 2


def test_a_picture_without_the_library_says_how_to_get_it() -> None:
    """One sentence, exit 2."""
    _learn(1, (70,))
    code = "import sys; sys.modules['matplotlib'] = None; from skill_distiller.cli.app import main; main()"
    env = {k: v for k, v in environment().items() if k != "SKILL_DISTILLER_LEARNINGS"}
    result = run_process("calibration", "plot", "-o", "a.svg", program=("-c", code), env=env)
    assert (result.exit_code, result.stdout) == (2, b"")
    assert "pip install 'skill-distiller[plot]'" in result.stderr
    assert not Path("a.svg").exists()


_HOSTILE = "\x1b[31m\x07\u202e\x9b2J"


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["list", "--json"], ["stats"], ["stats", "--json"], ["show", "c1"], ["export"],
     ["export", "--format=csv"], ["doctor"], ["plot"], ["plot", "--mode", f"m{_HOSTILE}"], ["show", f"c1{_HOSTILE}"]],
    ids=str,
)  # fmt: skip
def test_names_in_a_store_steer_no_terminal(arguments: list[str]) -> None:
    """Whoever wrote the lines: ids, times, names, notes and providers are shown as codes."""
    fields = {name: f"{name}{_HOSTILE}" for name in ("timestamp", "skill", "provider", "model", "notes")}
    told = {"functionality": 80, "outcome": _HOSTILE}
    lines = [
        {"id": name, "mode": mode, **fields, "expected": {"functionality": 90}, "actual": told}
        for name, mode in (("c1", "threshold"), (f"c2{_HOSTILE}", f"m{_HOSTILE}"))
    ]
    _STORE.mkdir(parents=True)
    _FILE.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    result = run("calibration", *arguments)
    assert "Traceback" not in result.stderr
    assert set(CONTROL.findall(result.text + result.stderr)) == set()
    answer = run("feedback", f"--id=c2{_HOSTILE}", "--actual=70", "--outcome=worked")
    assert answer.exit_code == 0
    assert set(CONTROL.findall(answer.text)) == set()
