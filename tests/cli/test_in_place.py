"""`--apply` and `undo`: over the original with a backup that no agent loads, and back again, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.command import Result, run
from tests.cli.samples import DEPLOY
from tests.cli.test_self_compression import SQUEEZE

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")


def _refused(result: Result, exit_code: int = 6) -> bool:
    lines = [line.split(":")[0] for line in result.stderr.splitlines()]
    return (result.exit_code, result.stdout, lines) == (exit_code, b"", ["Error", "Hint"])


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def committed(skill_file: Path) -> Path:
    """The skill in a repository, committed."""
    _git(skill_file.parent, "init", "-q")
    _git(skill_file.parent, "add", ".")
    _git(skill_file.parent, "commit", "-q", "-m", "a skill")
    return skill_file


@pytest.mark.parametrize("given", ["file", "folder"])
def test_applied_and_undone(given: str, skill_file: Path) -> None:
    """The file gets the very bytes that stdout would have had; the folder gets no other file; undo brings all back."""
    product = run("compress", skill_file, "-q").stdout
    target = skill_file if given == "file" else skill_file.parent
    result = run("compress", target, "--apply")
    assert (result.exit_code, result.stdout) == (0, b"")
    assert skill_file.read_bytes() == product
    assert [path.name for path in skill_file.parent.iterdir()] == ["SKILL.md"]
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("Applied: "))
    backup = Path(line.partition("its original is ")[2])
    assert backup.read_text(encoding="utf-8") == DEPLOY
    assert not backup.is_relative_to(skill_file.parent)
    assert result.stderr.endswith("To take it back: skill-distiller undo\n")
    assert f"  {skill_file}\n" in run("undo", "--list").text
    back = run("undo", *([target] if given == "folder" else []))
    assert (back.exit_code, back.stdout) == (0, b"")
    assert back.stderr.startswith(f"Undone: {skill_file} is as it was before ")
    assert skill_file.read_text(encoding="utf-8") == DEPLOY
    assert run("undo", "--list").text == ""
    assert _refused(run("undo"), 3)


def test_steps_are_undone_one_by_one(skill_file: Path) -> None:
    """The latest first."""
    run("compress", skill_file, "--apply", "-q")
    between = skill_file.read_bytes()
    run("compress", skill_file, "--apply", "-q", "--threshold=0.3")
    assert skill_file.read_bytes() != between
    assert run("undo", skill_file).exit_code == 0
    assert skill_file.read_bytes() == between
    assert run("undo", skill_file).exit_code == 0
    assert skill_file.read_text(encoding="utf-8") == DEPLOY


def test_a_file_that_changed_since_is_left_alone(skill_file: Path) -> None:
    """Exit 6, with the place of the original; so is one whose backup is damaged."""
    result = run("compress", skill_file, "--apply")
    backup = Path(result.stderr.partition("its original is ")[2].splitlines()[0])
    product = skill_file.read_bytes()
    skill_file.write_bytes(product + b"mine\n")
    refused = run("undo")
    assert _refused(refused)
    assert f"Its original is {str(backup)!r}." in refused.stderr
    assert skill_file.read_bytes() == product + b"mine\n"
    skill_file.write_bytes(product)
    backup.write_text("something else", encoding="utf-8")
    assert _refused(run("undo"))
    assert skill_file.read_bytes() == product


@pytest.mark.parametrize("option", ["--dry-run", "--threshold=1"])
def test_what_changes_nothing_keeps_nothing(option: str, skill_file: Path) -> None:
    """A dry run only reports; a result that is the original says that there is nothing to apply."""
    result = run("compress", skill_file, "--apply", option)
    assert (result.exit_code, result.stdout, skill_file.read_text(encoding="utf-8")) == (0, b"", DEPLOY)
    assert ("Nothing to apply: the file is as it was.\n" in result.stderr) == (option != "--dry-run")
    assert run("undo", "--list").text == ""


def test_record_and_diff_may_go_with_it(skill_file: Path) -> None:
    """stdout is free for them."""
    assert run("compress", skill_file, "--apply", "--json").stdout.startswith(b"{")
    assert run("undo").exit_code == 0
    assert run("compress", skill_file, "--apply", "--diff").stdout.startswith(b"--- a/SKILL.md")
    assert skill_file.read_text(encoding="utf-8") != DEPLOY


def test_what_can_not_be_applied(skill_file: Path) -> None:
    """stdin, a second place, three lines, a skill that makes skills smaller: exit 2 or 6, and nothing is touched."""
    assert _refused(run("compress", "--apply", stdin=DEPLOY.encode()))
    assert _refused(run("compress", skill_file, "--apply", "-o", "x.md"), 2)
    assert _refused(run("compress", skill_file, "--apply", "--mode=one-liner"), 2)
    assert skill_file.read_text(encoding="utf-8") == DEPLOY
    skill_file.write_text(SQUEEZE, encoding="utf-8")
    assert _refused(run("compress", skill_file, "--apply", "--yes"))
    assert skill_file.read_text(encoding="utf-8") == SQUEEZE


@needs_git
@pytest.mark.parametrize("state", ["changed", "staged", "new"])
def test_changes_that_git_does_not_hold_are_refused(state: str, committed: Path) -> None:
    """Without `--force`; with it there is a backup as ever. What is committed, or ignored, is no reason."""
    if state == "new":
        _git(committed.parent, "rm", "-q", "--cached", "SKILL.md")
    else:
        committed.write_text(DEPLOY + "\nMore of it.\n", encoding="utf-8")
    if state == "staged":
        _git(committed.parent, "add", ".")
    before = committed.read_bytes()
    result = run("compress", committed, "--apply")
    assert _refused(result)
    assert ("is not committed yet" if state == "new" else "has changes that are not committed") in result.stderr
    assert committed.read_bytes() == before
    assert run("compress", committed, "--apply", "--force").exit_code == 0
    assert run("undo").exit_code == 0
    assert committed.read_bytes() == before


@needs_git
def test_what_is_committed_or_ignored_is_applied(committed: Path) -> None:
    """Also where the working tree has other line ends than the repository."""
    committed.write_bytes(DEPLOY.replace("\n", "\r\n").encode())
    assert run("compress", committed, "--apply").exit_code == 0
    assert run("undo").exit_code == 0
    _git(committed.parent, "rm", "-q", "--cached", "SKILL.md")
    (committed.parent / ".gitignore").write_text("SKILL.md\n", encoding="utf-8")
    assert run("compress", committed, "--apply").exit_code == 0


@needs_git
@pytest.mark.skipif(os.name != "posix", reason="scripts of POSIX")
def test_a_repository_can_not_run_anything(committed: Path, tmp_path: Path) -> None:
    """Neither a filter, nor a monitor, nor a hook, nor a helper that its configuration names."""
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch '{sprung}'\ncat\n", encoding="utf-8")
    trap.chmod(0o755)
    for key in ("filter.x.clean", "filter.x.process", "core.fsmonitor", "diff.external", "core.pager", "core.editor"):
        _git(committed.parent, "config", key, str(trap))
    (committed.parent / ".git" / "info" / "attributes").write_text("* filter=x\n", encoding="utf-8")
    assert run("compress", committed, "--apply").exit_code == 0
    assert not sprung.exists()


def test_a_link_is_followed(skill_file: Path, tmp_path: Path) -> None:
    """The file behind it is written, and the link stays one."""
    link = tmp_path / "link.md"
    link.symlink_to(skill_file)
    assert run("compress", link, "--apply").exit_code == 0
    assert link.is_symlink()
    assert skill_file.read_text(encoding="utf-8") != DEPLOY
    assert run("undo", link).exit_code == 0
    assert skill_file.read_text(encoding="utf-8") == DEPLOY
