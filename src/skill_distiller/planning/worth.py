"""What each part is worth: the share of what is asked of an agent that hangs on it, from a fitted model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from math import exp, fsum
from operator import mul
from typing import Final

from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.language.fact import FACT_WEIGHTS
from skill_distiller.language.facts import inventory
from skill_distiller.planning.worth_features import FEATURES, Vocabulary, skill_parts, worth_features
from skill_distiller.skill.model import BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.weights import load_weights

NAME: Final = "worth"
DEFINITION: Final = "2 " + " ".join(FEATURES)  # of what the weights were fitted on


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: it holds a vocabulary
class WorthModel:
    """One coefficient a feature of `worth_features`, and the other numbers that were fitted with them.

    `exponent`: functionality = share of worth ** exponent. `required_importance` (0-1): from which on
    a block of a required type may not be dropped. `low_confidence` (0-1): below it a block's type
    counts as uncertain.
    """

    coefficients: tuple[float, ...]
    exponent: float
    required_importance: float
    low_confidence: float
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def functionality(self, share: float) -> float:
        """The functionality (0-1) estimated for a share (0-1) of the worth kept."""
        return float(share**self.exponent)

    def share(self, functionality: float) -> float:
        """The share of the worth (0-1) that a functionality (0-1) asks for: the inverse."""
        return float(functionality ** (1 / self.exponent))


@lru_cache(maxsize=1)
def load_worth_model() -> WorthModel:
    """The model that ships in the wheel. Raises WeightsError where it is not for this code."""
    arrays = load_weights(NAME, DEFINITION)
    coefficients = tuple(float(value) for value in arrays["coefficients"])
    exponent, required_importance, low_confidence = (float(value) for value in arrays["settings"])
    skills, *uses = arrays["uses"].tolist()
    vocabulary = Vocabulary(skills, dict(zip(arrays["words"].tolist(), uses, strict=True)))
    return WorthModel(coefficients, exponent, required_importance, low_confidence, vocabulary)


# What a separator counts of what the model gives it: nothing hangs on it, and no heading may stay for it alone.
_ORNAMENT: Final = 0.01
FACT_SHARE: Final = 0.2  # of the worth that facts make up; what the model gives makes up the rest


def block_worths(reading: Reading, model: WorthModel) -> tuple[float, ...]:
    """One number a block; together they are 1 (or 0 where there is no block)."""
    values = block_values(reading, model)
    facts = [fsum(own.values()) for own in _facts_of(reading)]
    fact_total = sum(facts)
    share = FACT_SHARE if fact_total else 0.0
    return tuple(
        (1 - share) * value + share * fact / (fact_total or 1.0) for value, fact in zip(values, facts, strict=True)
    )


@once_per_reading
def part_values(reading: Reading, model: WorthModel) -> tuple[tuple[float, ...], ...]:
    """For each part of each block the probability that it is the one a criterion hangs on; together 1.

    A conditional logit over the parts of a skill (McFadden 1974), fitted on criteria of exams.
    """
    parts = [block for block, own in zip(reading.skill.blocks, skill_parts(reading), strict=True) for _ in own]
    scores = [sum(map(mul, model.coefficients, row)) for row in worth_features(reading, model.vocabulary)]
    top = max(scores, default=0.0)
    odds = [
        exp(score - top) * (_ORNAMENT if block.kind is BlockKind.RULE else 1)
        for block, score in zip(parts, scores, strict=True)
    ]
    total = fsum(odds)
    values = iter([value / total for value in odds])
    return tuple(tuple(islice(values, len(parts))) for parts in skill_parts(reading))


@once_per_reading
def block_values(reading: Reading, model: WorthModel) -> tuple[float, ...]:
    """For each block the probability that a criterion hangs on a part of it; together 1."""
    return tuple(map(fsum, part_values(reading, model)))


@once_per_reading
def fact_weights(reading: Reading) -> dict[str, float]:
    """The weight of every distinct fact of the blocks, by key."""
    return {fact.key: FACT_WEIGHTS.get(fact.kind, 1.0) for facts in reading.facts for fact in facts}


def joint_loss(reading: Reading, model: WorthModel, blocks: Sequence[int], text: str, share: float) -> float:
    """The worth (0-1) that goes where some blocks are written together as `text`, which keeps `share` of their value.

    Facts are looked for in the text: what it lacks is lost, however much the rest is worth.
    """
    values, facts = block_values(reading, model), _facts_of(reading)
    left = inventory(parse_skill(text)).keys()
    missing = fsum(mass for block in blocks for key, mass in facts[block].items() if key not in left)
    fact_total = fsum(mass for own in facts for mass in own.values())
    fact_share = FACT_SHARE if fact_total else 0.0
    value = (1 - share) * fsum(values[block] for block in blocks)
    return (1 - fact_share) * value + fact_share * missing / (fact_total or 1.0)


@once_per_reading
def _facts_of(reading: Reading) -> tuple[dict[str, float], ...]:
    """For each block the mass of its facts, by key."""
    # A fact that stands in k blocks counts 1/k in each: what the planner adds up is never more than
    # what the judge finds in the result.
    weights = fact_weights(reading)
    keys = [{fact.key for fact in facts} for facts in reading.facts]
    spread = Counter(key for own in keys for key in own)
    return tuple({key: weights[key] / spread[key] for key in own} for own in keys)
