"""The embedded analyzer: a small model trained on labeled real skills, giving section type and importance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.features import BLOCK_FEATURES, BLOCK_GROUPS, SECTION_GROUPS, Bags, BlockFeatures
from skill_distiller.analysis.reading import Analysis, SectionType, Taxonomy, Verdict, floored
from skill_distiller.analysis.safeguards import safeguards
from skill_distiller.skill.model import Skill
from skill_distiller.weights import Arrays, WeightsError, load_weights


class TrainedAnalyzer:
    """Verdicts by the trained model: no network, the same answer every time.

    Without a model of one's own the shipped one is loaded at the first skill; raises WeightsError where it can't be.
    """

    name = "embedded model"

    def __init__(self, model: BlockModel | None = None) -> None:
        self._model = model

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict for each block of the skill."""
        return Analysis(skill, self._verdicts(skill) if skill.blocks else (), self.name)

    def _verdicts(self, skill: Skill) -> tuple[Verdict, ...]:
        # Loads numpy and the weights, which a command that analyzes nothing shouldn't pay for.
        from skill_distiller.analysis.features import block_features
        from skill_distiller.weights import single_thread

        with single_thread():
            scores = (self._model or shipped_model()).predict(block_features(skill))
        rows = zip(
            scores.types.argmax(axis=1).tolist(),
            scores.importance.tolist(),
            scores.types.max(axis=1).tolist(),
            safeguards(skill),
            strict=True,
        )
        return tuple(
            Verdict(TYPES[kind], floored(importance, guard.protected), confidence, *guard)
            for kind, importance, confidence, guard in rows
        )


Floats = npt.NDArray[np.float32]

WEIGHTS: Final = "blocks"
TYPES: Final = tuple(SectionType)
CLASSES: Final = tuple(Taxonomy)
OUTPUTS: Final = 1 + len(TYPES) + len(CLASSES)  # importance first
CLIP: Final = 3.0  # standard deviations that a column may count
LANDMARK_STEP: Final = CLIP / 127


class BlockScores(NamedTuple):
    """`importance` 0-1 of each block; probabilities of `types`, blocks x TYPES, and `taxonomy`, blocks x CLASSES."""

    importance: Floats
    types: Floats
    taxonomy: Floats


@dataclass(frozen=True, eq=False)
class ColumnModel:
    """The weights of the columns: a linear model, and one of the distances to landmarks."""

    mean: Floats
    spread: Floats
    landmarks: npt.NDArray[np.int8]  # standardized columns in steps of LANDMARK_STEP
    gamma: Floats
    kernel: Floats  # landmarks x outputs
    linear: Floats  # columns x outputs
    bias: Floats

    def scores(self, columns: Floats) -> Floats:
        """What the columns add to the raw scores, the bias included: blocks x outputs."""
        rows = standardized(columns, self.mean, self.spread)
        scores: Floats = radial(rows, self._marks, float(self.gamma)) @ self.kernel
        scores += rows @ self.linear
        scores += self.bias
        return scores

    @cached_property
    def _marks(self) -> Floats:
        return np.asarray(self.landmarks * np.float32(LANDMARK_STEP))


@dataclass(frozen=True, eq=False)
class BlockModel:
    """The weights. `table` holds int8 steps, hash buckets x outputs; `steps` their size, groups x outputs."""

    columns: ColumnModel
    table: npt.NDArray[np.int8]
    steps: Floats
    type_map: Floats  # outputs + 1 x types; the last row is the offset
    taxonomy_map: Floats

    def arrays(self) -> Arrays:
        """The weights by name, to be saved."""
        parts = ((self.columns, _COLUMN_ARRAYS), (self, _OWN_ARRAYS))
        return {name: getattr(part, name) for part, names in parts for name in names}

    def predict(self, features: BlockFeatures) -> BlockScores:
        """What each block of a skill is and how much it matters."""
        return self.calibrated(self.scores(features))

    def scores(self, features: BlockFeatures) -> Floats:
        """The raw scores, blocks x outputs."""
        return self.columns.scores(features.columns) + _bag_scores(features.bags, self.table, self.steps)

    def calibrated(self, scores: Floats) -> BlockScores:
        """Importance and probabilities from raw scores."""
        return BlockScores(
            np.clip(scores[:, 0] / 10, 0, 1),
            _softmax(scores @ self.type_map[:-1] + self.type_map[-1]),
            _softmax(scores @ self.taxonomy_map[:-1] + self.taxonomy_map[-1]),
        )


_COLUMN_ARRAYS: Final = tuple(field.name for field in fields(ColumnModel))
_OWN_ARRAYS: Final = tuple(field.name for field in fields(BlockModel) if field.name != "columns")


@lru_cache(maxsize=1)
def shipped_model() -> BlockModel:
    """The model that comes with the package; raises WeightsError where it does not fit this code."""
    return model_from(load_weights(WEIGHTS, BLOCK_FEATURES))


def model_from(arrays: Arrays) -> BlockModel:
    """A model from its arrays by name; raises WeightsError where one is missing."""
    missing = [name for name in (*_COLUMN_ARRAYS, *_OWN_ARRAYS) if name not in arrays]
    if missing:
        raise WeightsError(f"The weights of the block model lack {missing[0]!r}. Reinstall skill-distiller.")
    columns = ColumnModel(**{name: arrays[name] for name in _COLUMN_ARRAYS})
    return BlockModel(columns, **{name: arrays[name] for name in _OWN_ARRAYS})


def standardized(columns: npt.NDArray[Any], mean: npt.NDArray[Any], spread: npt.NDArray[Any]) -> Floats:
    """Columns in standard deviations from their mean, clipped."""
    return np.asarray(np.clip((columns - mean) / spread, -CLIP, CLIP))


def radial(rows: npt.NDArray[Any], marks: npt.NDArray[Any], gamma: float) -> npt.NDArray[Any]:
    """exp(-gamma * squared distance) of each row to each landmark."""
    near = rows @ marks.T
    near *= 2 * gamma
    near -= gamma * np.einsum("ij,ij->i", rows, rows)[:, None]
    near -= gamma * np.einsum("ij,ij->i", marks, marks)
    return np.asarray(np.exp(np.minimum(near, 0, out=near), out=near))


def _bag_scores(bags: Bags, table: npt.NDArray[np.int8], steps: Floats) -> Floats:
    sums = np.add.reduceat(table.take(bags.buckets, axis=0), bags.starts, axis=0, dtype=np.float32)
    sums *= bags.values[:, None]
    cut = bags.blocks * len(BLOCK_GROUPS)
    own = sums[:cut].reshape(len(BLOCK_GROUPS), -1, OUTPUTS)
    above = sums[cut:].reshape(len(SECTION_GROUPS), -1, OUTPUTS)
    scores: Floats = np.einsum("gbo,go->bo", own, steps[: len(own)])
    scores += np.einsum("gso,go->so", above, steps[len(own) :])[bags.section_of]
    return scores


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    powers /= powers.sum(axis=1, keepdims=True)
    return np.asarray(powers)
