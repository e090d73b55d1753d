"""What each block is worth to the skill: importance, how much of it stands nowhere else, and its facts."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Final

from skill_distiller.analysis import Analysis, FactKind
from skill_distiller.analysis.words import content_words, unique_words

FACT_SHARE: Final = 0.25  # of the worth that facts make up; importance makes up the rest
_NOVELTY: Final = 0.5  # exponent of the share of words that stand nowhere else in the skill
_FACT_WEIGHTS: Final = {FactKind.MODAL: 0.5, FactKind.CODE_LINE: 0.5}  # all others count 1
# Functionality as a power of the share of worth: with it, the evidence that real exams found in the
# result was at least the threshold that was asked for.
_EXPONENT: Final = 1.3


def block_worths(analysis: Analysis) -> tuple[float, ...]:
    """One number a block; together they are 1 (or 0 where nothing is worth anything)."""
    masses, facts = importance_masses(analysis), _fact_masses(analysis)
    total, fact_total = sum(masses) or 1.0, sum(facts)
    share = FACT_SHARE if fact_total else 0.0
    return tuple(
        (1 - share) * mass / total + share * fact / (fact_total or 1.0)
        for mass, fact in zip(masses, facts, strict=True)
    )


@lru_cache(maxsize=2)
def importance_masses(analysis: Analysis) -> tuple[float, ...]:
    """For each block its importance times its length, less where its words stand elsewhere too.

    importance x words x novelty^0.5, where novelty is the share of the block's words that stand
    in no other block.
    """
    words = [content_words(block.text) for block in analysis.skill.blocks]
    unique = unique_words(words)
    masses = []
    for verdict, own, block in zip(analysis.verdicts, words, analysis.skill.blocks, strict=True):
        size = len(block.text) / 4
        novel = len(own & unique)
        masses.append(verdict.importance * size * ((novel + 0.5) / (size + 1)) ** _NOVELTY)
    return tuple(masses)


def fact_weights(analysis: Analysis) -> dict[str, float]:
    """The weight of every distinct fact of the blocks, by key."""
    return {fact.key: _FACT_WEIGHTS.get(fact.kind, 1.0) for facts in analysis.facts for fact in facts}


def _fact_masses(analysis: Analysis) -> tuple[float, ...]:
    # A fact that stands in k blocks counts 1/k in each: what the planner adds up is never more than
    # what the judge finds in the result.
    weights = fact_weights(analysis)
    keys = [dict.fromkeys([fact.key for fact in facts]) for facts in analysis.facts]
    spread = Counter[str]()
    for own in keys:
        spread.update(own.keys())
    return tuple(sum(weights[key] / spread[key] for key in own) for own in keys)


def functionality_for(share: float) -> float:
    """The functionality (0-1) estimated for a share (0-1) of the worth kept."""
    return float(share**_EXPONENT)


def share_for(functionality: float) -> float:
    """The share of the worth (0-1) that a functionality (0-1) asks for: the inverse."""
    return float(functionality ** (1 / _EXPONENT))
