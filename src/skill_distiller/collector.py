"""Pause Python's cyclic garbage collector for a while.

Parsing and distilling make very many small objects and no cycles: reference counts free them all,
while the collector would walk them again and again, for about a tenth of the running time
(`python -m lab.benchmarks.speed`).
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """A context, or a decorator, in which nothing collects cycles; afterwards all is as it was."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
