"""A plan: for every block the rendering that was chosen, with a reason; and the mode it was made in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from skill_distiller.analysis.reading import Reading
from skill_distiller.planning.frontier import Choice
from skill_distiller.rewriting.ladder import Ladder
from skill_distiller.rewriting.model import RENDERINGS, Doubt, Proof, Refusal, Rendering, RenderingKind, in_full
from skill_distiller.skill.model import Block, BlockKind, Section, Skill


class Reason(StrEnum):
    """The reason of a decision; the value is the wording of reports and JSON."""

    TYPE = "required by its type"
    PATTERN = "holds a protected pattern"
    HARD_RULE = "lays down a hard rule"
    RESTRICTION = "forbids or demands something, or asks for approval"
    VERIFIER = "says what is checked or done by then"
    RIGHTS = "states a licence or an author's right"
    OUTPUT = "the only place that says how the result is to look"
    UNSURE = "its type is uncertain"
    PROMOTED = "kept text refers to it"
    FILE = "names a file that nothing else names"
    STEPS = "steps in a numbered list"
    FORM = "a form to fill in"
    NAMED = "names what stood twice and stands nowhere else now"
    ALIKE = "others of its like stay"
    BEST = "the most important block"
    WORTH = "worth its tokens"
    CHEAPER = "a shorter rendering keeps its facts"
    PARTLY = "a part of it stands for the whole"
    TOGETHER = "written together with its neighbours"
    THREE_LINES = "the three lines stand for it"
    NOT_WORTH = "worth less than its tokens"
    REPEATS = "another piece says the same and stays"
    KNOWN = "every agent knows it"
    UNSAID = "nobody says that nothing is lost without it"
    REPEATED = "another block went as this one says the same"
    MISSED = "the judge missed it"
    ASKED = "asked for"
    COMPANION = "belongs to a block that was asked for"
    PLANNED = "the plan says so"


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

    `heading_tokens` is the count of each section's heading with the blank lines after it; `refused`
    counts the renderings that lost a fact and were not offered, `refusals` are those of them that a model wrote.
    `doubts` are those of the texts that a model wrote and that were offered.
    """

    decisions: tuple[Decision, ...]
    headings: tuple[bool, ...]
    heading_tokens: tuple[int, ...]
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def open_doubts(self) -> tuple[Doubt, ...]:
        """Those of the texts that were chosen, and of the blocks that went."""
        kinds = {decision.block: decision.rendering.kind for decision in self.decisions}

        def stands(doubt: Doubt) -> bool:
            kind = kinds[doubt.blocks[0]]
            return RENDERINGS[kind].proof is Proof.WORDING or (kind is RenderingKind.DROPPED and not doubt.after)

        return tuple(filter(stands, self.doubts))

    @property
    def changed(self) -> bool:
        """Whether anything is written otherwise than in the original."""
        return not all(self.headings) or any(d.rendering.kind is not RenderingKind.FULL for d in self.decisions)

    def counts(self, skill: Skill) -> dict[str, int]:
        """The token counts that the plan holds, by text: of headings, of blocks and of their renderings."""
        known = {section.heading_source: n for section, n in zip(skill.sections, self.heading_tokens, strict=True)}
        for block, decision in zip(skill.blocks, self.decisions, strict=True):
            known[block.source] = decision.full_tokens
            known[decision.rendering.text] = decision.rendering.tokens
        return known


def make_plan(
    ladders: Sequence[Ladder],
    choice: Choice,
    heading_tokens: Sequence[int],
    required: Mapping[int, Reason] | None = None,
    refused: int = 0,
) -> Plan:
    """The plan that a choice on the ladders means; `required` says why blocks had to stay.

    `refused` counts renderings that did not even come onto a ladder.
    """
    decisions = []
    for ladder, rung in zip(ladders, choice.rungs, strict=True):
        rendering = ladder.rendering(rung)
        reason = _reason(rendering, (required or {}).get(ladder.block.index))
        decisions.append(Decision(ladder.block.index, rendering, ladder.full.tokens, reason))
    return Plan(
        tuple(decisions), choice.headings, tuple(heading_tokens), refused + sum(ladder.refused for ladder in ladders)
    )


def undo_all(reading: Reading, plan: Plan) -> Plan:
    """The plan that leaves every block as it is, in place of one that is not worth it."""
    decisions = tuple(
        Decision(d.block, in_full(block, d.full_tokens), d.full_tokens, Reason.WORTH)
        for d, block in zip(plan.decisions, reading.skill.blocks, strict=True)
    )
    return replace(plan, decisions=decisions, headings=(True,) * len(plan.headings))


def _reason(rendering: Rendering, required: Reason | None) -> Reason:
    if rendering.kind is RenderingKind.DROPPED:
        return Reason.NOT_WORTH
    if not rendering.text:
        return Reason.TOGETHER
    if rendering.kind is not RenderingKind.FULL:
        return Reason.PARTLY if RENDERINGS[rendering.kind].partial else Reason.CHEAPER
    return required or Reason.WORTH


def apply_plan(skill: Skill, plan: Plan) -> Skill:
    """The skill that a plan makes: `render_skill` of it is the result.

    A block's text is its chosen rendering. Where a block went from between two that now touch, or before a heading, the
    blank line that kept them apart stays, so that no paragraph runs into what follows. The frontmatter stays.
    """
    sections: list[Section] = []
    kept, count = -1, 0  # the original index of the last block that stays; how many stay
    first = 0  # the index that the first block of a section has, or would have
    for section in skill.sections:
        stays = plan.headings[section.index]
        underlined = section.level and not section.heading_source.lstrip().startswith("#")
        apart = underlined or (first > 0 and skill.blocks[first - 1].gap)
        if stays and apart and kept + 1 < first:  # else the line above might become a part of the heading
            _change_last(sections, lambda last: last if last.gap else replace(last, gap=_line_end(last.text)))
        blocks: list[Block] = []
        for block in section.blocks:
            rendering = plan.decisions[block.index].rendering
            if not rendering.text:
                continue
            if blocks and kept + 1 < block.index:
                blocks[-1] = _apart(blocks[-1], block)
            elif not blocks and not stays:  # the heading went that parted it from the block above
                _change_last(sections, partial(_apart, below=block))
            # The very text of the original is found at once wherever something is remembered of it.
            own = block.text if rendering.kind is RenderingKind.FULL else rendering.text.removesuffix(block.gap)
            blocks.append(Block(count, block.kind, own, block.gap, 0, block.info))
            kept, count = block.index, count + 1
        first += len(section.blocks)
        source = section.heading_source if stays else ""
        sections.append(Section(section.index, section.level, section.heading, source, section.line, tuple(blocks)))
    if plan.changed:
        _change_last(sections, lambda last: replace(last, gap=""))  # the block that followed the blank lines is gone
    return Skill(skill.frontmatter, tuple(s for s in sections if s.text or not s.level), skill.path)


def _change_last(sections: list[Section], change: Callable[[Block], Block]) -> None:
    """Change the last block of some sections, unless a heading stands below it."""
    for i in range(len(sections) - 1, -1, -1):
        if blocks := sections[i].blocks:
            sections[i] = replace(sections[i], blocks=(*blocks[:-1], change(blocks[-1])))
        if blocks or sections[i].heading_source:
            return


def _apart(above: Block, below: Block) -> Block:
    """The upper of two blocks that did not touch before, with a blank line below it where one is needed."""
    if above.gap or (above.kind is BlockKind.LIST_ITEM and below.kind is BlockKind.LIST_ITEM):
        return above
    return replace(above, gap=_line_end(above.text))


def _line_end(text: str) -> str:
    """The line end that a text uses."""
    return next((end for end in ("\r\n", "\n", "\r") if text.endswith(end)), "\n")


class Mode(StrEnum):
    """What a run aims at; the value is its name on the command line.

    THRESHOLD: the fewest tokens that keep a share of the functionality. TOKENS: the most
    functionality within a number of tokens. ONELINER: three lines that say what the skill is for.
    """

    THRESHOLD = "threshold"
    TOKENS = "tokens"
    ONELINER = "oneliner"
