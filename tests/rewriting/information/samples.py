"""Skills whose blocks are all of one type, so that what happens depends on the wording alone."""

from __future__ import annotations

from skill_distiller.analysis.model import Analysis, SectionType, Taxonomy, Verdict
from skill_distiller.language.spans import locked_spans
from skill_distiller.rewriting.edits import apply_edits
from skill_distiller.rewriting.information.score import PhraseScorer
from skill_distiller.rewriting.redundant import PhrasePruner
from skill_distiller.skill.parse import parse_skill

HEAD = """---
name: bakery-orders
description: Turns the orders of a bakery into a baking plan for the morning shift.
---
# Baking plans

"""


def analyzed(text: str, kind: SectionType = SectionType.EXPLANATION) -> Analysis:
    """A skill whose blocks are all of one type."""
    skill = parse_skill(text)
    verdict = Verdict(kind, Taxonomy.BACKGROUND, 0.3, 0.9)
    return Analysis(skill, (verdict,) * len(skill.blocks), "by hand")


def shortened(text: str, kind: SectionType = SectionType.EXPLANATION) -> list[str]:
    """What is left of each block of a skill once every redundant phrase went."""
    analysis = analyzed(text, kind)
    skill = analysis.skill
    locked = {b.index: locked_spans(b.text, analysis.facts[b.index]) for b in skill.blocks}
    edits = PhrasePruner(PhraseScorer().phrases(analysis)).edits(skill, [*locked], locked)
    return [apply_edits(block.text, edits.get(block.index, ())) for block in skill.blocks]
