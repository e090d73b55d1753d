"""The ladders of a skill with their prices and worths, and what is taken off them on the way to a plan."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from skill_distiller.analysis import Analysis
from skill_distiller.analysis.lead_ins import lead_ins
from skill_distiller.analysis.prompted import Phrases, PromptedAnalysis
from skill_distiller.document import Skill
from skill_distiller.planning import (
    Choice,
    Frontier,
    WorthModel,
    block_worths,
    joint_loss,
    load_worth_model,
    required_blocks,
    trace_frontier,
)
from skill_distiller.planning.coupling import headings_above
from skill_distiller.renderings import (
    Joint,
    Ladder,
    Offers,
    Pruner,
    Renderer,
    RenderingKind,
    WordPruner,
    add_offers,
    build_ladders,
    join_offers,
)
from skill_distiller.renderings.examples import ExampleRenderer
from skill_distiller.renderings.information import PhraseScorer
from skill_distiller.renderings.phrases import PhrasePruner
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True, slots=True)
class Models:
    """The trained models that planning uses; those that ship with the tool unless told otherwise.

    Without a `pruner` no words are deleted but filler phrases, without `phrases` no phrases but those
    that a language model quoted. `renderers` write blocks in other
    words, or several as one.
    """

    pruner: Pruner | None = field(default_factory=WordPruner)
    worth: WorthModel = field(default_factory=load_worth_model)
    renderers: tuple[Renderer, ...] = (ExampleRenderer(),)
    phrases: PhraseScorer | None = field(default_factory=PhraseScorer)


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladders of a skill with what the planner needs beside them: worths of blocks, tokens of headings, bundles.

    `refused` counts the texts that a renderer made and that lost something; without `sequences`
    numbered steps may go one by one.
    """

    ladders: tuple[Ladder, ...]
    worths: tuple[float, ...]
    heading_tokens: tuple[int, ...]
    joints: tuple[Joint, ...] = ()
    refused: int = 0
    sequences: bool = True


def prepare_ladders(
    analysis: Analysis, required: Collection[int], counter: TokenCounter, models: Models | None = None
) -> Ladders:
    """Everything that can be chosen from, with its price and its worth; `required` blocks can't be dropped."""
    models = models or Models()
    pruner = models.pruner
    if phrases := _phrases(analysis, models.phrases):
        pruner = PhrasePruner(phrases, pruner)
    ladders = build_ladders(analysis, lead_ins(analysis.skill), required, counter, pruner)
    worths = block_worths(analysis, models.worth)
    headings = tuple(counter.count(section.heading_source) for section in analysis.skill.sections)
    offers = join_offers(renderer.offer(analysis, counter) for renderer in models.renderers)
    prepared = offer(Ladders(ladders, worths, headings), offers, counter)
    joints = tuple(
        joint._replace(lost=joint_loss(analysis, models.worth, bundle.blocks, "".join(bundle.texts), bundle.share))
        for joint, bundle in zip(prepared.joints, offers.bundles, strict=True)
    )
    return replace(prepared, joints=joints)


def _phrases(analysis: Analysis, scorer: PhraseScorer | None) -> Mapping[int, Phrases]:
    """The phrases by index of their block: a language model's word goes before that of the embedded scorer."""
    embedded = scorer.phrases(analysis) if scorer else {}
    return {**embedded, **analysis.phrases} if isinstance(analysis, PromptedAnalysis) else embedded


def offer(prepared: Ladders, offers: Offers, counter: TokenCounter) -> Ladders:
    """The ladders with what a renderer offers on them."""
    ladders, joints = add_offers(prepared.ladders, offers, counter)
    return replace(
        prepared, ladders=ladders, joints=(*prepared.joints, *joints), refused=prepared.refused + offers.refused
    )


def trace(
    analysis: Analysis, counter: TokenCounter, threshold: float = 0.0, models: Models | None = None
) -> tuple[Ladders, Frontier]:
    """The ladders and the whole frontier of a skill, with the blocks required that `threshold` (0-1) requires."""
    required = required_blocks(analysis, threshold, (models or Models()).worth)
    prepared = prepare_ladders(analysis, required, counter, models)
    return prepared, retrace(analysis, prepared, prepared.ladders)


def retrace(analysis: Analysis, prepared: Ladders, ladders: Sequence[Ladder]) -> Frontier:
    """The frontier of ladders that were changed after they were prepared."""
    return trace_frontier(
        analysis.skill,
        ladders,
        prepared.worths,
        prepared.heading_tokens,
        prepared.joints,
        sequences=prepared.sequences,
    )


def require(ladders: Sequence[Ladder], blocks: Collection[int]) -> tuple[Ladder, ...]:
    """The ladders without the DROPPED rung of some blocks."""
    return tuple(
        replace(ladder, rungs=tuple(r for r in ladder.rungs if r.kind is not RenderingKind.DROPPED))
        if ladder.block.index in blocks
        else ladder
        for ladder in ladders
    )


def hold(skill: Skill, prepared: Ladders, blocks: Collection[int]) -> Ladders:
    """What can be chosen from where some blocks stay byte for byte: no other rung, no bundle that does without them."""
    if not blocks:
        return prepared
    ladders = tuple(
        replace(ladder, rungs=ladder.rungs[:1]) if ladder.block.index in blocks else ladder
        for ladder in prepared.ladders
    )
    above = headings_above(skill, blocks)
    joints = tuple(
        joint
        for joint in prepared.joints
        if above.isdisjoint(joint.headings)
        and all(ladders[b].joint[place].text == skill.blocks[b].source for b, place in joint.members if b in blocks)
    )
    return replace(prepared, ladders=ladders, joints=joints)


def refuse(ladders: Sequence[Ladder], choice: Choice, blocks: Collection[int]) -> tuple[Ladder, ...]:
    """The ladders without the rungs that were chosen for some blocks: they lose a fact or a protected pattern."""
    return tuple(
        replace(ladder, rungs=(*ladder.rungs[:rung], *ladder.rungs[rung + 1 :]), refused=ladder.refused + 1)
        if ladder.block.index in blocks
        else ladder
        for ladder, rung in zip(ladders, choice.rungs, strict=True)
    )
