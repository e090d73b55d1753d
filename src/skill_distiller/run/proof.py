"""The proof of a result: what receipt and gate say of it; what the gate says is lost or turned comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Declared, FindingKind, Tokens, Verification, declared_by
from skill_distiller.checks.receipt import Comparison, Receipt, compare, write_receipt
from skill_distiller.errors import RefusedError
from skill_distiller.planning.plan import Decision, Plan, apply_plan, undo_all
from skill_distiller.planning.required import bring_back, carriers
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.run import DistillOptions, Gate, Run
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import count_skill


class Planned(NamedTuple):
    """A plan with what it makes of the skill, and in one-liner mode the lines."""

    plan: Plan
    distilled: Skill
    one_liner: OneLiner | None = None


def planned(skill: Skill, plan: Plan) -> Planned:
    """What a plan makes of a skill, its body parsed afresh: the text is checked, not what the plan says of it."""
    made = apply_plan(skill, plan)
    return Planned(plan, replace(parse_skill(made.text, skill.path), frontmatter=skill.frontmatter))


class Proved(NamedTuple):
    """A draft with what was found of it: its receipt, and the gate's verdict (None for a one-liner)."""

    draft: Planned
    tokens: Tokens
    comparison: Comparison
    receipt: Receipt
    verification: Verification | None


_MAX_SHOWN: Final = 100  # characters that an error shows of a text
_REPAIRS: Final = 5  # rounds in which blocks are brought back that the gate misses


def prove(run: Run, reading: Reading, draft: Planned) -> Proved:
    """The draft with its proof; blocks of which the gate says that something is lost or turned are brought back."""
    proof = _look_at(run, reading, draft)
    for _ in range(_REPAIRS):
        at_fault = () if run.options.plan else _at_fault(proof, run.options)
        if not at_fault:
            break
        plan = bring_back(reading.skill, proof.draft.plan, at_fault, run.counter)
        proof.draft.distilled.forget()
        proof = _look_at(run, reading, planned(reading.skill, plan))
    return proof._replace(receipt=write_receipt(proof.comparison))


_TRIES: Final = 20  # proofs of parts of a plan that the gate refuses


def sound_part(run: Run, reading: Reading, refused: Proved) -> Proved:
    """As much of a refused plan as the gate lets pass, from the first block on, at worst the original.

    A text that goes can make another one of what stands behind it: a comment ends later, a line becomes a definition.
    The block that does so is found by halving, and stays.
    """
    skill, plan = reading.skill, refused.draft.plan
    best = prove(run, reading, Planned(undo_all(reading, plan), skill))
    held: set[int] = set()
    left, end = _TRIES, len(plan.decisions)
    while left > 0:
        low, high = 0, end  # with the blocks from `low` on as they are it passes
        mid = end  # first without any of them
        while high > low and left > 0:
            tried = prove(run, reading, planned(skill, bring_back(skill, plan, held | {*range(mid, end)}, run.counter)))
            left -= 1
            if tried.verification is None or tried.verification.passed:
                low, best = mid, min(best, tried, key=lambda proof: proof.tokens.candidate)
            else:
                high = mid - 1
            mid = (low + high + 1) // 2
        if low == end:
            break
        held.add(low)
    return best


def _at_fault(proof: Proved, options: DistillOptions) -> frozenset[int]:
    """The blocks of the original that do not say the same for certain, and the labels that they stand under.

    What a model wrote anew was asked to be proved before it was offered, or accepted unproved. Lines for several
    examples go as a whole. Within a budget, which the examples would break, they are left for the gate to refuse, and
    where that only reports, to be reported.
    """
    verification = proof.verification
    if verification is None:
        return frozenset()
    anew = {decision.block for decision in proof.draft.plan.decisions if RENDERINGS[decision.rendering.kind].anew}
    found = {finding.block for finding in verification.failures} | (
        {finding.block for finding in verification.unproved} - anew
    )
    moved = {finding.block for finding in verification.failures if finding.kind is FindingKind.MOVED}
    kept = proof.draft.plan.decisions
    # What came under another label did so because of what stood between: "Note: …" before item 5.
    found |= {_dropped_before(kept, block) for block in moved if block > 0}
    blocks = {block for block in found if block >= 0}
    folded = {d.block for d in kept if RENDERINGS[d.rendering.kind].partial and RENDERINGS[d.rendering.kind].joint}
    if options.gate is Gate.REPORT or options.tokens is not None:
        blocks -= folded
    elif not blocks.isdisjoint(folded):
        stands_with = carriers(proof.comparison.reading.skill, kept)
        held = {stands_with.get(block, block) for block in blocks & folded}
        blocks |= held | {block for block, carrier in stands_with.items() if carrier in held}
    original = verification.comparison.alignment.old
    return frozenset(blocks | {label.block for block in blocks for label in original.labels(block)})


def _dropped_before(decisions: Sequence[Decision], block: int) -> int:
    """The last dropped block before a block, by index; -1 for none."""
    dropped = (d.block for d in decisions[block - 1 :: -1] if d.rendering.kind is RenderingKind.DROPPED)
    return next(dropped, -1)


def refuse_unproved(receipt: Receipt, verification: Verification) -> None:
    """Raise RefusedError where a plan says in other words what nobody can show to be the same."""
    written = {c.block.index: c for c in receipt.changes if not RENDERINGS[c.rendering].partial}
    findings = (f for check in verification.checks for f in check.findings if f.kind is FindingKind.REWORDED)
    for finding in findings:
        if change := written.get(finding.block):
            text = " ".join((finding.other or finding).text.split())[:_MAX_SHOWN]
            raise RefusedError(
                f"The text that the plan has for piece [{change.id}] (line {finding.line}) is not proved by what "
                f"stands there ({text}).",
                "Set it to full or dropped, or use --accept-unproved if you wrote it.",
            )


def _look_at(run: Run, reading: Reading, draft: Planned) -> Proved:
    """The proof of a draft, its receipt without facts yet: they take long to find, and most drafts are mended."""
    skill = reading.skill
    known = draft.plan.counts(skill)
    tokens = Tokens(count_skill(skill, known, run.counter), count_skill(draft.distilled, known, run.counter))
    comparison = compare(reading, draft.plan, draft.distilled)
    receipt = write_receipt(comparison, facts=False)
    declared = declared_by(receipt, comparison.protected_lost)
    verification = None if draft.one_liner else _verify(run.options, comparison, declared, tokens)
    return Proved(draft, tokens, comparison, receipt, verification)


def _verify(options: DistillOptions, comparison: Comparison, declared: Declared, tokens: Tokens) -> Verification:
    """The gate on our own result."""
    # The disk is left alone here: whether linked files are there is for the command `verify` to see.
    return verify(
        comparison.reading.skill,
        comparison.distilled,
        declared=declared,
        tokens=tokens,
        files=False,
        patterns=options.patterns,
    )
