"""Threshold mode: the cheapest text that keeps a given share of the functionality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.lead_ins import lead_ins
from skill_distiller.analysis.prompted import PromptedAnalysis
from skill_distiller.document import BlockKind
from skill_distiller.planning import Frontier, Plan, block_worths, make_plan, trace_frontier
from skill_distiller.planning.references import anchors_of, missing_targets
from skill_distiller.planning.worth import share_for
from skill_distiller.renderings import Ladder, RenderingKind, build_ladders
from skill_distiller.renderings.phrases import add_phrase_rungs
from skill_distiller.tokens import TokenCounter

Observer = Callable[[str, object], None]


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladders of a skill with what the planner needs beside them: worths of blocks, tokens of headings."""

    ladders: tuple[Ladder, ...]
    worths: tuple[float, ...]
    heading_tokens: tuple[int, ...]


_NOTHING: Final = frozenset[int]()


def prepare_ladders(analysis: Analysis, counter: TokenCounter) -> Ladders:
    """Everything that can be chosen from, with its price and its worth."""
    ladders = build_ladders(analysis, lead_ins(analysis.skill), counter)
    if isinstance(analysis, PromptedAnalysis):
        ladders = add_phrase_rungs(ladders, analysis, analysis.phrases, counter)
    worths = block_worths(analysis)
    headings = tuple(counter.count(section.heading_source) for section in analysis.skill.sections)
    return Ladders(ladders, worths, headings)


def compress_to_threshold(
    analysis: Analysis, threshold: float, counter: TokenCounter, observe: Observer | None = None
) -> Plan:
    """The plan with the fewest tokens on the frontier whose functionality is at least `threshold` (0-1).

    Sections that kept text refers to are promoted to required and the plan is made again; each
    round promotes at least one block, so it ends.
    """
    prepared = prepare_ladders(analysis, counter)
    ladders, promoted = prepared.ladders, _NOTHING
    while True:
        frontier = trace_frontier(analysis.skill, ladders, prepared.worths, prepared.heading_tokens)
        choice = frontier.choice(frontier.cheapest(share_for(threshold)))
        texts = [ladder.rungs[rung].text for ladder, rung in zip(ladders, choice.rungs, strict=True)]
        targets = missing_targets(analysis.skill, texts, choice.headings)
        needed = {block for section in targets for block in anchors_of(analysis.skill, section)} - promoted
        if ladders and not any(texts):  # a skill without a body is none
            needed |= {max(range(len(ladders)), key=lambda block: prepared.worths[block])} - promoted
        if not analysis.skill.frontmatter.raw and _opens_with_rule(ladders, texts):
            needed |= {0} - promoted
        if not needed:
            break
        promoted |= needed
        ladders = _require(ladders, promoted)
    if observe:
        observe("ladders", ladders)
        observe("frontier", frontier)
    return make_plan(analysis, ladders, choice, prepared.heading_tokens, promoted)


def _opens_with_rule(ladders: Sequence[Ladder], texts: Sequence[str]) -> bool:
    """Whether a rule comes first: without frontmatter it would be taken for the opening of one."""
    first = next((i for i, text in enumerate(texts) if text), 0)
    return bool(ladders) and first > 0 and ladders[first].block.kind is BlockKind.RULE


def _require(ladders: Sequence[Ladder], blocks: frozenset[int]) -> tuple[Ladder, ...]:
    return tuple(
        replace(ladder, rungs=tuple(r for r in ladder.rungs if r.kind is not RenderingKind.DROPPED))
        if ladder.block.index in blocks
        else ladder
        for ladder in ladders
    )


def trace(analysis: Analysis, counter: TokenCounter) -> tuple[Ladders, Frontier]:
    """The ladders and the whole frontier of a skill, for studies and other modes."""
    prepared = prepare_ladders(analysis, counter)
    return prepared, trace_frontier(analysis.skill, prepared.ladders, prepared.worths, prepared.heading_tokens)
