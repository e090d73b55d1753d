"""Worker processes that each do one task at a time: one that dies takes only its own task with it.

Unlike the pools of the standard library it knows which task a dead worker held, ends one that takes too long, and takes
a task only when a worker is free for it: memory does not grow with their number. `RayWorkers` do
the same on a cluster of machines.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from math import inf
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Final, Generic, NamedTuple, TypeVar

from skill_distiller.errors import UsageError

T = TypeVar("T")
R = TypeVar("R")
_COLLECT_EVERY: Final = 64  # tasks; a run makes few cycles
MOST_TASKS: Final = 512  # of a process: then another one takes its place, for what it remembers of texts only grows
_GRACE_SECONDS: Final = 5.0
_START_SECONDS: Final = 120.0  # that a process may take until it asks for its first task
_READY: Final = "ready"


class Died(NamedTuple):
    """A task that has no result because its worker broke down; `trace` tells programmers where, "" where it is gone."""

    reason: str
    trace: str = ""


@dataclass(slots=True)
class _Worker(Generic[T]):
    process: BaseProcess
    pipe: Connection
    task: T | None = None
    done: int = 0
    since: float = 0.0
    is_up: bool = False


class Workers(Generic[T, R]):
    """Processes that do `work`, which is pickled once for each; use it as `with Workers(…).running() as workers`.

    `prepare` is called in each process before its first task. A task may take `most_seconds`, for ever where that is
    None. After `MOST_TASKS` of them a process gives way to a new one, so that memory is bounded.
    """

    def __init__(
        self,
        work: Callable[[T], R],
        count: int,
        *,
        prepare: Callable[[], object] | None = None,
        preload: str = "",
        most_seconds: float | None = None,
    ) -> None:
        self._work, self._prepare, self._count, self._most_seconds = work, prepare, max(1, count), most_seconds
        self._context = _context(preload)
        self._workers: list[_Worker[T]] = []

    @contextmanager
    def running(self) -> Iterator[Workers[T, R]]:
        """The workers, started; at the end they finish what they are at, after an error they are ended at once."""
        try:
            self._workers = [self._start() for _ in range(self._count)]
            yield self
            for worker in self._workers:
                worker.pipe.close()
            for worker in self._workers:
                worker.process.join(_GRACE_SECONDS)
        finally:
            for worker in self._workers:
                _end(worker.process)
            self._workers = []

    @property
    def are_busy(self) -> bool:
        """Whether a task is in work."""
        return any(worker.task is not None for worker in self._workers)

    @property
    def has_room(self) -> bool:
        """Whether a worker has nothing to do."""
        return any(worker.task is None for worker in self._workers)

    def submit(self, task: T) -> None:
        """Give a task to a worker that has none; raises ValueError where all have one."""
        free = next((place for place, worker in enumerate(self._workers) if worker.task is None), None)
        if free is None:
            raise ValueError("no worker is free")
        worker = self._workers[free]
        try:
            worker.pipe.send(task)
        except OSError:  # it died without work
            _end(worker.process)
            worker = self._workers[free] = self._start()
            worker.pipe.send(task)
        worker.task, worker.since = task, time.monotonic()

    def wait(self) -> tuple[T, R | Died]:
        """The next task that is done, with its result; raises ValueError where none is in work."""
        if not self.are_busy:
            raise ValueError("no task is in work")
        while True:
            busy = {place: worker for place, worker in enumerate(self._workers) if worker.task is not None}
            ready = wait([worker.pipe for worker in busy.values()], self._patience())
            for place, worker in busy.items():
                if worker.pipe in ready and not worker.is_up and self._is_up(worker):
                    continue
                if worker.pipe in ready or time.monotonic() > self._end_of(worker):
                    return self._take(place, worker)

    def _is_up(self, worker: _Worker[T]) -> bool:
        """Whether a process has said that it is ready: the time of its task begins then."""
        try:
            worker.is_up = worker.pipe.recv() == _READY
        except (EOFError, OSError):  # it died before
            return False
        worker.since = time.monotonic()
        return worker.is_up

    def _end_of(self, worker: _Worker[T]) -> float:
        """When the task of a worker has taken too long."""
        if self._most_seconds is None:
            return inf
        return worker.since + self._most_seconds + (0.0 if worker.is_up else _START_SECONDS)

    def _patience(self) -> float | None:
        """The seconds until the first task takes too long."""
        end = min(self._end_of(worker) for worker in self._workers if worker.task is not None)
        return None if end == inf else max(0.0, end - time.monotonic()) + 0.01

    def _take(self, place: int, worker: _Worker[T]) -> tuple[T, R | Died]:
        task, worker.task = worker.task, None
        assert task is not None
        result: R | Died
        try:
            if worker.pipe.poll():
                result = worker.pipe.recv()
                worker.done += 1
                if worker.done < MOST_TASKS:
                    return task, result
            else:
                result = Died(f"it took more than {self._most_seconds:g} seconds")
        except (EOFError, OSError):
            worker.process.join(_GRACE_SECONDS)
            result = Died(_how_it_ended(worker.process.exitcode))
        _end(worker.process)
        worker.pipe.close()
        self._workers[place] = self._start()
        return task, result

    def _start(self) -> _Worker[T]:
        near, far = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(far, self._work, self._prepare), daemon=True)  # type: ignore[attr-defined]
        with _held_back(signal.SIGINT):
            process.start()
        far.close()
        return _Worker(process, near)


class InProcess(Generic[T, R]):
    """The same for work that can't leave this process: one task at a time."""

    def __init__(self, work: Callable[[T], R]) -> None:
        self._work = work
        self._tasks: list[T] = []

    @contextmanager
    def running(self) -> Iterator[InProcess[T, R]]:
        """Nothing has to be started."""
        yield self

    @property
    def are_busy(self) -> bool:
        """Whether a task waits to be done."""
        return bool(self._tasks)

    @property
    def has_room(self) -> bool:
        """Whether none does."""
        return not self._tasks

    def submit(self, task: T) -> None:
        """Take a task, which is done when it is waited for."""
        self._tasks.append(task)

    def wait(self) -> tuple[T, R | Died]:
        """The task with its result."""
        task = self._tasks.pop()
        return task, self._work(task)


def work_on(
    tasks: Iterable[T], work: Callable[[T], R], count: int, *, preload: str = "", most_seconds: float = 600.0
) -> Iterator[tuple[T, R | Died]]:
    """Each task with its result, in the order in which they are done; a task is taken when a worker is free for it."""
    source = iter(tasks)
    with Workers[T, R](work, count, preload=preload, most_seconds=most_seconds).running() as workers:
        while True:
            while workers.has_room:
                try:
                    task = next(source)
                except StopIteration:
                    break
                workers.submit(task)
            if not workers.are_busy:
                return
            yield workers.wait()


def _context(preload: str) -> BaseContext:
    """Processes that begin with what is imported already, where the system can do that."""
    if sys.platform == "win32":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload([preload or __name__])
    return context


@contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """In here a signal waits; a process that is started never gets it, not even while it still imports.

    Ctrl-C goes to all processes of a terminal: the first one decides, and ends the others.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # where it is started for the first process it lets the signal through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: BaseProcess) -> None:
    if process.is_alive():
        process.kill()
    process.join(_GRACE_SECONDS)
    with suppress(ValueError):  # it does not end: left to the system
        process.close()


def _how_it_ended(code: int | None) -> str:
    """In words, for whoever reads the outcome."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return f"its worker process was ended by {signal.Signals(-code).name}"
    return f"its worker process ended with code {code}"


def _serve(pipe: Connection, work: Callable[[T], R], prepare: Callable[[], object] | None) -> None:
    """The life of a worker: a task comes, its result goes, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where it could not be held back
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    held = prepare() if prepare else None
    gc.disable()
    gc.freeze()
    done = 0
    with suppress(OSError):
        pipe.send(_READY)
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            break
        result: R | Died
        try:
            result = work(task)
        except Exception as error:  # noqa: BLE001 - a defect that one skill shows must not stop the others
            result = Died(f"internal error, {type(error).__name__}: {error}", traceback.format_exc())
        try:
            pipe.send(result)
        except OSError:  # nobody is there any more
            break
        done += 1
        if done % _COLLECT_EVERY == 0:
            gc.collect()
    del held


_RETRIES: Final = 3  # of a task whose worker or machine was lost
_REACH_SECONDS: Final = 5.0
_SHOWN: Final = 200  # characters of what it says of a failure
_NOT_STARTED: Final = "Run it without --engine ray, or name a cluster that runs: --address HOST:PORT."
_WAITING: Final = 2  # tasks for each core of the cluster: one in work, one on its way


def _do(work: Callable[[T], R], task: T) -> R:
    """What runs on the cluster."""
    return work(task)


def _reach(address: str) -> None:
    """Raise OSError where nothing answers at HOST:PORT: Ray itself would try for minutes, and then end the process."""
    host, _, port = address.rpartition(":")
    if port.isdigit() and "/" not in host:
        socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS).close()


class RayWorkers(Generic[T, R]):
    """The tasks of `Workers` on a Ray cluster; `address` is that of its head, "" for one started here with `jobs`.

    A task whose worker is lost is done again, elsewhere. No more tasks are under way than the cluster's cores can take.
    Raises UsageError where Ray is not installed or the cluster can't be reached.
    """

    def __init__(self, work: Callable[[T], R], jobs: int, address: str = "") -> None:
        self._work, self._jobs, self._address = work, jobs, address
        self._ray: Any = None
        self._call: Any = None
        self._most = jobs
        self._pending: dict[Any, T] = {}

    @contextmanager
    def running(self) -> Iterator[RayWorkers[T, R]]:
        """Connected; a cluster that was started here ends with it."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody
        os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")  # on a machine with much else to do
        try:
            ray: Any = import_module("ray")
        except ImportError:
            raise UsageError("Ray is not installed.", "pip install 'skill-distiller[ray]'") from None
        try:
            _reach(self._address)
            if self._address:
                ray.init(address=self._address, log_to_driver=False)
            else:
                ray.init(
                    num_cpus=self._jobs, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1"
                )
        except Exception as error:  # noqa: BLE001 - of its own, of gRPC, of the system: each release has others
            ray.shutdown()
            said = " ".join(str(error).split()).rstrip(".")[:_SHOWN] or type(error).__name__
            hint = "Check --address and that the cluster runs; see docs/library.md." if self._address else _NOT_STARTED
            raise UsageError(f"Ray can't be {'reached' if self._address else 'started'}: {said}.", hint) from None
        try:
            self._ray, self._most = ray, _WAITING * max(1, int(ray.cluster_resources().get("CPU", 1)))
            remote: Any = ray.remote(num_cpus=1, max_retries=_RETRIES, max_calls=MOST_TASKS)(_do)
            work = ray.put(self._work)
            self._call = lambda task: remote.remote(work, task)
            yield self
        finally:
            ray.shutdown()

    @property
    def are_busy(self) -> bool:
        """Whether a task is in work."""
        return bool(self._pending)

    @property
    def has_room(self) -> bool:
        """Whether the cluster takes another task."""
        return len(self._pending) < self._most

    def submit(self, task: T) -> None:
        """Give a task to the cluster."""
        self._pending[self._call(task)] = task

    def wait(self) -> tuple[T, R | Died]:
        """The next task that is done, with its result."""
        (ready, *_), _ = self._ray.wait(list(self._pending), num_returns=1)
        task = self._pending.pop(ready)
        try:
            result: R | Died = self._ray.get(ready)
        except self._ray.exceptions.RayTaskError as error:  # a defect
            result = Died(f"internal error, {type(error.cause).__name__}: {error.cause}", str(error))
        except self._ray.exceptions.RayError as error:
            result = Died(f"its workers were lost {_RETRIES + 1} times ({type(error).__name__})")
        return task, result
