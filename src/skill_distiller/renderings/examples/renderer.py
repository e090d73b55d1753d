"""Offer every set of examples of a skill in short."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.analysis import Analysis
from skill_distiller.renderings.examples.bundles import extractive_bundle
from skill_distiller.renderings.examples.find_sets import find_sets
from skill_distiller.renderings.offers import Bundle, Offers
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class ExampleRenderer:
    """A renderer without a model: it chooses examples and pieces of them (RECOMP's extractive way).

    Skill Distiller reference, "Example Compression"; after Xu et al., RECOMP (2023).
    """

    def offer(self, analysis: Analysis, counter: TokenCounter) -> Offers:
        """One bundle for each set of examples that becomes shorter by it and still shows 0.8 of what it showed."""
        bundles = (extractive_bundle(analysis, examples) for examples in find_sets(analysis))
        return Offers(bundles=tuple(b for b in bundles if b is not None and saved(analysis, b, counter) > 0))


def saved(analysis: Analysis, bundle: Bundle, counter: TokenCounter) -> int:
    """Tokens that a bundle saves, those of its headings included."""
    skill = analysis.skill
    before = [skill.blocks[block].source for block in bundle.blocks]
    before += [skill.sections[section].heading_source for section in bundle.headings]
    return sum(map(counter.count, before)) - sum(map(counter.count, bundle.texts))
