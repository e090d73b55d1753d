"""A cluster of machines in place of worker processes: the same work as Ray tasks, with results in a shared folder."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final, Generic, TypeVar

from skill_distiller.errors import UsageError
from skill_distiller.library.workers import Died

T = TypeVar("T")
R = TypeVar("R")
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
            remote: Any = ray.remote(num_cpus=1, max_retries=_RETRIES)(_do)
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
            result = Died(f"{type(error.cause).__name__}: {error.cause}", str(error))
        except self._ray.exceptions.RayError as error:
            result = Died(f"its workers were lost {_RETRIES + 1} times ({type(error).__name__})")
        return task, result
