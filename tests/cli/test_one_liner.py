"""One-liner mode as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.command import run
from tests.cli.samples import DEPLOY, HOSTILE, MINIMAL, NO_FRONTMATTER, NO_TRIGGER

ONELINER = "--mode=oneliner"


@pytest.mark.parametrize("text", [DEPLOY, NO_FRONTMATTER, NO_TRIGGER, MINIMAL, HOSTILE, "a\n", "---\nname: a\n---\n"])
def test_three_lines_on_stdout(text: str) -> None:
    """Exit 0 and three lines for any skill, without frontmatter, without trigger, however short."""
    result = run("compress", ONELINER, stdin=text.encode())
    assert result.exit_code == 0
    assert [line.partition(": ")[0] for line in result.text.splitlines()] == ["TRIGGER", "ACTION", "RESULT"]
    assert result.text.endswith("\n")
    assert all(line.isprintable() for line in result.text.splitlines())


def test_the_report_is_short(skill_file: Path) -> None:
    """The headline, who wrote it and how many facts went; the receipt is in the verbose one and in the record."""
    report = run("compress", ONELINER, skill_file).stderr
    assert len(report.splitlines()) == 8
    assert "Kept: three lines\n" in report
    assert "One-liner by: embedded; name, description and body are not in the text\n" in report
    record = json.loads(run("compress", ONELINER, skill_file, "--json", "--dry-run").text)
    lost = [fact for section in record["receipt"] for fact in section["lost_facts"] if fact["kind"] != "heading"]
    assert f"\n{len(lost)} facts" in report
    assert " are gone (each named with --verbose and in --json)\n" in report
    verbose = run("compress", ONELINER, skill_file, "--verbose").stderr
    assert "Section Analysis:" in verbose
    assert "Receipt (lines of the original):" in verbose
    assert run("compress", ONELINER, skill_file, "--quiet").stderr == ""


def test_the_record(skill_file: Path) -> None:
    """The three texts are the lines of the product; every block gave way to them."""
    record = json.loads(run("compress", ONELINER, skill_file, "--json").text)
    texts = [record["one_liner"][name] for name in ("trigger", "action", "result")]
    assert record["text"] == "".join(f"{n}: {t}\n" for n, t in zip(("TRIGGER", "ACTION", "RESULT"), texts, strict=True))
    assert (record["mode"], record["threshold"], record["target_tokens"]) == ("oneliner", None, None)
    assert {section["outcome"] for section in record["sections"]} == {"REMOVED"}
    reasons = {change["reason"] for section in record["receipt"] for change in section["changes"]}
    assert reasons == {"the three lines stand for it"}
    assert record["output_tokens"] < record["input_tokens"] / 4
    assert json.loads(run("compress", skill_file, "--json").text)["one_liner"] is None


def test_the_estimate_is_low_and_never_free(skill_file: Path) -> None:
    """Most of a skill is gone: the estimate is far below that of a whole one, and above nothing."""
    record = json.loads(run("compress", ONELINER, skill_file, "--json").text)
    assert 1 < record["functionality"]["score"] < 60
    assert record["functionality"]["method"] == "embedded"


def test_written_to_a_file(skill_file: Path, tmp_path: Path) -> None:
    """With -o nothing is on stdout; the input stays as it was."""
    before = skill_file.read_bytes()
    target = tmp_path / "short.md"
    result = run("compress", ONELINER, skill_file, "-o", target)
    assert (result.exit_code, result.stdout) == (0, b"")
    assert target.read_bytes() == run("compress", ONELINER, skill_file).stdout
    assert skill_file.read_bytes() == before
    refused = run("compress", ONELINER, skill_file, "-o", skill_file, "--force")
    assert (refused.exit_code, refused.stdout) == (6, b"")


def test_dry_run_and_diff(skill_file: Path) -> None:
    """A dry run prints nothing; the diff takes every line away and adds three."""
    assert run("compress", ONELINER, skill_file, "--dry-run").stdout == b""
    diff = run("compress", ONELINER, skill_file, "--diff").text.splitlines()
    assert diff[:2] == ["--- a/SKILL.md", "+++ b/SKILL.md"]
    assert [line[1:9] for line in diff[2:] if line.startswith("+")] == ["TRIGGER:", "ACTION: ", "RESULT: "]


@pytest.mark.parametrize("option", ["--threshold=0.9", "--tokens=500"])
def test_no_other_aim_beside_it(option: str, skill_file: Path) -> None:
    """Exit 2 with one sentence and a hint, nothing on stdout."""
    result = run("compress", ONELINER, option, skill_file)
    assert (result.exit_code, result.stdout) == (2, b"")
    name = option.partition("=")[0]
    assert result.stderr.splitlines() == [
        f"Error: {name} has no meaning with --mode=oneliner.",
        "Hint: Leave one of the two out.",
    ]


def test_its_calibration_entry_is_one_of_its_mode(skill_file: Path, tmp_path: Path) -> None:
    """Runs are compared with those of the same mode."""
    folder = tmp_path / "learnings"
    assert run("compress", ONELINER, skill_file, "--learnings-dir", folder).exit_code == 0
    store = folder / "skill-distiller" / "calibration.jsonl"
    (entry,) = [json.loads(line) for line in store.read_text(encoding="utf-8").splitlines()]
    assert (entry["mode"], entry["sections_kept"]) == ("oneliner", 0)


def test_debug_stages(skill_file: Path) -> None:
    """The lines are a stage of their own."""
    report = run("compress", ONELINER, skill_file, "--debug-stages", "--quiet").stderr
    stages = {stage["stage"]: stage for stage in map(json.loads, report.splitlines())}
    assert list(stages)[:5] == ["parse", "analyze", "one-liner", "plan", "judge"]
    assert "".join(f"{line}\n" for line in stages["one-liner"]["lines"]) == run("compress", ONELINER, skill_file).text


def test_with_a_scripted_model(skill_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command builds the prompted writer; without usable replies the embedded lines come out, and it says so."""
    monkeypatch.delenv("SKILL_DISTILLER_SCRIPT", raising=False)
    arguments = ("compress", ONELINER, skill_file, "--provider=scripted", "--no-cache")
    result = run(*arguments)
    assert result.exit_code == 0
    assert result.text.startswith("TRIGGER: ")
    assert "One-liner by: embedded (no usable answer of scripted/" in result.stderr


def test_a_skill_without_a_body_keeps_nothing_for_certain() -> None:
    """All it says stands in the frontmatter, which three lines do not hold; as it is, it keeps everything."""
    text = b"---\nname: a\ndescription: Sort shelves. Use when a shelf is full.\n---\n"
    record = json.loads(run("compress", ONELINER, "--json", stdin=text).text)
    assert record["text"].startswith("TRIGGER: a shelf is full\n")
    assert record["functionality"]["score"] < 50
    assert json.loads(run("compress", "--json", stdin=text).text)["functionality"]["score"] == 100
