"""Pipes that close early and streams that are not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, environment
from tests.cli.samples import DEPLOY
from tests.marks import slow

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells and pipes of POSIX")

_NOISE = ("Traceback", "BrokenPipeError", "Exception ignored", "AttributeError")


def _shell(script: str, file: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a shell script in which $distill is the command and $file a skill."""
    command = f"'{sys.executable}' -m skill_distiller"
    return subprocess.run(
        ["bash", "-c", f'distill() {{ {command} "$@"; }}; file="$1"; {script}', "bash", str(file)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    """A skill whose product is larger than the buffer of a pipe."""
    file = tmp_path / "SKILL.md"
    file.write_text(DEPLOY + "\n```text\n" + "some line of a log\n" * 9_000 + "```\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("option", ["", *slow("--json", "--diff --threshold=0")])
def test_head_ends_the_run_without_a_traceback(option: str, long_file: Path) -> None:
    """`skill-distiller … | head -1` shows the first line and nothing about pipes."""
    done = _shell(f'distill compress "$file" --quiet {option} | head -1', long_file)
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_reader_of_the_report_may_leave_too(skill_file: Path) -> None:
    """`skill-distiller … 2>&1 >/dev/null | head -1` says nothing about pipes either."""
    done = _shell('distill compress "$file" --verbose 2>&1 >/dev/null | head -1', skill_file)
    assert done.stdout.startswith(b"Functionality preserved: ")
    assert not [word for word in _NOISE if word.encode() in done.stdout + done.stderr]


@pytest.mark.parametrize("redirection", ["2>&-", *slow(">&-", ">&- 2>&-")])
def test_a_closed_stream_is_no_defect(redirection: str, skill_file: Path) -> None:
    """With stdout or stderr closed the run ends quietly, and a closed stderr costs no byte of the product."""
    done = _shell(f'distill compress "$file" --threshold=1 {redirection}', skill_file)
    assert not [word for word in _NOISE if word.encode() in done.stderr]
    if redirection == "2>&-":
        assert (done.returncode, done.stdout) == (0, DEPLOY.encode())


def test_a_named_pipe_is_read_like_a_file(skill_file: Path) -> None:
    """`skill-distiller <(cat SKILL.md)`: process substitution works."""
    done = _shell('distill compress --threshold=1 -q <(cat "$file")', skill_file)
    assert (done.returncode, done.stdout, done.stderr) == (0, DEPLOY.encode(), b"")
