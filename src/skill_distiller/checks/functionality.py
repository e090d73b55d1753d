"""How much of the original's functionality a plan keeps: an estimate, and named as one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from skill_distiller.checks.receipt import Comparison
from skill_distiller.planning.worth import FACT_SHARE, WorthModel, block_values, fact_weights, load_worth_model
from skill_distiller.rewriting.model import Doubt

PENALTY: Final = 10.0  # points for each protected pattern lost (reference, "Protected Patterns")


class Word(StrEnum):
    """What a judge says of a doubt: it is said elsewhere, nobody needs it, or it is lost."""

    KEPT = "kept"
    NEEDLESS = "needless"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Settled:
    """A doubt with the word of a judge; of what is kept the `quote` of the result that says it."""

    doubt: Doubt
    word: Word
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Functionality:
    """An estimate of the behavior kept: `score` 0-100 with the penalties taken off, and who gave it.

    `interval` is half the 95 % interval around the score, in points; None where there is none. `missing` quotes what of
    the original a language model misses, `settled` are its words on what is in question.
    """

    score: float
    method: str
    protected_found: tuple[str, ...] = ()
    protected_lost: tuple[str, ...] = ()
    interval: float | None = None
    missing: tuple[str, ...] = ()
    settled: tuple[Settled, ...] = ()


class Judge(Protocol):
    """The seam: whoever can estimate what is left of a skill's functionality."""

    @property
    def method(self) -> str:
        """What the report calls it."""

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""


class EmbeddedJudge:
    """Weighted share of value and facts kept, without a language model.

    The value is what the plan keeps of each block's worth; the facts are those found in the
    result. Each protected pattern that the result no longer holds costs 10 points.
    """

    method = "embedded"

    def __init__(self, model: WorthModel | None = None) -> None:
        self._model = model

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""
        model = self._model or load_worth_model()
        values = block_values(comparison.reading, model)
        decisions = comparison.plan.decisions
        if values:
            value = sum(own * d.rendering.share for own, d in zip(values, decisions, strict=True))
        else:  # all that such a skill says stands in its frontmatter
            value = float(comparison.distilled.frontmatter.raw == comparison.reading.skill.frontmatter.raw)
        weights = fact_weights(comparison.reading)
        missing = sum(weights.get(fact.key, 0.0) for fact in comparison.lost_facts)
        facts = 1 - missing / sum(weights.values()) if weights else 1.0
        share = (1 - FACT_SHARE) * value + FACT_SHARE * facts
        lost = sorted(comparison.protected_lost)
        score = 100 * model.functionality(max(0.0, min(1.0, share))) - PENALTY * len(lost)
        return Functionality(max(0.0, score), self.method, tuple(sorted(comparison.protected_found)), tuple(lost))
