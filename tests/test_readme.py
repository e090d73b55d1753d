"""The README shows what happens, and its commands can be pasted as they stand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, environment

from lab import readme

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells of POSIX")


def test_the_session_is_a_true_one() -> None:
    """Every command and every line below it; if not: python -m lab.readme."""
    assert readme.between(TEXT, "session", readme.session()) == TEXT
    guide = readme.GUIDE.read_text(encoding="utf-8")
    assert readme.between(guide, "one-liner", readme.three_lines()) == guide


def test_the_picture_is_of_a_true_run() -> None:
    """And is one that a browser can read."""
    assert readme.PICTURE.read_text(encoding="utf-8") == readme.picture()
    assert "docs/before-after.svg" in TEXT


def _bash(script: str, folder: Path, answers: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a script in a folder, with our command first on the path."""
    tools = folder / ".venv" / "bin"
    tools.mkdir(parents=True, exist_ok=True)
    command = tools / "skill-distiller"
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -m skill_distiller \"$@\"\n", encoding="utf-8")
    command.chmod(0o755)
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    pythonpath = os.pathsep.join((str(ROOT / "src"), os.environ.get("PYTHONPATH", "")))
    return subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        input=answers,
        capture_output=True,
        env=environment(PATH=path, PYTHONPATH=pythonpath),
        timeout=PATIENCE,
        check=False,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the commands of the README need of a clone."""
    folder = tmp_path / "clone"
    shutil.copytree(ROOT / "examples", folder / "examples")
    return folder


def test_the_first_commands(clone: Path) -> None:
    """All but the one that installs: that one is what `scripts/demo` itself is for."""
    first, *others = BLOCKS[0].splitlines()
    assert first == "scripts/demo"
    assert (ROOT / first).is_file()
    for line in others:
        done = _bash(line, clone, answers=b"stop\n")
        assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()


@pytest.mark.slow
def test_the_commands_that_can_be_pasted(clone: Path) -> None:
    """Those of the session in their order, then the others; `verify` without a receipt says no, which is its job."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "activate").touch()
    session = re.findall(r"^\$ (.*)$", readme.session(), re.MULTILINE)
    others = [line.partition("  #")[0].rstrip() for line in BLOCKS[2].splitlines()]
    script = "\n".join([BLOCKS[1], "set -e", *session, "set +e", *others])
    done = _bash(script, clone)
    assert done.returncode == 6, done.stderr.decode()
    assert b"TRIGGER: " in done.stdout
    assert b"Error: " not in done.stderr
