"""One-liner mode: the whole skill gives way to three lines."""

from __future__ import annotations

from skill_distiller.analysis import Analysis
from skill_distiller.document import Skill, parse_skill
from skill_distiller.planning import Decision, Plan, Reason
from skill_distiller.renderings import Rendering, RenderingKind
from skill_distiller.renderings.oneliner import OneLiner
from skill_distiller.tokens import TokenCounter


def replace_with(analysis: Analysis, one_liner: OneLiner, counter: TokenCounter) -> tuple[Plan, Skill]:
    """The plan in which every block is dropped, and the three lines as what is left: no frontmatter, no heading.

    A block that the lines draw on keeps that part of its worth which they say of it: its tokens in
    the lines over all of its tokens. So the embedded judge counts the worth of these blocks times
    that share, and of the facts those that stand in the lines. It is a low estimate: what the
    description says is no block and counts for nothing, nor does what an agent knows by itself.
    """
    skill = analysis.skill
    decisions = []
    for block in skill.blocks:
        rendering = Rendering(RenderingKind.DROPPED, "", 0, one_liner.shares.get(block.index, 0.0))
        decisions.append(Decision(block.index, rendering, counter.count(block.source), Reason.THREE_LINES))
    headings = tuple(counter.count(section.heading_source) for section in skill.sections)
    plan = Plan(tuple(decisions), (False,) * len(headings), headings)
    lines = parse_skill(one_liner.text)
    return plan, Skill(lines.frontmatter, lines.sections, skill.path)
