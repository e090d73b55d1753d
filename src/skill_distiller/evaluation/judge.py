"""How much of the original's functionality a plan keeps: an estimate, and named as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from skill_distiller.evaluation.comparison import Comparison
from skill_distiller.planning.worth import FACT_SHARE, fact_weights, functionality_for, importance_masses

PENALTY: Final = 10.0  # points for each protected pattern lost (reference, "Protected Patterns")


@dataclass(frozen=True, slots=True)
class Functionality:
    """An estimate of the behavior kept: `score` 0-100 with the penalties taken off, and who gave it.

    `interval` is half the 95 % interval around the score, in points; None where there is none.
    """

    score: float
    method: str
    protected_found: tuple[str, ...] = ()
    protected_lost: tuple[str, ...] = ()
    interval: float | None = None


class Judge(Protocol):
    """The seam: whoever can estimate what is left of a skill's functionality."""

    @property
    def method(self) -> str:
        """What the report calls it."""

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""


class EmbeddedJudge:
    """Weighted share of value and facts kept, without a model.

    The value is what the plan keeps of each block's importance; the facts are those found in the
    result. Each protected pattern that the result no longer holds costs 10 points.
    """

    method = "embedded"

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""
        masses = importance_masses(comparison.analysis)
        decisions = comparison.plan.decisions
        kept = sum(mass * d.rendering.share for mass, d in zip(masses, decisions, strict=True))
        value = kept / sum(masses) if sum(masses) else 1.0
        weights = fact_weights(comparison.analysis)
        missing = sum(weights.get(fact.key, 0.0) for fact in comparison.lost_facts)
        facts = 1 - missing / sum(weights.values()) if weights else 1.0
        share = (1 - FACT_SHARE) * value + FACT_SHARE * facts
        lost = sorted(comparison.protected_lost)
        score = 100 * functionality_for(max(0.0, min(1.0, share))) - PENALTY * len(lost)
        return Functionality(max(0.0, score), self.method, tuple(sorted(comparison.protected_found)), tuple(lost))
