"""How far two readers of the same skills agree: the ceiling of a model trained on one of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lab.training.labels import read_labels


@dataclass(frozen=True, slots=True)
class Agreement:
    """Over the blocks that both labelled: accuracies (0-1), and Pearson r of importance."""

    labels: int
    type_accuracy: float
    taxonomy_accuracy: float
    r: float


def measure_agreement(shared: Path) -> Agreement:
    """Compare the two files of labels."""
    first, second = (
        {(skill.id, label.block): label for skill in read_labels(shared, name).skills for label in skill.labels}
        for name in ("blocks.jsonl", "second_annotator.jsonl")
    )
    pairs = [(first[key], second[key]) for key in sorted(second) if key in first]
    return Agreement(
        len(pairs),
        float(np.mean([a.type is b.type for a, b in pairs])),
        float(np.mean([a.taxonomy is b.taxonomy for a, b in pairs])),
        float(np.corrcoef([a.importance for a, _ in pairs], [b.importance for _, b in pairs])[0, 1]),
    )
