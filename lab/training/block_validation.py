"""How good the block model is on repositories that it hasn't seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score

from lab.common.folds import FOLDS, repository_folds
from lab.training.block_data import BlockData, Rows
from lab.training.blocks import train_blocks
from skill_distiller.analysis.features import OFFSETS
from skill_distiller.analysis.trained import CLASSES, TYPES, BlockModel

SHARES: Final = (0.25, 0.5, 0.75)  # of the labelled skills, for the learning curve; all of them are the pooled row
_BINS: Final = 10
_SEED: Final = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """Against the labels: Pearson r and mean absolute error of importance (0-10), accuracies and F1 (0-1)."""

    blocks: int
    r: float
    mae: float
    type_accuracy: float
    type_f1: float
    taxonomy_accuracy: float

    def measures(self) -> tuple[float, ...]:
        """The numbers, in the order of the fields, without the count."""
        return (self.r, self.mae, self.type_accuracy, self.type_f1, self.taxonomy_accuracy)


@dataclass(frozen=True, slots=True)
class Bin:
    """The blocks whose confidence lies in a tenth, from `low`: their mean confidence and their accuracy."""

    low: float
    blocks: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The reliability table, and the expected calibration error over it."""

    bins: tuple[Bin, ...]
    error: float


@dataclass(frozen=True, slots=True)
class BlockReport:
    """What cross-validation with repositories left out found. Confusions have a row for each labelled class."""

    pooled: Scores
    folds: tuple[Scores, ...]
    languages: tuple[tuple[str, Scores], ...]
    curve: tuple[tuple[float, Scores], ...]
    type_confusion: tuple[tuple[int, ...], ...]
    taxonomy_confusion: tuple[tuple[int, ...], ...]
    type_calibration: Calibration
    taxonomy_calibration: Calibration


@dataclass(frozen=True, slots=True)
class Predictions:
    """For each row of the data what a model says that hasn't seen its repository."""

    importance: npt.NDArray[np.float64]  # 0-10
    types: npt.NDArray[np.float64]
    taxonomy: npt.NDArray[np.float64]


def validate_blocks(data: BlockData, folds: int = FOLDS) -> BlockReport:
    """Cross-validate: each fold of repositories is predicted by a model of the others. Takes minutes."""
    data.gram  # noqa: B018 - computed once, so that each fold takes a part of it
    fold_of = np.array(repository_folds(data.repos.tolist(), folds))
    found = predict_held_out(data, fold_of)
    everything = np.arange(len(data))
    groups = ["en", "other", *sorted(set(data.languages.tolist()) - {"en"})]
    in_group = {name: data.languages == name for name in groups} | {"other": data.languages != "en"}
    return BlockReport(
        score_rows(data, found, everything),
        tuple(score_rows(data, found, np.flatnonzero(fold_of == fold)) for fold in range(folds)),
        tuple(
            (name, score_rows(data, found, np.flatnonzero(in_group[name]))) for name in groups if in_group[name].any()
        ),
        (*_learning_curve(data, fold_of), (1.0, score_rows(data, found, everything))),
        _confusion(data.types, found.types),
        _confusion(data.taxonomy, found.taxonomy),
        calibration(data.types, found.types),
        calibration(data.taxonomy, found.taxonomy),
    )


def predict_held_out(
    data: BlockData, fold_of: npt.NDArray[np.intp], usable: npt.NDArray[np.bool_] | None = None
) -> Predictions:
    """Each fold by a model of the other folds' rows, or of the usable ones among them."""
    found = Predictions(np.zeros(len(data)), np.zeros((len(data), len(TYPES))), np.zeros((len(data), len(CLASSES))))
    for fold in np.unique(fold_of):
        seen = fold_of != fold
        model = train_blocks(data.take(np.flatnonzero(seen if usable is None else seen & usable)))
        rows = np.flatnonzero(fold_of == fold)
        scores = model.calibrated(row_scores(model, data.take(rows)))
        found.importance[rows], found.types[rows], found.taxonomy[rows] = 10 * scores.importance, *scores[1:]
    return found


def row_scores(model: BlockModel, data: BlockData) -> npt.NDArray[np.float32]:
    """The raw scores of labelled rows: what `BlockModel.scores` gives for the blocks they came from."""
    table = model.table * np.repeat(model.steps, np.diff(OFFSETS), axis=0)
    scores = model.columns.scores(data.columns.astype(np.float32)) + data.hashed @ table
    return np.asarray(scores, dtype=np.float32)


def score_rows(data: BlockData, found: Predictions, rows: Rows) -> Scores:
    """The scores over some rows; r is 0 where it is not defined."""
    importance, labelled = found.importance[rows], data.importance[rows]
    varied = len(rows) > 1 and importance.std() > 0 and labelled.std() > 0
    kinds = found.types[rows].argmax(axis=1)
    return Scores(
        len(rows),
        float(np.corrcoef(importance, labelled)[0, 1]) if varied else 0.0,
        float(np.abs(importance - labelled).mean()),
        float((kinds == data.types[rows]).mean()),
        float(f1_score(data.types[rows], kinds, average="macro", labels=range(len(TYPES)), zero_division=0)),
        float((found.taxonomy[rows].argmax(axis=1) == data.taxonomy[rows]).mean()),
    )


def calibration(labels: Rows, probabilities: npt.NDArray[np.float64]) -> Calibration:
    """How often the likeliest class is right, by its probability in tenths."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    tenth = np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)
    bins = tuple(
        Bin(i / _BINS, int(rows.sum()), float(confidence[rows].mean()), float(right[rows].mean()))
        for i in range(_BINS)
        if (rows := tenth == i).any()
    )
    error = sum(each.blocks * abs(each.confidence - each.accuracy) for each in bins) / len(labels)
    return Calibration(bins, error)


def _learning_curve(data: BlockData, fold_of: npt.NDArray[np.intp]) -> list[tuple[float, Scores]]:
    skills = np.random.default_rng(_SEED).permutation(np.unique(data.skills))
    curve = []
    for share in SHARES:
        usable = np.isin(data.skills, skills[: round(share * len(skills))])
        found = predict_held_out(data, fold_of, usable)
        curve.append((share, score_rows(data, found, np.arange(len(data)))))
    return curve


def _confusion(labels: Rows, probabilities: npt.NDArray[np.float64]) -> tuple[tuple[int, ...], ...]:
    found = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(probabilities.shape[1]))
    return tuple(tuple(map(int, row)) for row in found)
