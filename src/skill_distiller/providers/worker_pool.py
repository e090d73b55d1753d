"""Run a few tasks at once in threads that never hold up the end of the process."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Generic, NoReturn, TypeVar

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
    crew = _Crew(tasks, workers)
    try:
        return crew.results(done)
    except KeyboardInterrupt:
        stopped.set()
        raise StoppedError(
            "Stopped.", "What was answered so far is in the cache; the next run goes on there."
        ) from None


class _Crew(Generic[T]):
    """Threads that take one task after the other, until there is none left or one has failed."""

    def __init__(self, tasks: Sequence[Callable[[], T]], workers: int) -> None:
        self._tasks = tasks
        self._waiting = queue.SimpleQueue[int]()
        self._finished = queue.SimpleQueue[tuple[int, Callable[[], T]]]()
        self._failed = threading.Event()
        for index in range(len(tasks)):
            self._waiting.put(index)
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(min(workers, len(tasks)))]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while not self._failed.is_set():
            try:
                index = self._waiting.get_nowait()
            except queue.Empty:
                return
            try:
                result = self._tasks[index]()
            except BaseException as error:  # noqa: BLE001 - it is raised again where the results are waited for
                self._failed.set()
                self._finished.put((index, partial(_fail, error)))
            else:
                self._finished.put((index, partial(_give, result)))

    def results(self, done: Callable[[], None]) -> list[T]:
        """Wait for all of them, or for those under way once one has failed."""
        outcomes: dict[int, Callable[[], T]] = {}
        while len(outcomes) < len(self._tasks):
            working = any(thread.is_alive() for thread in self._threads)
            try:
                index, outcome = self._finished.get(timeout=_TICK if working else 0)
            except queue.Empty:
                if working:
                    continue
                break
            outcomes[index] = outcome
            done()
        return [outcomes[index]() for index in sorted(outcomes)]


def _give(result: T) -> T:
    return result


def _fail(error: BaseException) -> NoReturn:
    raise error
