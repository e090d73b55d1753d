"""Fair timings: the things compared take turns, and medians are taken."""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

Task = Callable[[], object]
_CONTENT_CACHE = 256  # entries; a smaller cache holds tools (a parser, a tokenizer), not what was read


def alternate(tasks: Sequence[Task], rounds: int, clock: Callable[[], float] = time.perf_counter) -> tuple[float, ...]:
    """The median seconds of each task, by a `clock`: one warm-up each, then `rounds` rounds in which each has its turn.

    Before each turn what the tool remembers of texts is emptied: no round profits from the one before.
    """
    seconds: list[list[float]] = [[] for _ in tasks]
    for turn in range(rounds + 1):
        for task, taken in zip(tasks, seconds, strict=True):
            forget_texts()
            gc.collect()
            start = clock()
            task()
            if turn:
                taken.append(clock() - start)
    return tuple(median(taken) for taken in seconds)


def children_time() -> float:
    """A clock of the CPU seconds that ended child processes have taken: a busy machine does not slow it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def forget_texts() -> int:
    """Empty every cache of the package that holds what was computed from texts; how many there were."""
    emptied = 0
    for name, module in list(sys.modules.items()):
        if not name.startswith("skill_distiller."):
            continue
        for value in list(vars(module).values()):
            parameters = getattr(value, "cache_parameters", None)
            if parameters and (parameters()["maxsize"] or _CONTENT_CACHE) >= _CONTENT_CACHE:
                value.cache_clear()
                emptied += 1
    return emptied
