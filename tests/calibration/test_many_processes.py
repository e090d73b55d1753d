"""Many commands at once on one store."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.calibration.samples import fill
from tests.cli.command import run_process
from tests.cli.samples import MINIMAL

from skill_distiller.calibration.store import CalibrationStore

# A process that has loaded the command forks others that all wait at one gate. Each compresses, tells of that
# very run, tells of run 1 too and compresses once more, all by the command line.
_WORKERS = """
import contextlib, io, json, os, sys, time, traceback
from skill_distiller.cli.app import main

folder, processes = sys.argv[1], int(sys.argv[2])

def run(*arguments):
    sys.argv = ["skill-distiller", *arguments]
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with contextlib.redirect_stdout(out):
        try:
            main()
        except SystemExit as end:
            assert not end.code, end.code
    return out.buffer.getvalue().decode()

def work(number):
    where = ("--learnings-dir", folder)
    first = json.loads(run("compress", "SKILL.md", "--json", "-q", *where))["calibration"]["id"]
    run("feedback", "--id", first, "--actual", number, "--outcome", "partial", "--note", number, *where)
    run("feedback", "--id", "c1", "--actual", number, "--outcome", "worked", *where)
    second = json.loads(run("compress", "SKILL.md", "--json", "-q", *where))["calibration"]["id"]
    os.write(1, json.dumps([number, first, second]).encode() + b"\\n")

run("compress", "SKILL.md", "--no-calibration")
reader, writer = os.pipe()
for number in range(processes):
    if not os.fork():
        os.close(writer)
        os.read(reader, 1)  # returns when the parent closes its end
        try:
            work(str(number))
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
os.close(writer)
sys.exit(sum(os.wait()[1] != 0 for _ in range(processes)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes fork on POSIX only")
@pytest.mark.parametrize("processes", [6, pytest.param(32, marks=pytest.mark.slow)])
def test_many_at_once_lose_nothing(processes: int, tmp_path: Path) -> None:
    """Every run and every outcome is there, a rotation among it; no id is given twice, no line is torn."""
    store, before = CalibrationStore(tmp_path / "learnings"), 1000 - processes
    fill(store, before)
    (tmp_path / "SKILL.md").write_text(MINIMAL, encoding="utf-8")
    done = run_process(tmp_path / "learnings", str(processes), program=("-c", _WORKERS), cwd=tmp_path)
    report = [line for line in done.stderr.splitlines() if "Traceback" in line or "Error" in line]
    assert (done.exit_code, report) == (0, [])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == processes
    entries = {entry.id: entry for entry in store.read(whole=True).entries}
    given = sorted((name for _, *pair in lines for name in pair), key=lambda name: int(name[1:]))
    assert given == [f"c{i}" for i in range(before + 1, before + 1 + 2 * processes)]
    assert len(entries) == before + 2 * processes
    for number, first, second in lines:
        assert entries[first].actual
        assert entries[first].fields["actual"]["note"] == number  # type: ignore[index]
        assert entries[second].actual is None
    told = entries["c1"].fields
    assert len(told["actual_history"]) == processes - 1  # type: ignore[arg-type]
    assert store.archive.exists()
    assert store.read().unreadable == ()
