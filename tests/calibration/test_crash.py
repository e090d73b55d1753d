"""A process may die at any point: what was acknowledged is there, and the file stays readable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest
from tests.calibration.samples import RUN, fill, ids, report

from skill_distiller.calibration.store import CalibrationStore

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills and file descriptors of POSIX")
_CALLS = ("write", "fsync", "ftruncate", "replace", "rename", "open", "unlink")
_KILLS = 15
_MOST_CALLS = 60  # system calls of one append with a rotation; fewer are made


class CrashError(BaseException):
    """The process dies here: no handler of the code under test catches it."""


class Dying:
    """Lets the first `left` system calls that change something pass and dies at the next, a write half done."""

    def __init__(self, left: int) -> None:
        self.left = left

    def wrap(self, call: Callable[..., object], name: str) -> Callable[..., object]:
        """The system call, counted."""

        def counted(*arguments: object, **options: object) -> object:
            if self.left == 0:
                if name == "write":
                    descriptor, content = arguments
                    assert isinstance(content, bytes | memoryview)
                    call(descriptor, bytes(content)[: len(content) // 2])
                raise CrashError
            self.left -= 1
            return call(*arguments, **options)

        return counted


def _die_in(action: Callable[[], object], after: int) -> bool:
    """Run something that dies after so many system calls; whether it died."""
    dying = Dying(after)
    with pytest.MonkeyPatch.context() as patch:
        for name in _CALLS:
            patch.setattr(os, name, dying.wrap(getattr(os, name), name))
        try:
            action()
        except CrashError:
            return True
    return False


@pytest.mark.parametrize(
    "entries", [pytest.param(3, id="plain"), pytest.param(1001, id="rotation", marks=pytest.mark.slow)]
)
def test_an_append_may_die_at_every_system_call(tmp_path: Path, entries: int) -> None:
    """Afterwards every older run is there once, the new one whole or not at all, and ids go on rising."""
    for after in range(_MOST_CALLS):
        store = CalibrationStore(tmp_path / str(after))
        fill(store, entries)
        store.record([report("c2", 70)])
        older = ids(store)
        died = _die_in(partial(store.append, RUN), after)
        found = ids(store)
        assert found in (older, [*older, f"c{entries + 1}"]), after
        number = int(store.append(RUN)[1:])
        assert number > int(found[-1][1:])
        assert ids(store) == [*found, f"c{number}"]
        outcomes = [e.id for e in store.read().entries if e.actual]
        assert outcomes == ["c2"]
        archived = [line.entry.id for line in store.read(whole=True).archived if line.entry]
        assert len(archived) == len(set(archived)), after
        if not died:
            break
    assert 5 < after < _MOST_CALLS - 1


def test_feedback_may_die_at_every_system_call(tmp_path: Path) -> None:
    """Afterwards the run has its old outcome or the new one, and every other line is as it was."""
    changed = set()
    for after in range(_MOST_CALLS):
        store = CalibrationStore(tmp_path / str(after))
        fill(store, 5)
        store.record([report("c2", 70)])
        before = store.file.read_bytes().splitlines()
        died = _die_in(partial(store.record, [report("c2", 60)]), after)
        lines = store.file.read_bytes().splitlines()
        assert [line for i, line in enumerate(lines) if i != 1] == [line for i, line in enumerate(before) if i != 1]
        (entry,) = (e for e in store.read().entries if e.actual)
        assert entry.actual
        changed.add(entry.actual.functionality)
        assert store.append(RUN) == "c6"
        if not died:
            break
    assert changed == {60, 70}
    assert 5 < after < _MOST_CALLS - 1


_WORKER = """
import sys
from pathlib import Path
from skill_distiller.calibration.entry import Outcome
from skill_distiller.calibration.outcomes import Report
from skill_distiller.calibration.store import CalibrationStore
store = CalibrationStore(Path(sys.argv[1]))
run = {"skill": "x", "mode": "threshold", "expected": {"functionality": 90}, "actual": None}
while True:
    identifier = store.append(run)
    print(identifier, flush=True)
    if int(identifier[1:]) % 3 == 0:
        store.record([Report(identifier, Outcome(80, "worked"))])
        print(identifier, "told", flush=True)
"""


def test_kill_9_at_any_time_loses_nothing(tmp_path: Path) -> None:
    """One process after another is killed at work, a rotation among it; all that was confirmed is there."""
    store, random = CalibrationStore(tmp_path), Random(7)
    fill(store, 990)
    confirmed = {f"c{i}" for i in range(1, 991)}
    told: set[str] = set()
    for _ in range(_KILLS):
        with subprocess.Popen([sys.executable, "-c", _WORKER, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            first = process.stdout.readline()
            time.sleep(random.uniform(0, 0.15))
            os.kill(process.pid, signal.SIGKILL)
            words = [line.split() for line in (first + process.stdout.read()).decode().splitlines()]
        new = [word[0] for word in words if len(word) == 1]
        assert confirmed.isdisjoint(new), "an id was given out twice"
        confirmed.update(new)
        told.update(word[0] for word in words if len(word) == 2)
    entries = store.read(whole=True).entries
    found = [entry.id for entry in entries]
    assert len(found) == len(set(found))
    assert confirmed <= set(found)
    assert told <= {entry.id for entry in entries if entry.actual}
    assert len(store.read().unreadable) <= _KILLS
    assert store.archive.exists()
