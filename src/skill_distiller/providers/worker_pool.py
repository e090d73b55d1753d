"""Run a few tasks at once in threads that never hold up the end of the process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, TypeVar

from skill_distiller.errors import StoppedError

T = TypeVar("T")
_TICK: Final = 0.2  # seconds; some systems deliver Ctrl-C only between two waits


def at_once(
    tasks: Sequence[Callable[[], T]],
    workers: int,
    stopped: threading.Event,
    done: Callable[[], None] = lambda: None,
) -> list[T]:
    """The results of the tasks, in order, at most `workers` of them under way at a time.

    `done` is called in this thread after each. The first error ends the run: no further task is
    begun, those under way are waited for, then it is raised. Ctrl-C sets `stopped` and raises
    StoppedError at once.
    """
    waiting = queue.SimpleQueue[int]()
    finished = queue.SimpleQueue[int]()
    failed = threading.Event()
    results = [Future[T]() for _ in tasks]
    for number in range(len(tasks)):
        waiting.put(number)

    def work() -> None:
        while not failed.is_set():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                results[number].set_result(tasks[number]())
            except BaseException as error:  # noqa: BLE001 - it is raised again where the results are waited for
                failed.set()
                results[number].set_exception(error)
            finished.put(number)

    # Threads of our own: those of an executor are waited for when the process ends.
    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(tasks)))]
    for thread in threads:
        thread.start()
    try:
        for _ in tasks:
            if not _next(finished, threads):
                break
            done()
        return [result.result() for result in results if result.done()]
    except KeyboardInterrupt:
        stopped.set()
        raise StoppedError(
            "Stopped.", "What was answered so far is in the cache; the next run goes on there."
        ) from None


def _next(finished: queue.SimpleQueue[int], threads: Sequence[threading.Thread]) -> bool:
    """Wait for one more task to finish; False where no thread is left to finish any."""
    while True:
        working = any(thread.is_alive() for thread in threads)
        with suppress(queue.Empty):
            finished.get(timeout=_TICK if working else 0)
            return True
        if not working:
            return False
