"""The word pruner: find the words of a skill that can go, with a trained model of what careful editors delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.language.spans import Span
from skill_distiller.rewriting.edits import Edit
from skill_distiller.rewriting.words.features import Floats, dense_columns, hashed_windows
from skill_distiller.rewriting.words.word_table import Stream
from skill_distiller.skill.model import Skill
from skill_distiller.weights import Arrays

WEIGHTS: Final = "words"  # the file of weights that ships with the package


@dataclass(frozen=True, eq=False)
class WordPruner:
    """Finds what can be deleted from prose; without `weights` by those that ship with the package."""

    weights: Arrays | None = None

    def edits(
        self, skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]
    ) -> dict[int, tuple[Edit, ...]]:
        """The possible edits of the blocks `prose` (indices of paragraphs, lists and list items), by block.

        No edit overlaps another or a span of `locked`; the edits below any strength give a text to
        read. Text that is not English has none. Raises WeightsError where the weights are missing or
        were fitted for other code.
        """
        from skill_distiller.rewriting.words.deletions import form_edits
        from skill_distiller.rewriting.words.word_table import read_stream
        from skill_distiller.weights import single_thread

        stream = read_stream(skill, prose, locked)
        if stream is None:
            return {}
        with single_thread():
            probabilities = self._model.probabilities(stream)
        return form_edits(skill, stream, probabilities)

    @cached_property
    def _model(self) -> WordModel:

        return _shipped() if self.weights is None else WordModel.of(self.weights)


@lru_cache(maxsize=1)
def _shipped() -> WordModel:
    from skill_distiller.rewriting.words.features import definition
    from skill_distiller.weights import load_weights

    return WordModel.of(load_weights(WEIGHTS, definition()))


CLIP: Final = 5.0  # standard deviations that a column is cut at
HOPELESS: Final = -1.5  # the linear score (log-odds) below which no word is looked at twice


@dataclass(frozen=True)
class WordModel:
    """A linear model over hashed windows, and a small network over its scores and dense columns.

    `weights` has one int8 a bucket, times `scale` plus `bias` a log-odds; `low` and `high` cut the dense
    columns; `hidden`, `hidden_bias`, `out` and `out_bias` are the network's.
    """

    weights: npt.NDArray[np.int8]
    scale: float
    bias: float
    low: Floats
    high: Floats
    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: float

    @classmethod
    def of(cls, arrays: Arrays) -> WordModel:
        """The model that `arrays` hold; the columns' standardisation is folded into the first layer."""
        mean, spread = arrays["mean"].astype(np.float32), arrays["spread"].astype(np.float32)
        hidden = arrays["hidden"].astype(np.float32) / spread[:, None]
        return cls(
            arrays["weights"],
            float(arrays["scale"]),
            float(arrays["bias"]),
            (mean - CLIP * spread)[:, None],
            (mean + CLIP * spread)[:, None],
            np.ascontiguousarray(hidden.T),
            (arrays["hidden_bias"].astype(np.float32) - mean @ hidden)[:, None],
            arrays["out"].astype(np.float32),
            float(arrays["out_bias"]),
        )

    def linear_scores(self, stream: Stream) -> Floats:
        """The linear model's log-odds of every word."""
        total = self.weights.take(hashed_windows(stream)).sum(0, dtype=np.int32)
        score: Floats = total.astype(np.float32) * np.float32(self.scale) + np.float32(self.bias)
        return score

    def probabilities(self, stream: Stream, *, everything: bool = False) -> Floats:
        """P(drop) of every word: 0 for locked words and hopeless ones, unless `everything` is asked for."""
        score = self.linear_scores(stream)
        rows = np.arange(len(score)) if everything else np.flatnonzero(~stream.locked & (score > HOPELESS))
        columns = dense_columns(stream, score).take(rows, 1)
        np.clip(columns, self.low, self.high, out=columns)
        active = np.maximum(self.hidden @ columns + self.hidden_bias, 0)
        result = np.zeros(len(score), np.float32)
        result[rows] = 1 / (1 + np.exp(-(self.out @ active + np.float32(self.out_bias))))
        return result
