"""The proof of a result: what receipt, gate and a judge say of it, and which required blocks lie too far down."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Declared, FindingKind, Tokens, Verification, declared_by
from skill_distiller.checks.receipt import Comparison, Functionality, Receipt, Word, compare, write_receipt
from skill_distiller.errors import RefusedError
from skill_distiller.planning.plan import Decision, Mode, Plan, apply_plan, undo_all
from skill_distiller.planning.required import bring_back, carriers
from skill_distiller.rewriting.model import RENDERINGS, Doubt, RenderingKind
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.run import DistillOptions, Gate, Run
from skill_distiller.skill.model import Section, Skill, count_line_ends
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter, count_skill


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
    """A draft with what was found of it: its receipt, and the gate's verdict (None for a one-liner).

    The `returned` blocks, by index, came back since the gate missed something of them as the plan `first` had them.
    """

    draft: Planned
    tokens: Tokens
    comparison: Comparison
    receipt: Receipt
    verification: Verification | None
    first: Plan | None = None
    returned: frozenset[int] = frozenset()


_MAX_SHOWN: Final = 100  # characters that an error shows of a text
_REPAIRS: Final = 5  # rounds in which blocks are brought back that the gate misses


def prove(run: Run, reading: Reading, draft: Planned, known: Proved | None = None) -> Proved:
    """The draft with its proof; blocks of which the gate says that something is lost or turned are brought back.

    What had to come back of a `known` draft comes back at once where this one has it as that one had.
    """
    returned = _known_to_return(known, draft.plan) if known else frozenset[int]()
    if returned:
        draft = planned(reading.skill, bring_back(reading.skill, draft.plan, returned, run.counter))
    first = draft.plan
    proof = _look_at(run, reading, draft)
    for _ in range(_REPAIRS):
        at_fault = () if run.options.plan else _at_fault(proof, run.options)
        if not at_fault:
            break
        returned |= at_fault
        plan = bring_back(reading.skill, proof.draft.plan, at_fault, run.counter)
        proof.draft.distilled.forget()
        proof = _look_at(run, reading, planned(reading.skill, plan))
    return proof._replace(receipt=write_receipt(proof.comparison), first=first, returned=returned)


def _known_to_return(known: Proved, plan: Plan) -> frozenset[int]:
    """The blocks that came back of a proved draft, and that a plan has as that one had them before."""
    before = known.first.decisions if known.first else ()
    same = (now.block for old, now in zip(before, plan.decisions, strict=False) if old.rendering == now.rendering)
    return known.returned.intersection(same)


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


MOST_RETURNS: Final = 2  # in which pieces come back
MOST_ASKED: Final = 2  # times that a result is judged: what came back in the last round can only add to it


class Judged(NamedTuple):
    """A result with what the judge says of it; `returned` counts the blocks that came back as it missed them.

    `after` counts those of them that came back after its last word, `asked` how often it was asked.
    """

    proof: Proved
    functionality: Functionality
    returned: int = 0
    after: int = 0
    asked: int = 1


def heed_judge(
    options: DistillOptions,
    proof: Proved,
    judge: Callable[[Proved], Functionality],
    add: Callable[[Proved, Collection[int]], Proved],
    mend: Callable[[Proved, Sequence[Doubt]], tuple[Proved, Sequence[Doubt]]],
) -> Judged:
    """The result that the judge scores at the threshold, or of which it misses nothing more, or after two rounds.

    `add` brings blocks back, `mend` sentences into the texts that stand for them. Texts of which something is in
    question stand only where the judge says that it may be missed. With a budget, a plan or three lines it acts on
    nothing else.
    """
    found, returned = judge(proof), 0
    for number in range(1, MOST_RETURNS + 1):
        low = options.mode is Mode.THRESHOLD and not options.plan and found.score < 100 * options.threshold
        lost = lost_doubts(proof, found)
        missed = missed_blocks(proof, found) if low else frozenset[int]()
        if not lost and not missed:
            break
        proof, left = mend(proof, [doubt for doubt in lost if missed.isdisjoint(doubt.blocks)]) if lost else (proof, ())
        blocks = missed | {block for doubt in left for block in doubt.blocks}
        proof = add(proof, blocks) if blocks else proof
        returned += len({block for doubt in lost for block in doubt.blocks[:1]} | blocks)
        if number >= MOST_ASKED or not low:
            return Judged(proof, found, returned, len(blocks) if low else 0, number)
        found = judge(proof)
    return Judged(proof, found, returned, asked=min(number, MOST_ASKED))


def lost_doubts(proof: Proved, functionality: Functionality) -> list[Doubt]:
    """The doubts of which a judge says that something is lost, or says nothing."""
    fine = {id(one.doubt) for one in functionality.settled if one.word is not Word.LOST}
    return [doubt for doubt in proof.draft.plan.open_doubts if id(doubt) not in fine]


def missed_blocks(proof: Proved, functionality: Functionality) -> frozenset[int]:
    """The blocks, by index, that hold what a judge misses and are not in the result as they were."""
    skill, decisions = proof.comparison.reading.skill, proof.draft.plan.decisions
    changed = [block for block in skill.blocks if decisions[block.index].rendering.text != block.source]
    texts = {block.index: " ".join(block.text.split()) for block in changed}
    return frozenset(i for i, text in texts.items() if any(quote in text for quote in functionality.missing))


def judge_of(run: Run, proof: Proved) -> Functionality:
    """What the judge says of a result; of one that is the original as it was nobody has to be asked."""
    if proof.draft.distilled.text != proof.comparison.reading.skill.text:
        return run.backends.judge.score(proof.comparison)
    found = tuple(sorted(proof.comparison.protected_found))
    return Functionality(100.0, run.backends.judge.method, found)


# Agents bring back this many tokens of each skill, from its start (Claude Code, "Skill content lifecycle").
COMPACTION_TOKENS: Final = 5000
_MARGIN: Final = 1.2  # counts of pieces add up to a little more than the count of the whole


@dataclass(frozen=True, slots=True)
class LateSection:
    """A section with required blocks that do not wholly lie within the first tokens.

    `heading` and `level` are its own ("" and 0 before the first heading), `line` is where the first of
    these blocks stands in the result, counted from 1, and `blocks` how many there are.
    """

    heading: str
    level: int
    line: int
    blocks: int


def find_late_sections(
    original: Skill,
    distilled: Skill,
    plan: Plan,
    required: Collection[int],
    known: Mapping[str, int],
    counter: TokenCounter,
    limit: int = COMPACTION_TOKENS,
) -> tuple[LateSection, ...]:
    """The sections of a result whose required blocks an agent would not bring back, in order.

    `required` are indices of blocks of the original; `known` has token counts of texts that were taken already.
    """
    text, late = distilled.text, []
    within = _characters_within(distilled, known, counter, limit)
    at, line = 0, 1
    for section, places in _places(original, distilled, plan):
        starts = [start for block, start, end in places if end > within and block in required]
        if starts:
            line += count_line_ends(text[at : starts[0]])
            at = starts[0]
            late.append(LateSection(section.heading, section.level, line, len(starts)))
    return tuple(late)


def _places(original: Skill, distilled: Skill, plan: Plan) -> Iterator[tuple[Section, list[tuple[int, int, int]]]]:
    """For each section of the original its blocks that are in the result: index, first and last character there."""
    text, at = distilled.text, len(distilled.frontmatter.raw)
    for section in original.sections:
        if plan.headings[section.index]:
            at = _find_line(text, section.heading_source.strip(), at)
        places = []
        for block in section.blocks:
            own = plan.decisions[block.index].rendering.text.removesuffix(block.gap)
            if own:
                start = _find_line(text, own, at)
                at = start + len(own)
                places.append((block.index, start, at))
        yield section, places


def _find_line(text: str, part: str, at: int) -> int:
    """Where a part of a text stands, from a place on, at the beginning of a line."""
    start = text.find(part, at)
    while start > at and text[start - 1] not in "\r\n":
        start = text.find(part, start + 1)
    return max(start, at)


def _characters_within(skill: Skill, known: Mapping[str, int], counter: TokenCounter, limit: int) -> int:
    """How many characters the pieces of a skill have that, from its beginning on, are within the limit together."""
    pieces = skill.slices
    counts = [known[piece] if piece in known else counter.count(piece) for piece in pieces]
    most = bisect_right(list(accumulate(counts)), _MARGIN * limit) + 1
    joined = range(min(most, len(pieces)) + 1)
    within = bisect_right(joined, limit, key=lambda n: counter.count_joined(pieces[:n], counts[:n])) - 1
    return sum(map(len, pieces[:within]))
