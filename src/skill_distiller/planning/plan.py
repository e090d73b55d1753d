"""What happens to every block, with a reason, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skill_distiller.analysis import Analysis
from skill_distiller.document import BlockKind, Skill
from skill_distiller.planning.frontier import Choice
from skill_distiller.renderings import Ladder, Rendering, RenderingKind


class Reason(StrEnum):
    """Why a block is written as it is."""

    TYPE = "required by its type"
    PATTERN = "holds a protected pattern"
    PROMOTED = "kept text refers to it"
    WORTH = "worth its tokens"
    CHEAPER = "a shorter rendering keeps its facts"
    NOT_WORTH = "worth less than its tokens"


@dataclass(frozen=True, slots=True)
class Decision:
    """The rendering chosen for a block; `full_tokens` is what the original costs."""

    block: int
    rendering: Rendering
    full_tokens: int
    reason: Reason

    @property
    def dropped(self) -> bool:
        """Whether nothing of the block is written."""
        return not self.rendering.text

    @property
    def saved(self) -> int:
        """Tokens saved by the decision."""
        return self.full_tokens - self.rendering.tokens


@dataclass(frozen=True, slots=True)
class Plan:
    """One decision a block, and for each section whether its heading stays.

    `text` is the whole result; `refused` counts the renderings that lost a fact and were not offered.
    """

    decisions: tuple[Decision, ...]
    headings: tuple[bool, ...]
    text: str
    refused: int = 0


def make_plan(
    analysis: Analysis, ladders: Sequence[Ladder], choice: Choice, promoted: frozenset[int] = frozenset()
) -> Plan:
    """The plan that a choice on the ladders means, with its text."""
    decisions = []
    for ladder, rung in zip(ladders, choice.rungs, strict=True):
        index = ladder.block.index
        rendering = ladder.rungs[rung]
        reason = _reason(analysis, index, rendering, promoted)
        decisions.append(Decision(index, rendering, ladder.rungs[0].tokens, reason))
    text = render_choice(analysis.skill, [d.rendering.text for d in decisions], choice.headings)
    return Plan(tuple(decisions), choice.headings, text, sum(ladder.refused for ladder in ladders))


def undo_all(analysis: Analysis, plan: Plan) -> Plan:
    """The plan that leaves every block as it is, in place of one that is not worth it."""
    decisions = tuple(
        Decision(d.block, Rendering(RenderingKind.FULL, block.source, d.full_tokens, 1.0), d.full_tokens, Reason.WORTH)
        for d, block in zip(plan.decisions, analysis.skill.blocks, strict=True)
    )
    return Plan(decisions, (True,) * len(plan.headings), analysis.skill.text, plan.refused)


def _reason(analysis: Analysis, index: int, rendering: Rendering, promoted: frozenset[int]) -> Reason:
    verdict = analysis.verdicts[index]
    if rendering.kind is RenderingKind.DROPPED:
        return Reason.NOT_WORTH
    if rendering.kind is not RenderingKind.FULL:
        return Reason.CHEAPER
    if verdict.protected:
        return Reason.PATTERN
    if verdict.required:
        return Reason.TYPE
    return Reason.PROMOTED if index in promoted else Reason.WORTH


def render_choice(skill: Skill, texts: Sequence[str], headings: Sequence[bool]) -> str:
    """The skill with each block's text as given ("" = dropped) and the headings that stay.

    Where a block went from between two that now touch, the blank line that kept them apart stays,
    so that no paragraph runs into the next block.
    """
    if all(headings) and all(text == block.source for text, block in zip(texts, skill.blocks, strict=True)):
        return skill.text
    out = [skill.frontmatter.raw]
    newline = "\r\n" if "\r\n" in skill.text else "\n"
    above: BlockKind | None = None  # of the block that the next one would touch; None after a heading
    dropped = False
    for section in skill.sections:
        if headings[section.index]:
            out.append(section.heading_source)
            above, dropped = None, False
        for block in section.blocks:
            text = texts[block.index]
            if not text:
                dropped = True
                continue
            items = above is BlockKind.LIST_ITEM and block.kind is BlockKind.LIST_ITEM
            if dropped and above and not items and not _ends_blank(out[-1]):
                out.append(newline)
            out.append(text)
            above, dropped = block.kind, False
    if dropped or not all(headings):
        out[-1] = _without_blank_tail(out[-1])
    return "".join(out)


def _ends_blank(text: str) -> bool:
    """Whether a text ends with a blank line."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return len(lines) > 2 and not lines[-1].strip() and not lines[-2].strip()


def _without_blank_tail(text: str) -> str:
    stripped = text.rstrip(" \t\r\n")
    tail = text[len(stripped) :]
    end = tail.find("\n")
    return stripped + tail[: end + 1] if end >= 0 else text
