"""Fair timings: the things compared take turns, and medians are taken."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

Task = Callable[[], object]
_CONTENT_CACHE = 256  # entries; a smaller cache holds tools (a parser, a tokenizer), not what was read


def alternate(tasks: Sequence[Task], rounds: int) -> tuple[float, ...]:
    """The median seconds of each task: one warm-up each, then `rounds` rounds in which each has its turn.

    Before each turn what the tool remembers of texts is emptied: no round profits from the one before.
    """
    seconds: list[list[float]] = [[] for _ in tasks]
    for turn in range(rounds + 1):
        for task, taken in zip(tasks, seconds, strict=True):
            forget_texts()
            gc.collect()
            start = time.perf_counter()
            task()
            if turn:
                taken.append(time.perf_counter() - start)
    return tuple(median(taken) for taken in seconds)


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
