"""A batch on a Ray cluster gives the bytes of the local one, also where a worker is killed in the middle."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.command import PATIENCE, environment, run
from tests.library.batches import contents, make_library

real = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")


def _ray_workers(parent: int) -> list[int]:
    """The processes of a cluster that do a task now."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and b"ray::_do" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != parent]


@pytest.mark.slow
@pytest.mark.integration
@real
def test_a_worker_is_killed_in_the_middle(tmp_path: Path) -> None:
    """Its skill is done again by another one."""
    library = make_library(tmp_path / "skills", 24)
    run("batch", library, "-o", tmp_path / "local", "--jobs=2", "-q")
    line = [sys.executable, "-m", "skill_distiller", "batch", str(library), "-o", str(tmp_path / "ray"), "-q"]
    with subprocess.Popen([*line, "--engine=ray", "--jobs=2"], env=environment(), stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        killed = False
        while process.poll() is None and time.monotonic() < deadline:
            for pid in _ray_workers(process.pid)[:1] if not killed else ():
                os.kill(pid, signal.SIGKILL)
                killed = True
            time.sleep(0.01)
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert (process.returncode, killed) == (0, True), said
    ray, local = contents(tmp_path / "ray"), contents(tmp_path / "local")
    local.pop(".skill-distiller-batch.lock")  # of the local engine
    assert ray == local


def test_an_address_needs_the_engine(tmp_path: Path) -> None:
    """One sentence."""
    result = run("batch", make_library(tmp_path / "skills", 1), "-o", tmp_path / "out", "--address=127.0.0.1:1")
    assert result.exit_code == 2
    assert "--engine ray" in result.stderr


@real
def test_a_cluster_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    """At once, with exit code 2: Ray itself would try for minutes."""
    result = run(
        "batch", make_library(tmp_path / "skills", 1), "-o", tmp_path / "out", "--engine=ray", "--address=127.0.0.1:1"
    )
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Ray can't be reached: ")
    assert "Hint: Check --address" in result.stderr


@pytest.mark.parametrize("failing", ["raise SystemError('no\\nroom.')", "raise AssertionError"])
def test_whatever_keeps_it_from_starting_is_one_sentence(failing: str, tmp_path: Path) -> None:
    """Of its own errors, of gRPC's and the system's each release raises others: a stand-in raises them."""
    (tmp_path / "ray.py").write_text(f"def init(**_):\n    {failing}\n\ndef shutdown():\n    pass\n")
    library = make_library(tmp_path / "skills", 1)
    line = [sys.executable, "-m", "skill_distiller", "batch", str(library), "-o", str(tmp_path / "out"), "--engine=ray"]
    done = subprocess.run(
        line, env={**environment(), "PYTHONPATH": str(tmp_path)}, capture_output=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines()[0].startswith("Error: Ray can't be started: ")
    assert b"Traceback" not in done.stderr
