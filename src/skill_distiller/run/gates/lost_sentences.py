"""Sentences that a judge found lost are put back into the text that was written in their place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from skill_distiller.planning.plan import Plan
from skill_distiller.rewriting.model import RENDERINGS, Doubt, Proof, Rendering
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.tokens import TokenCounter


def restore_sentences(
    skill: Skill, plan: Plan, lost: Iterable[Doubt], counter: TokenCounter
) -> tuple[Plan, tuple[Doubt, ...]]:
    """The plan with the sentences of some doubts as they were, and the doubts of which that can't be done.

    What stands for a sentence gives way to it, or it comes last in the text; never so that anything else is lost.
    """
    decisions = list(plan.decisions)
    left: list[Doubt] = []
    told: dict[tuple[int, ...], list[Doubt]] = {}
    for doubt in lost:
        told.setdefault(doubt.blocks, []).append(doubt)
    for blocks, doubts in told.items():
        carrier = next((i for i in blocks if decisions[i].rendering.text), -1)
        rendering = decisions[carrier].rendering
        for doubt in doubts if carrier >= 0 else ():
            text = _with_sentence(skill, rendering, doubt)
            rendering = replace(rendering, text=text, tokens=counter.count(text)) if rendering.text else rendering
        whole = sum(decisions[i].full_tokens for i in blocks)
        if carrier < 0 or not rendering.text or rendering.tokens >= whole:
            left += doubts
        else:
            decisions[carrier] = replace(decisions[carrier], rendering=rendering)
    settled = {id(doubt) for doubts in told.values() for doubt in doubts} - {id(doubt) for doubt in left}
    kept = tuple(doubt for doubt in plan.doubts if id(doubt) not in settled)
    return replace(plan, decisions=tuple(decisions), doubts=kept), tuple(left)


def _with_sentence(skill: Skill, rendering: Rendering, doubt: Doubt) -> str:
    """The text of a rendering with a sentence as it was, "" where it can't be put back."""
    code = (skill.blocks[i].text for i in doubt.blocks if skill.blocks[i].kind is BlockKind.CODE)
    if any(doubt.before.partition("\n")[0] in text for text in code):
        return ""
    if RENDERINGS[rendering.kind].proof is not Proof.WORDING or not doubt.before or not rendering.text:
        return ""
    from skill_distiller.rewriting.retell import faults_of  # a run without a model has no use for it

    body = rendering.text.rstrip()
    gap = rendering.text[len(body) :]
    before = {str(fault) for fault in faults_of(skill, doubt.blocks, body) if not fault.doubt}
    for text in _tries(body, doubt):
        faults = {str(fault) for fault in faults_of(skill, doubt.blocks, text) if not fault.doubt}
        if faults <= before:
            return text + gap
    return ""


def _tries(body: str, doubt: Doubt) -> Iterator[str]:
    from skill_distiller.rewriting.retell import append

    if doubt.after and body.count(doubt.after) == 1:
        goes_on = doubt.after.endswith(";") and doubt.before.endswith(".")  # what follows begins small
        yield body.replace(doubt.after, f"{doubt.before[:-1]};" if goes_on else doubt.before)
    yield append(body, doubt.before)
