"""What each block is worth to the skill: the share of what is asked of an agent that hangs on it, and its facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp, fsum
from operator import mul
from typing import Final

from skill_distiller.analysis import Analysis, FactKind, inventory
from skill_distiller.analysis.model import once_per_analysis
from skill_distiller.document import parse_skill
from skill_distiller.planning.worth_features import worth_features
from skill_distiller.planning.worth_model import WorthModel

FACT_SHARE: Final = 0.2  # of the worth that facts make up; what the model gives makes up the rest
_FACT_WEIGHTS: Final = {FactKind.MODAL: 0.5, FactKind.CODE_LINE: 0.5}  # all others count 1


def block_worths(analysis: Analysis, model: WorthModel) -> tuple[float, ...]:
    """One number a block; together they are 1 (or 0 where there is no block)."""
    values, facts = block_values(analysis, model), _fact_masses(analysis)
    fact_total = sum(facts)
    share = FACT_SHARE if fact_total else 0.0
    return tuple(
        (1 - share) * value + share * fact / (fact_total or 1.0) for value, fact in zip(values, facts, strict=True)
    )


@once_per_analysis
def block_values(analysis: Analysis, model: WorthModel) -> tuple[float, ...]:
    """For each block the probability that it is the one a criterion hangs on; together 1.

    A conditional logit over the blocks of a skill (McFadden 1974), fitted on criteria of exams.
    """
    scores = [sum(map(mul, model.coefficients, row)) for row in worth_features(analysis, model.common)]
    top = max(scores, default=0.0)
    odds = [exp(score - top) for score in scores]
    total = sum(odds)
    return tuple(value / total for value in odds)


@once_per_analysis
def fact_weights(analysis: Analysis) -> dict[str, float]:
    """The weight of every distinct fact of the blocks, by key."""
    return {fact.key: _FACT_WEIGHTS.get(fact.kind, 1.0) for facts in analysis.facts for fact in facts}


def joint_loss(analysis: Analysis, model: WorthModel, blocks: Sequence[int], text: str, share: float) -> float:
    """The worth (0-1) that goes where some blocks are written together as `text`, which keeps `share` of their value.

    Facts are looked for in the text: what it lacks is lost, however much the rest is worth.
    """
    values, facts = block_values(analysis, model), _facts_of(analysis)
    left = inventory(parse_skill(text)).keys()
    missing = fsum(mass for block in blocks for key, mass in facts[block].items() if key not in left)
    fact_total = fsum(mass for own in facts for mass in own.values())
    fact_share = FACT_SHARE if fact_total else 0.0
    value = (1 - share) * fsum(values[block] for block in blocks)
    return (1 - fact_share) * value + fact_share * missing / (fact_total or 1.0)


def _fact_masses(analysis: Analysis) -> tuple[float, ...]:
    return tuple(fsum(own.values()) for own in _facts_of(analysis))


@once_per_analysis
def _facts_of(analysis: Analysis) -> tuple[dict[str, float], ...]:
    """For each block the mass of its facts, by key."""
    # A fact that stands in k blocks counts 1/k in each: what the planner adds up is never more than
    # what the judge finds in the result.
    weights = fact_weights(analysis)
    keys = [{fact.key for fact in facts} for facts in analysis.facts]
    spread = Counter(key for own in keys for key in own)
    return tuple({key: weights[key] / spread[key] for key in own} for own in keys)
