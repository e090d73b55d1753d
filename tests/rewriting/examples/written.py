"""A skill with one of its bundles taken, as the pipeline would write it."""

from __future__ import annotations

from skill_distiller.analysis.reading import Analysis
from skill_distiller.planning.plan import Decision, Plan, Reason, apply_plan
from skill_distiller.rewriting.model import Bundle, Rendering, RenderingKind
from skill_distiller.skill.model import Skill


def written(analysis: Analysis, bundle: Bundle) -> Skill:
    """The skill with the bundle's texts in the place of its blocks."""
    skill = analysis.skill
    texts = dict(zip(bundle.blocks, bundle.texts, strict=True))
    decisions = tuple(_decision(block.index, block.source, texts.get(block.index)) for block in skill.blocks)
    headings = tuple(section.index not in bundle.headings for section in skill.sections)
    return apply_plan(skill, Plan(decisions, headings, (0,) * len(headings)))


def _decision(index: int, source: str, text: str | None) -> Decision:
    kind = RenderingKind.FULL if text in (None, source) else RenderingKind.ONE_LINERS
    return Decision(index, Rendering(kind, source if text is None else text, 0, 1.0), 0, Reason.WORTH)
