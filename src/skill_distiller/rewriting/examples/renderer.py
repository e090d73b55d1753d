"""Offer every set of examples of a skill in short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis.model import Analysis
from skill_distiller.rewriting.examples.bundles import extractive_bundles
from skill_distiller.rewriting.examples.find_sets import find_sets
from skill_distiller.rewriting.model import Bundle, Offers
from skill_distiller.tokens import TokenCounter

_WORTH_IT: Final = 0.1  # of the tokens of a set: for less, no example is taken apart


@dataclass(frozen=True, slots=True)
class ExampleRenderer:
    """A renderer without a model: it chooses examples and pieces of them (RECOMP's extractive way).

    Skill Distiller reference, "Example Compression"; after Xu et al., RECOMP (2023).
    """

    def offer(self, analysis: Analysis, counter: TokenCounter) -> Offers:
        """For each set of examples the bundles that make it shorter by a tenth or more and still show 0.8 of it."""
        found = (bundle for examples in find_sets(analysis) for bundle in extractive_bundles(analysis, examples))
        return Offers(bundles=tuple(b for b in found if saving(analysis, b, counter) >= _WORTH_IT))


def saving(analysis: Analysis, bundle: Bundle, counter: TokenCounter) -> float:
    """The share (0-1, below 0 where it is longer) of the tokens that a bundle saves, its headings included."""
    skill = analysis.skill
    before = [skill.blocks[block].source for block in bundle.blocks]
    before += [skill.sections[section].heading_source for section in bundle.headings]
    return 1 - sum(map(counter.count, bundle.texts)) / (sum(map(counter.count, before)) or 1)
