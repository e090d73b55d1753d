"""The embedded analyzer: a small model trained on labeled real skills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.model import Analysis, Verdict
from skill_distiller.analysis.safeguards import safeguards
from skill_distiller.document import Skill

if TYPE_CHECKING:
    from skill_distiller.analysis.block_model import BlockModel

LEAST: Final = 0.01  # nothing is worth nothing: a threshold of 1 means every block


class TrainedAnalyzer:
    """Verdicts by the trained model: no network, the same answer every time.

    Without a model of one's own the shipped one is loaded at the first skill; raises WeightsError
    where it can't be.
    """

    name = "embedded model"

    def __init__(self, model: BlockModel | None = None) -> None:
        self._model = model

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict for each block of the skill."""
        return Analysis(skill, self._verdicts(skill) if skill.blocks else (), self.name)

    def _verdicts(self, skill: Skill) -> tuple[Verdict, ...]:
        # Loads numpy and the weights, which a command that analyzes nothing shouldn't pay for.
        from skill_distiller.analysis.block_features import block_features
        from skill_distiller.analysis.block_model import CLASSES, TYPES, shipped_model
        from skill_distiller.weights.single_thread import single_thread

        with single_thread():
            scores = (self._model or shipped_model()).predict(block_features(skill))
        rows = zip(
            scores.types.argmax(axis=1).tolist(),
            scores.taxonomy.argmax(axis=1).tolist(),
            scores.importance.tolist(),
            scores.types.max(axis=1).tolist(),
            safeguards(skill),
            strict=True,
        )
        return tuple(
            Verdict(TYPES[kind], CLASSES[role], guard.floor(max(importance, LEAST)), confidence, *guard)
            for kind, role, importance, confidence, guard in rows
        )
