"""The seam for self-information: how much each token of a text says that the text before it did not."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]
Nats = npt.NDArray[np.float64]


class Information(NamedTuple):
    """Self-information -log p(token | text before it), by token.

    `start` and `end` are offsets into the text, half-open, in order and without overlaps; `nats` is
    at least 0. Three arrays of one length.
    """

    start: Places
    end: Places
    nats: Nats


class TokenScorer(Protocol):
    """Whoever has a model of the language."""

    @property
    def name(self) -> str:
        """What the report calls it."""

    def information(self, text: str) -> Information:
        """The information of every token of a text, read from its first character on."""
