"""Small matrix products on one thread: waking others costs more than they save, and more still on a busy machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def single_thread() -> AbstractContextManager[object]:
    """A context in which the linear algebra under numpy uses one thread."""
    return _controller().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    import numpy as np  # noqa: F401 - what is not loaded yet can't be controlled

    return ThreadpoolController()
