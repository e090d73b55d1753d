"""The ladders of a skill with their prices and worths, and the frontier traced over them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from skill_distiller.analysis.reading import Phrases, Reading, once_per_reading
from skill_distiller.planning.excuses import excuses
from skill_distiller.planning.frontier import Choice, Frontier, Hulls, trace_frontier
from skill_distiller.planning.outline import outline
from skill_distiller.planning.plan import Decision, Plan, Reason
from skill_distiller.planning.trims import find_trims
from skill_distiller.planning.worth import WorthModel, block_worths, joint_loss, load_worth_model
from skill_distiller.rewriting.example_bundles import ExampleRenderer
from skill_distiller.rewriting.ladder import Edited, Joint, Ladder, add_proposals, build_ladders, edit_blocks, merge
from skill_distiller.rewriting.model import (
    RENDERINGS,
    Bundle,
    Doubt,
    Proof,
    Proposals,
    Refusal,
    Renderer,
    Rendering,
    RenderingKind,
    Wording,
)
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.rewriting.redundant import PhraseScorer
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.references import names_in
from skill_distiller.tokens import TokenCounter

_EXCUSED: Final = 0.1  # of a block's worth is its own where another block says the same, or every agent knows it


@dataclass(frozen=True, slots=True)
class Models:
    """The trained models that planning uses; those that ship with the tool unless told otherwise.

    Without `phrases` no phrases are cut but those that a language model quoted. `renderers` write blocks in other
    words, or several as one, where the `wording` allows it; with `trims` parts of blocks may go too, with `drops` whole
    ones of which nobody says that nothing is lost.
    """

    worth: WorthModel = field(default_factory=load_worth_model)
    renderers: tuple[Renderer, ...] = (ExampleRenderer(),)
    phrases: PhraseScorer | None = None
    wording: Wording = Wording.TERSE
    trims: bool = True
    drops: bool = True

    def whole(self) -> Models:
        """The same where no part of a block goes but in what a model writes: no trims, no choice of examples."""
        renderers = tuple(one for one in self.renderers if not isinstance(one, ExampleRenderer))
        return replace(self, trims=False, renderers=renderers)


@dataclass(frozen=True, slots=True)
class Ladders:
    """The ladders of a skill with what the planner needs beside them: worths of blocks, tokens of headings, bundles.

    `refused` counts the texts that a renderer made and that lost something, `refusals` are those of a model.
    """

    ladders: tuple[Ladder, ...]
    worths: tuple[float, ...]
    heading_tokens: tuple[int, ...]
    joints: tuple[Joint, ...] = ()
    refused: int = 0
    refusals: tuple[Refusal, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def change(self, blocks: Iterable[int], rungs: Callable[[Sequence[Rendering]], Sequence[Rendering]]) -> Ladders:
        """The same with fewer rungs for some blocks, by index, chosen of those they have."""
        found = list(self.ladders)
        for block in blocks:
            left = rungs(found[block].rungs)
            if len(left) < len(found[block].rungs):  # the hulls of a ladder that is the same are known
                found[block] = _with_rungs(found[block], left)
        return replace(self, ladders=tuple(found))


@once_per_reading
def prepare_ladders(reading: Reading, counter: TokenCounter, models: Models | None = None) -> Ladders:
    """Everything that can be chosen from, with its price and its worth."""
    models = models or Models()
    headings = tuple(counter.count(section.heading_source) for section in reading.skill.sections)
    trims = find_trims(reading, models.worth) if models.trims and models.wording.rewords else {}
    ladders = build_ladders(reading, _edited(reading, counter, models.phrases, models.wording), trims)
    excused = excuses(reading)
    worths = tuple(
        worth * (_EXCUSED if i in excused else 1) for i, worth in enumerate(block_worths(reading, models.worth))
    )
    prepared = Ladders(ladders, worths, headings)
    for renderer in models.renderers if models.wording.rewords else ():
        prepared = with_proposals(reading, prepared, proposed_by(reading, renderer, counter), counter, models.worth)
    return prepared


@once_per_reading
def _edited(
    reading: Reading, counter: TokenCounter, scorer: PhraseScorer | None, wording: Wording
) -> tuple[Edited, ...]:
    return edit_blocks(reading, counter, _phrases(reading, scorer), wording)


@once_per_reading
def proposed_by(reading: Reading, renderer: Renderer, counter: TokenCounter) -> Proposals:
    """What a renderer proposes; a model is asked once, whatever else is prepared otherwise."""
    return renderer.propose(reading, counter)


def _phrases(reading: Reading, scorer: PhraseScorer | None) -> Mapping[int, Phrases]:
    """The phrases by index of their block: what a language model quoted goes before what was scored."""
    scored = scorer.phrases(reading) if scorer else {}
    part = reading.analysis.model_part
    return {**scored, **part.quotes} if part else scored


def with_proposals(
    reading: Reading, prepared: Ladders, proposals: Proposals, counter: TokenCounter, model: WorthModel
) -> Ladders:
    """The ladders with what a renderer proposes on them.

    Blocks that are said together in new words begin there: all that they say is in these, for fewer tokens.
    """
    merged = [bundle for bundle in proposals.bundles if RENDERINGS[bundle.kind].proof is Proof.WORDING]
    chosen = tuple(bundle for bundle in proposals.bundles if bundle not in merged)
    ladders, joints = add_proposals(prepared.ladders, replace(proposals, bundles=chosen), counter)
    priced = (
        joint._replace(lost=joint_loss(reading, model, bundle.blocks, "".join(bundle.texts), bundle.share))
        for joint, bundle in zip(joints, chosen, strict=True)
    )
    return replace(
        _with_merged(replace(prepared, ladders=ladders, joints=(*prepared.joints, *priced)), merged, counter),
        refused=prepared.refused + proposals.refused + len(proposals.refusals),
        refusals=(*prepared.refusals, *proposals.refusals),
        doubts=(*prepared.doubts, *proposals.doubts),
    )


def _with_merged(prepared: Ladders, bundles: Sequence[Bundle], counter: TokenCounter) -> Ladders:
    """The ladders with some blocks said together; the worth of those is that of the text that says them all."""
    ladders, worths = prepared.ladders, list(prepared.worths)
    taken = {block for bundle in bundles for block in bundle.blocks}
    for bundle in bundles:
        ladders = merge(ladders, bundle, counter)
        carrier = next(block for block, text in zip(bundle.blocks, bundle.texts, strict=True) if text)
        together = sum(worths[block] for block in bundle.blocks) * bundle.share
        for block in bundle.blocks:
            worths[block] = together if block == carrier else 0.0
    joints = tuple(joint for joint in prepared.joints if not taken & {block for block, _ in joint.members})
    return replace(prepared, ladders=ladders, worths=tuple(worths), joints=joints)


@once_per_reading
def _hulls(reading: Reading) -> Hulls:
    return Hulls()


def trace(reading: Reading, ladders: Ladders) -> Frontier:
    """The frontier of the ladders that were prepared, or of what became of them since."""
    of = ladders
    return trace_frontier(outline(reading.skill), of.ladders, of.worths, of.heading_tokens, of.joints, _hulls(reading))


def _with_rungs(ladder: Ladder, rungs: Sequence[Rendering]) -> Ladder:
    """The ladder with other rungs; a block that would have none, as another one says it, is written as it is."""
    return replace(ladder, rungs=tuple(rungs)) if rungs else replace(ladder, rungs=(ladder.full,), whole=None)


def require(ladders: Ladders, blocks: Iterable[int]) -> Ladders:
    """The ladders without the DROPPED rung of some blocks."""
    return ladders.change(blocks, lambda rungs: [rung for rung in rungs if rung.kind is not RenderingKind.DROPPED])


def keep_names(ladders: Ladders, names: Mapping[int, Collection[str]]) -> Ladders:
    """The ladders where some blocks stay with names that they hold: no rung and no bundle that lacks one."""
    held = {i: names_in(own, ladders.ladders[i].full.text) for i, own in names.items()}
    ladders = require(ladders, names)
    found = list(ladders.ladders)
    for block, own in held.items():
        left = [rung for rung in found[block].rungs if names_in(own, rung.text) == own]
        if len(left) < len(found[block].rungs):
            found[block] = _with_rungs(found[block], left)
    ladders = replace(ladders, ladders=tuple(found))

    def is_left(joint: Joint) -> bool:
        texts = ((block, ladders.ladders[block].joint[place].text) for block, place in joint.members)
        return all(names_in(held[block], text) == held[block] for block, text in texts if block in held)

    return replace(ladders, joints=tuple(filter(is_left, ladders.joints)))


def refuse(ladders: Ladders, choice: Choice, blocks: Iterable[int]) -> Ladders:
    """The ladders without the rungs that were chosen for some blocks: they lose a fact or a protected pattern."""
    found = list(ladders.ladders)
    for block in blocks:
        ladder, rung = found[block], choice.rungs[block]
        rungs = (*ladder.rungs[:rung], *ladder.rungs[rung + 1 :])
        if rungs:
            found[block] = replace(ladder, rungs=rungs, refused=ladder.refused + 1)
        elif ladder.whole:
            _take_apart(found, block)
    return replace(ladders, ladders=tuple(found))


def _take_apart(ladders: list[Ladder], block: int) -> None:
    """Give every block that was merged into one text with a block its own text back."""
    carrier = block if ladders[block].rungs[0].text else ladders[block].rungs[0].stands_in
    for i, ladder in enumerate(ladders):
        if ladder.whole and (i == carrier or ladder.rungs[0].stands_in == carrier):
            ladders[i] = replace(ladder, rungs=(ladder.whole,), whole=None, refused=ladder.refused + 1)


def replace_with(reading: Reading, one_liner: OneLiner, counter: TokenCounter) -> tuple[Plan, Skill]:
    """The plan in which every block is dropped, and the three lines as what is left: no frontmatter, no heading.

    A block that the lines draw on keeps that part of its worth which they say of it: its tokens in
    the lines over all of its tokens. So the embedded judge counts the worth of these blocks times
    that share, and of the facts those that stand in the lines. It is a low estimate: what the
    description says is no block and counts for nothing, nor does what an agent knows by itself.
    """
    skill = reading.skill
    decisions = []
    for block in skill.blocks:
        rendering = Rendering(RenderingKind.DROPPED, "", 0, one_liner.shares.get(block.index, 0.0))
        decisions.append(Decision(block.index, rendering, counter.count(block.source), Reason.THREE_LINES))
    headings = tuple(counter.count(section.heading_source) for section in skill.sections)
    plan = Plan(tuple(decisions), (False,) * len(headings), headings)
    lines = parse_skill(one_liner.text)
    return plan, Skill(lines.frontmatter, lines.sections, skill.path)
