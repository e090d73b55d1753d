"""The command `batch`: many skills into a folder, each with an outcome, and a journal to go on from."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, environment, run, run_process
from tests.cli.samples import DEPLOY, HOSTILE, MINIMAL
from tests.library.batches import contents, make_library
from tests.marks import slow

JOURNAL = ".skill-distiller-batch.jsonl"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Five skills."""
    return make_library(tmp_path / "skills")


def _lines(text: str) -> dict[str, dict[str, object]]:
    return {line["place"]: line for line in map(json.loads, text.splitlines())}


def test_results_are_those_of_compress(library: Path, tmp_path: Path) -> None:
    """Each folder comes whole, its SKILL.md as `compress` writes it; what can't get smaller is the original."""
    out = tmp_path / "out"
    result = run("batch", library, "-o", out, "--jobs=1", "--threshold=0.8")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert "5 skills: 4 done, 1 already minimal" in result.stderr
    for name in ("deploy-0", "deploy-3"):
        alone = run("compress", library / name, "--threshold=0.8", "-q")
        assert (out / name / "SKILL.md").read_bytes() == alone.stdout
        assert (out / name / "references" / "more.md").read_bytes() == (
            library / name / "references" / "more.md"
        ).read_bytes()
    assert (out / "build" / "SKILL.md").read_bytes() == MINIMAL.encode()


def test_lines_of_json_and_any_number_of_workers(library: Path, tmp_path: Path) -> None:
    """One line a skill as it comes; two workers give the bytes of one, the journal's too."""
    one = run("batch", library, "-o", tmp_path / "one", "--jobs=1", "--json", "--quiet")
    two = run("batch", library, "-o", tmp_path / "two", "--jobs=2", "--json", "--quiet")
    assert (one.exit_code, one.stderr) == (0, "")
    assert _lines(one.text) == _lines(two.text)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    line = _lines(one.text)["deploy-1"]
    assert (line["state"], line["name"], line["earlier"]) == ("done", "deploy-1", False)
    assert str(line["largest_loss"]).startswith("line ")


def test_a_bad_skill_stops_no_other(library: Path, tmp_path: Path) -> None:
    """What can't be read fails with the sentence; the exit code is what --fail-on says."""
    for name, content in (("empty", b""), ("binary", b"\xff\xfe\0"), ("hostile", HOSTILE.encode())):
        (library / name).mkdir()
        (library / name / "SKILL.md").write_bytes(content)
    os.mkfifo(library / "deploy-2" / "pipe")
    result = run("batch", library, "-o", tmp_path / "out", "--jobs=1", "--json")
    assert result.exit_code == 6
    assert b"\x1b" not in result.stdout + result.stderr.encode()
    lines = _lines(result.text)
    assert {place for place, line in lines.items() if line["state"] == "failed"} == {"empty", "binary", "deploy-2"}
    assert "is empty." in str(lines["empty"]["reason"])
    assert lines["hostile"]["state"] in ("done", "already minimal")
    assert not (tmp_path / "out" / "empty").exists()
    assert run("batch", library, "-o", tmp_path / "out2", "--jobs=1", "--fail-on=never", "-q").exit_code == 0


def test_what_is_done_is_not_done_again(library: Path, tmp_path: Path) -> None:
    """Only what is new, changed, or was asked for otherwise; results without a skill are told."""
    out = tmp_path / "out"
    run("batch", library, "-o", out, "--jobs=1", "-q")
    before = contents(out)
    again = run("batch", library, "-o", out, "--jobs=1", "--json", "-q")
    assert {line["earlier"] for line in _lines(again.text).values()} == {True}
    assert contents(out) == before
    (library / "deploy-1" / "references" / "more.md").write_bytes(b"Other.\n")
    shutil.rmtree(out / "deploy-2")
    (library / "build").rename(library / "make")
    third = run("batch", library, "-o", out, "--jobs=1", "--json")
    worked = {place for place, line in _lines(third.text).items() if not line["earlier"]}
    assert worked == {"deploy-1", "deploy-2", "make"}
    assert "1 result of earlier runs without a skill any more: build" in third.stderr
    assert (out / "deploy-1" / "references" / "more.md").read_bytes() == b"Other.\n"
    other = run("batch", library, "-o", out, "--jobs=1", "--json", "-q", "--threshold=0.6")
    assert {line["earlier"] for line in _lines(other.text).values()} == {False}


def test_results_changed_by_hand_stay(library: Path, tmp_path: Path) -> None:
    """They are refused, and overwritten with --force."""
    out = tmp_path / "out"
    run("batch", library, "-o", out, "--jobs=1", "-q")
    (out / "deploy-1" / "SKILL.md").write_bytes(b"Mine.\n")
    result = run("batch", library, "-o", out, "--jobs=1", "--fail-on=refused")
    assert result.exit_code == 6
    assert "refused deploy-1" in result.stderr
    assert (out / "deploy-1" / "SKILL.md").read_bytes() == b"Mine.\n"
    assert run("batch", library, "-o", out, "--jobs=1", "--force", "-q").exit_code == 0
    assert (out / "deploy-1" / "SKILL.md").read_bytes().startswith(b"---\nname: deploy-1")


def test_copies_are_worked_on_once(library: Path, tmp_path: Path) -> None:
    """The same text beside files of the same names; the folder's own files stay its own."""
    shutil.copytree(library / "deploy-0", library / "other" / "copy")
    (library / "other" / "copy" / "references" / "more.md").write_bytes(b"Its own.\n")
    result = run("batch", library, "-o", tmp_path / "out", "--jobs=2", "--json")
    copy = _lines(result.text)["other/copy"]
    assert (copy["copy_of"], copy["state"]) == ("deploy-0", "done")
    assert "1 with the text of another one: worked on once" in result.stderr
    out = contents(tmp_path / "out")
    assert out["other/copy/SKILL.md"] == out["deploy-0/SKILL.md"]
    assert out["other/copy/references/more.md"] == b"Its own.\n"


def test_skills_inside_of_skills(library: Path, tmp_path: Path) -> None:
    """Both are results, side by side with the files of the outer one."""
    top = library / "deploy-0"
    shutil.copytree(library / "deploy-1", top / "skills" / "inner")
    result = run("batch", top, "-o", tmp_path / "out", "--jobs=2", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert set(contents(tmp_path / "out")) == {
        JOURNAL,
        ".skill-distiller-batch.lock",
        "deploy-0/SKILL.md",
        "deploy-0/references/more.md",
        "deploy-0/skills/inner/SKILL.md",
        "deploy-0/skills/inner/references/more.md",
    }


def test_distillers_need_approval(tmp_path: Path) -> None:
    """A skill that makes skills smaller is refused without --yes, and comes out as it was."""
    text = DEPLOY.replace("Write the notes of a deploy.", "Compresses skills (SKILL.md) into smaller ones.")
    text = text.replace("# Deploy notes", "# Skill distiller\n\nCompress a SKILL.md: distill skills to fewer tokens.")
    folder = tmp_path / "skill-distiller"
    folder.mkdir()
    (folder / "SKILL.md").write_bytes(text.replace("name: deploy-notes", "name: skill-distiller").encode())
    result = run("batch", folder, "-o", tmp_path / "out", "--jobs=1", "--json", "-q")
    line = _lines(result.text)["skill-distiller"]
    assert line["state"] == "refused"
    assert "--yes" in str(line["reason"])
    assert (tmp_path / "out" / "skill-distiller" / "SKILL.md").read_bytes() == (folder / "SKILL.md").read_bytes()
    approved = run("batch", folder, "-o", tmp_path / "out2", "--jobs=1", "--json", "-q", "--yes")
    assert _lines(approved.text)["skill-distiller"]["state"] in ("done", "already minimal")


def test_a_budget_that_can_not_be_met_is_refused(library: Path, tmp_path: Path) -> None:
    """With the smallest number that can."""
    result = run("batch", library, "-o", tmp_path / "out", "--jobs=1", "--tokens=5", "--json", "-q")
    reason = str(_lines(result.text)["deploy-0"]["reason"])
    assert "can't be made to fit 5 tokens" in reason


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["skills"], 2),
        (["skills", "-o", "missing/out"], 2),
        (["skills", "-o", "skills"], 6),
        (["skills/build", "-o", "skills"], 6),
        (["skills/build", "-o", "skills/build/out"], 6),
        (["skills", "-o", "full"], 6),
        (["skills", "-o", "full/file"], 6),
        (["missing", "-o", "out"], 3),
        (["full", "-o", "out"], 2),
        (["skills", "-o", "out", "--json", "--verbose"], 2),
        (["skills", "-o", "out", "--tokens=5", "--threshold=0.5"], 2),
        (["skills", "-o", "out", "--threshold=7"], 2),
        (["skills", "-o", "out", "--encoding=none"], 2),
    ],
)
def test_bad_requests(
    arguments: list[str], code: int, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence on stderr, nothing on stdout, and nothing of the library or of another folder changed."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"x")
    before = contents(library), contents(tmp_path / "full")
    monkeypatch.chdir(tmp_path)
    result = run("batch", *arguments)
    assert (result.exit_code, result.stdout) == (code, b"")
    assert result.stderr.startswith(("Error: ", "Usage: "))
    assert (contents(library), contents(tmp_path / "full")) == before


def test_one_run_at_a_time(library: Path, tmp_path: Path) -> None:
    """A second one for the same folder is refused while the first one lives."""
    out = tmp_path / "out"
    run("batch", library, "-o", out, "--jobs=1", "-q")
    code = "import sys, fcntl, os; d = os.open(sys.argv[1], 0); fcntl.flock(d, 2); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        result = run("batch", library, "-o", out, "--jobs=1")
        other.communicate()
    assert result.exit_code == 6
    assert "Another run works in" in result.stderr


def test_a_journal_that_leads_elsewhere(library: Path, tmp_path: Path) -> None:
    """Nothing is written through a link, nor is a pipe waited for."""
    out, victim = tmp_path / "out", tmp_path / "victim"
    victim.write_bytes(b"half a line")
    for make in (lambda file: file.symlink_to(victim), lambda file: os.mkfifo(file)):
        out.mkdir()
        make(out / JOURNAL)
        result = run("batch", library, "-o", out, "--jobs=1", "-q")
        assert result.exit_code == 6
        assert "is no regular file." in result.stderr
        (out / JOURNAL).unlink()
        assert victim.read_bytes() == b"half a line"
        assert list(out.iterdir()) == []
        out.rmdir()


def test_a_journal_that_was_cut_or_spoilt(library: Path, tmp_path: Path) -> None:
    """Lines that are none are passed over, half a line is cut off; what they told is done again."""
    out = tmp_path / "out"
    run("batch", library, "-o", out, "--jobs=1", "-q")
    before = contents(out)
    lines = before[JOURNAL].splitlines(keepends=True)
    escaping = lines[0].replace(b'"build"', b'"../../build"')
    (out / JOURNAL).write_bytes(b"[]\nnonsense\n" + escaping + b"".join(lines[1:3]) + lines[3][:40])
    result = run("batch", library, "-o", out, "--jobs=1", "--json", "-q")
    assert {place for place, line in _lines(result.text).items() if line["earlier"]} == {"deploy-0", "deploy-1"}
    assert contents(out) == before


@pytest.mark.parametrize("seconds", [0.9, *slow(0.6, 1.1, 1.3, 1.5, 1.8)])
def test_a_killed_run_goes_on(seconds: float, tmp_path: Path) -> None:
    """Wherever it is killed, the next run gives the bytes of an undisturbed one, and nothing half written is left."""
    library = make_library(tmp_path / "skills", 8)
    run("batch", library, "-o", tmp_path / "whole", "--jobs=2", "-q")
    out = tmp_path / "out"
    line = [sys.executable, "-m", "skill_distiller", "batch", str(library), "-o", str(out), "--jobs=2", "-q"]
    with subprocess.Popen(line, env=environment(), start_new_session=True) as process:
        time.sleep(seconds)  # anywhere: the outcome is the same
        os.kill(process.pid, signal.SIGKILL)
    result = run_process("batch", library, "-o", out, "--jobs=2", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert contents(out) == contents(tmp_path / "whole")


@pytest.mark.slow
def test_ctrl_c(tmp_path: Path) -> None:
    """One sentence, exit code 130, and the next run goes on."""
    library = make_library(tmp_path / "skills", 12)
    line = [sys.executable, "-m", "skill_distiller", "batch", str(library), "-o", str(tmp_path / "out"), "--json"]
    with subprocess.Popen(
        line, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode in (0, 130)
    assert b"Traceback" not in stderr
    result = run("batch", library, "-o", tmp_path / "out", "--json", "-q")
    assert any(line["earlier"] for line in _lines(result.text).values())


def test_one_session_with_a_model(library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What all skills will ask is said before the first call; a second run asks nothing, for another model it does."""
    monkeypatch.delenv("SKILL_DISTILLER_SCRIPT", raising=False)
    arguments = ("batch", library, "-o", tmp_path / "out", "--json", "--provider=scripted", "--threshold=0.8")
    first = run(*arguments)
    assert first.exit_code == 0
    (asking,) = (line for line in first.stderr.splitlines() if line.startswith("Asking "))
    assert int(asking.split(" about ")[1].split()[0]) >= 10
    assert {line["earlier"] for line in _lines(first.text).values()} == {False}
    again = run(*arguments)
    assert "Asking" not in again.stderr
    assert {line["earlier"] for line in _lines(again.text).values()} == {True}
    other = run(*arguments, "--model=other", "--no-cache")
    assert {line["earlier"] for line in _lines(other.text).values()} == {False}


def test_a_limit_of_calls_ends_the_batch(library: Path, tmp_path: Path) -> None:
    """It holds for all skills together; with a higher one the same command goes on."""
    arguments = ("batch", library, "-o", tmp_path / "out", "--json", "--provider=scripted")
    stopped = run(*arguments, "--max-calls=4")
    assert stopped.exit_code == 4
    assert "Run the same command again" in stopped.stderr
    lines = _lines(stopped.text)
    assert [line["state"] for line in lines.values()].count("failed") == 3
    rest = run(*arguments, "-q")
    assert rest.exit_code == 0
    assert len(_lines(rest.text)) == 5
