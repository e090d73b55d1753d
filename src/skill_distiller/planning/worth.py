"""What each block is worth: the share of what is asked of an agent that hangs on it, from a fitted model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from math import exp, fsum, log
from operator import mul
from typing import Final
from zlib import crc32

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import inventory
from skill_distiller.language.words import content_words, unique_words
from skill_distiller.skill.model import BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.weights import load_weights

FEATURES: Final = (
    "log characters",
    "log words that stand in no other block, heading or description",
    "log numbers that stand in no other block",
    "log importance",
    "importance",
    "place in the skill, 0-1",
    "is an edge case",
    "is a constraint",
    "is a table",
    "is code",
    "log words that stand nowhere else and are rare in skills",
    "is among the first tenth of the blocks",
)
_CHARACTERS: Final = 8  # added before the logarithm: the shortest blocks are much alike
_IMPORTANCE: Final = 0.05
_OPENING: Final = 0.1  # the part of a skill, in blocks, that opens it
_STOP: Final = frozenset(
    "the and for with that this from into than then such via your you they will can are not".split()
)


def word_number(word: str) -> int:
    """The number by which a word is known to the weights: a hash of 32 bits."""
    return crc32(word.encode())


def worth_features(reading: Reading, common: Set[int] = frozenset()) -> list[tuple[float, ...]]:
    """One row a block, one value for each of FEATURES; `common` are the numbers of the words that are not rare."""
    skill = reading.skill
    words = [content_words(block.text) for block in skill.blocks]
    known = _STOP | content_words("\n".join([skill.description, *(section.heading for section in skill.sections)]))
    novel = unique_words(words) - known
    rare = {word for word in novel if crc32(word.encode()) not in common}
    numbers = [{fact.key for fact in facts if fact.kind is FactKind.NUMBER} for facts in reading.facts]
    spread = Counter(key for keys in numbers for key in keys)
    last = max(1, len(words) - 1)
    return [
        (
            log(len(block.text) + _CHARACTERS),
            log(len(own & novel) + 1),
            log(sum(spread[key] == 1 for key in keys) + 1),
            log(verdict.importance + _IMPORTANCE),
            verdict.importance,
            block.index / last,
            float(verdict.type is SectionType.EDGE_CASE),
            float(verdict.type is SectionType.CONSTRAINT),
            float(block.kind is BlockKind.TABLE),
            float(block.kind is BlockKind.CODE),
            log(len(own & rare) + 1),
            float(block.index < _OPENING * len(words)),
        )
        for verdict, own, keys, block in zip(reading.verdicts, words, numbers, skill.blocks, strict=True)
    ]


NAME: Final = "worth"
DEFINITION: Final = "1 " + " ".join(FEATURES)  # of what the weights were fitted on


@dataclass(frozen=True, slots=True)
class WorthModel:
    """One coefficient a feature of `worth_features`, and the other numbers that were fitted with them.

    `exponent`: functionality = share of worth ** exponent. `required_importance` (0-1): from which on
    a block of a required type may not be dropped. `low_confidence` (0-1): below it a block's type
    counts as uncertain. `common` are the numbers of the words that many skills use.
    """

    coefficients: tuple[float, ...]
    exponent: float
    required_importance: float
    low_confidence: float
    common: frozenset[int] = frozenset()

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
    common = frozenset(arrays["common"].tolist())
    return WorthModel(coefficients, exponent, required_importance, low_confidence, common)


FACT_SHARE: Final = 0.2  # of the worth that facts make up; what the model gives makes up the rest
_FACT_WEIGHTS: Final = {FactKind.MODAL: 0.5, FactKind.CODE_LINE: 0.5}  # all others count 1


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
def block_values(reading: Reading, model: WorthModel) -> tuple[float, ...]:
    """For each block the probability that it is the one a criterion hangs on; together 1.

    A conditional logit over the blocks of a skill (McFadden 1974), fitted on criteria of exams.
    """
    scores = [sum(map(mul, model.coefficients, row)) for row in worth_features(reading, model.common)]
    top = max(scores, default=0.0)
    odds = [exp(score - top) for score in scores]
    total = sum(odds)
    return tuple(value / total for value in odds)


@once_per_reading
def fact_weights(reading: Reading) -> dict[str, float]:
    """The weight of every distinct fact of the blocks, by key."""
    return {fact.key: _FACT_WEIGHTS.get(fact.kind, 1.0) for facts in reading.facts for fact in facts}


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
