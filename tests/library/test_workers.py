"""Worker processes: a task that kills its worker, never ends or raises takes no other task with it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from skill_distiller.library.workers import MOST_TASKS, Died, Workers, work_on


def _work(task: str) -> str:
    if task == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "exit":
        os._exit(3)
    if task == "sleep":
        time.sleep(600)
    if task == "raise":
        raise ValueError("no")
    return task.upper()


def test_each_task_has_a_result_of_its_own() -> None:
    """Whatever the others do to their workers."""
    tasks = ["a", "kill", "b", "exit", "c", "sleep", "d", "raise", "e"]
    waiting, found = list(tasks), dict[str, str | Died]()
    with Workers(_work, 2, most_seconds=3).running() as workers:
        while waiting or workers.are_busy:
            while waiting and workers.has_room:
                workers.submit(waiting.pop(0))
            task, result = workers.wait()
            found[task] = result
    assert {task: found[task] for task in "abcde"} == {task: task.upper() for task in "abcde"}
    reasons = {task: found[task] for task in ("kill", "exit", "sleep", "raise")}
    assert all(isinstance(reason, Died) for reason in reasons.values())
    assert "SIGKILL" in str(reasons["kill"])
    assert "code 3" in str(reasons["exit"])
    assert "more than 3 seconds" in str(reasons["sleep"])
    assert "internal error, ValueError: no" in str(reasons["raise"])
    assert "Traceback" in str(reasons["raise"])


def _who(task: int) -> int:
    return os.getpid()


def test_a_process_gives_way_to_a_new_one() -> None:
    """After so many tasks, each of which has its result: what processes remember is bounded."""
    found = list(work_on(range(MOST_TASKS + 3), _who, 1))
    assert [task for task, _ in found] == list(range(MOST_TASKS + 3))
    processes = [process for _, process in found]
    assert len(set(processes)) == 2
    assert processes[MOST_TASKS - 1] != processes[MOST_TASKS]


def test_no_more_tasks_than_workers() -> None:
    """What can't be taken is refused, and there is nothing to wait for where nothing is in work."""
    with Workers(_work, 1).running() as workers:
        with pytest.raises(ValueError, match="no task"):
            workers.wait()
        workers.submit("a")
        with pytest.raises(ValueError, match="no worker"):
            workers.submit("b")
        assert workers.wait() == ("a", "A")


def _held_back(_: int) -> bool:
    """Whether Ctrl-C waits for ever in this process and in the one that forked it, which imports before it serves."""
    masks = [Path(f"/proc/{number}/status").read_text() for number in (os.getpid(), os.getppid())]
    blocked = [int(mask.split("SigBlk:")[1].split()[0], 16) for mask in masks]
    return all(one >> (signal.SIGINT - 1) & 1 for one in blocked)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="signals are told in /proc")
def test_ctrl_c_reaches_the_first_process_alone() -> None:
    """Those that are started for it don't hear of it, not even while they import: they would show where they were."""
    (done,) = work_on([1], _held_back, 1)
    assert done == (1, True)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
