"""distill(): the only wiring of the parts, from a skill to its result. Reads nothing but a skill that is a Path."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from math import floor
from pathlib import Path
from typing import Any, Final, Literal

from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.receipt import EmbeddedJudge, compare
from skill_distiller.errors import RefusedError, TargetError, UsageError
from skill_distiller.planning.choose import (
    Observer,
    compress_to_threshold,
    compress_to_tokens,
    next_larger,
    next_smaller,
)
from skill_distiller.planning.ladders import replace_with
from skill_distiller.planning.plan import Mode, Reason, undo_all
from skill_distiller.planning.required import bring_back, carriers
from skill_distiller.planning.saved_plan import find_pieces, recall_plan
from skill_distiller.rewriting.model import Doubt, Wording
from skill_distiller.run.proof import (
    COMPACTION_TOKENS,
    MOST_ASKED,
    Judged,
    Planned,
    Proved,
    heed_judge,
    judge_of,
    planned,
    prove,
    refuse_unproved,
    sound_part,
)
from skill_distiller.run.result import (
    Evidence,
    Note,
    NoteKind,
    Result,
    check_skill,
    compaction_notes,
    judge_notes,
    plan_notes,
    result_notes,
)
from skill_distiller.run.run import Backends, DistillOptions, Gate, Run, check_options, watch_nothing
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import as_skill
from skill_distiller.tokens import count_skill

UNUSED: Final = 0.05  # of the result's tokens: of a budget with more left than that is told why
_DATA: Final = re.compile(r"data:[\w/+.-]{1,100};base64,[A-Za-z0-9+/=]{100,}")
_MUCH_DATA: Final = 0.1  # of the tokens of a result
WORTH_IT: Final = 0.01  # a smaller reduction is not worth a changed file


def distill(
    skill: str | Path | Skill | SkillFolder,
    options: DistillOptions | None = None,
    backends: Backends | None = None,
    observe: Observer | None = None,
    *,
    threshold: float | None = None,
    tokens: int | None = None,
    mode: Mode | ModeName | None = None,
    wording: Wording | WordingName | None = None,
) -> Result:
    """Make a skill smaller and say what that costs. A text is the skill itself; a Path is read.

    `threshold` (0-1), `tokens`, `mode` and `wording` are those of the options, which have all others too. `observe` is
    called with the name and the value of each stage. Raises UsageError for options that make no sense or name a piece
    that is not there, TargetError for a budget that can't be met, BadInputError for a file that can't be read, for a
    plan of another skill and, with Gate.STRICT, for a skill without frontmatter or trigger section, and RefusedError
    for a result that fails its own verification, but with Gate.REPORT.
    """
    named = {
        "threshold": threshold,
        "tokens": tokens,
        "mode": Mode(mode) if mode in tuple(Mode) else mode,
        "wording": Wording(wording) if wording in tuple(Wording) else wording,
    }
    given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
    if threshold is not None and tokens is not None:
        raise UsageError("A threshold and a number of tokens exclude each other.", "Give one of them.")
    run = Run(replace(options or DistillOptions(), **given), backends or Backends(), observe or watch_nothing)
    return carry_out(run, as_skill(skill), skill if isinstance(skill, SkillFolder) else None)


ModeName = Literal["threshold", "tokens", "oneliner"]
WordingName = Literal["keep", "marks", "detail", "terse"]


def carry_out(run: Run, skill: Skill, folder: SkillFolder | None = None) -> Result:
    """What a run makes of one skill, with its folder where pieces move in it; raises what `distill` raises."""
    check_options(run.options)
    run.options.patterns.begin_run()
    counter = run.counter
    run.observe("parse", skill)
    keep = find_pieces(skill, run.options.keep.ids, run.options.keep.sections)
    reading = _read(run, skill)
    lacks = check_skill(reading, strict=run.options.gate is Gate.STRICT)
    proof = _draw_up(run, reading, keep)
    needless = _needless(run.options, proof)
    if keep and not needless:
        proof = _add(run, reading, proof, keep)
        needless = _needless(run.options, proof) and NoteKind.ALL_KEPT
    lacks += (_why_unchanged(run, reading, needless),) if needless else ()
    if needless:
        proof = prove(run, reading, Planned(undo_all(reading, proof.draft.plan), skill))
    moves = None
    if moved := find_pieces(skill, run.options.keep.moved):
        from skill_distiller.run.moving.move_pieces import move_out  # which most runs do without

        join = partial(with_blocks, run, reading, proof)
        proof, moves, note = move_out(run, reading, proof, moved, folder, join)
        lacks += note
    judged = _weigh(run, reading, proof)
    proof = judged.proof
    draft, tokens, comparison = proof.draft, proof.tokens, proof.comparison
    run.observe("plan", draft.plan)
    run.observe("judge", judged.functionality)
    run.observe("verify", proof.verification)
    evidence = Evidence(proof.receipt, judged.functionality, proof.verification)
    data = sum(counter.count(match) for match in _DATA.findall(skill.body)) if _DATA.search(skill.body) else 0
    lacks += (Note(NoteKind.DATA, f"{data:,}"),) if data > _MUCH_DATA * tokens.candidate else ()
    notes = lacks + plan_notes(run.options, reading, draft.plan) + result_notes(comparison, counter)
    notes += judge_notes(run.options, judged)
    if (left := (run.options.tokens or 0) - tokens.candidate) > UNUSED * tokens.candidate and draft.plan.changed:
        larger = None if run.options.plan else next_larger(reading, draft.plan, counter, run.models)
        notes += (Note(NoteKind.BUDGET_LEFT, str(left), tokens=larger),) if larger else ()
    if tokens.candidate > COMPACTION_TOKENS:
        notes += compaction_notes(comparison, draft.plan.counts(skill), counter, run.backends.models)
    result = Result(
        run=run,
        reading=reading,
        plan=draft.plan,
        distilled=moves.split.after.skill if moves else draft.distilled,
        tokens=tokens,
        evidence=evidence,
        notes=notes,
        one_liner=draft.one_liner,
        moves=moves,
    )
    return _or_plain(result, folder) if judged.asked < MOST_ASKED else result


def _or_plain(result: Result, folder: SkillFolder | None) -> Result:
    """The result of a model, or that of a run without one where this is smaller and the judge scores it no lower.

    For less than is worth a changed file nobody is asked.
    """
    run = result.run
    judge = run.backends.judge
    if isinstance(judge, EmbeddedJudge) or run.options.plan or run.options.mode is not Mode.THRESHOLD:
        return result
    plain = carry_out(replace(run, backends=Backends(), observe=watch_nothing), result.original, folder)
    if result.tokens.candidate - plain.tokens.candidate < WORTH_IT * result.tokens.original:
        return result
    found = judge.score(compare(plain.reading, plain.plan, plain.distilled))
    if found.score < result.functionality.score or found.missing:
        return result
    notes = (*plain.notes, Note(NoteKind.PLAIN, str(result.tokens.candidate)))
    return replace(plain, evidence=replace(plain.evidence, functionality=found), notes=notes)


def _read(run: Run, skill: Skill) -> Reading:
    analysis = run.backends.analyzer.analyze(skill)
    if run.options.patterns:
        analysis = with_patterns(analysis, run.options.patterns)
    run.observe("analyze", analysis)
    return Reading(analysis)


def _write(run: Run, reading: Reading) -> Planned:
    skill, options = reading.skill, run.options
    if options.mode is Mode.ONELINER:
        one_liner = run.backends.one_liner.write(reading, run.counter)
        run.observe("one-liner", one_liner)
        return Planned(*replace_with(reading, one_liner, run.counter), one_liner)
    if options.plan:
        plan = recall_plan(options.plan, skill, run.counter)
    elif options.tokens is not None:
        plan = compress_to_tokens(reading, options.tokens, run.counter, run.observe, run.models)
    else:
        plan = compress_to_threshold(reading, options.threshold, run.counter, run.observe, run.models)
    return planned(skill, plan)


def _needless(options: DistillOptions, proof: Proved) -> NoteKind | None:
    """Why the original should rather come out as it is, None where it should not."""
    before, after = proof.tokens
    if options.plan:
        return NoteKind.PLAN_TOO_LARGE if after > before else None
    if options.mode is Mode.ONELINER:
        return None  # three lines were asked for, however short the skill
    if options.tokens is not None:
        return NoteKind.WITHIN_BUDGET if before <= options.tokens else None
    return NoteKind.NOT_WORTH_IT if after > (1 - WORTH_IT) * before else None


def _why_unchanged(run: Run, reading: Reading, why: NoteKind) -> Note:
    """The note on an original that comes out as it is; where not enough may go, what the next smaller result takes."""
    if why is not NoteKind.NOT_WORTH_IT:
        return Note(why)
    skill, counter = reading.skill, run.counter
    most = int((1 - WORTH_IT) * count_skill(skill, {}, counter)) - counter.count(skill.frontmatter.raw)
    plan = next_smaller(reading, most, counter, run.models)
    proof = prove(run, reading, planned(skill, plan)) if plan else None
    if proof is None or proof.tokens.candidate >= proof.tokens.original:
        return Note(NoteKind.ALREADY_MINIMAL)
    score = EmbeddedJudge().score(proof.comparison).score
    return Note(why, tokens=proof.tokens.candidate, score=floor(10 * score) / 10)


def _draw_up(run: Run, reading: Reading, keep: Collection[int]) -> Proved:
    """The proof of the result without the blocks to keep; a TargetError names a budget that is enough with them."""
    try:
        return _sound(run, reading)
    except TargetError as error:
        if not keep:
            raise
        enough = _enough(run, reading, keep, error.smallest, 1)
        hint = f"Ask for --tokens={enough}, or keep fewer pieces."
        raise TargetError(str(error), hint, smallest=enough) from None


def _add(run: Run, reading: Reading, proof: Proved, keep: Collection[int]) -> Proved:
    """The proof of the same with some blocks, by index, and what they need; TargetError where the budget forbids it."""
    added, budget = with_blocks(run, reading, proof, keep), run.options.tokens
    takes = added.tokens.candidate
    if run.options.plan or budget is None or takes <= budget:
        return added
    enough = _enough(run, reading, keep, takes, takes - budget)
    raise TargetError(
        f"With the pieces to keep the result takes {takes} tokens, {takes - budget} more than the {budget} asked for.",
        f"Ask for --tokens={enough}, keep fewer pieces, or save the plan without them (--save-plan) and restore them.",
        smallest=enough,
    )


def _enough(run: Run, reading: Reading, keep: Collection[int], budget: int, more: int) -> int:
    """A budget, from this one on, within which the blocks to keep fit too, at most the tokens of the original.

    A greater budget brings other pieces, until those to keep are among them: each try is for twice as much more.
    """
    original = count_skill(reading.skill, {}, run.counter)
    while budget < original:
        larger = replace(run, options=replace(run.options, tokens=budget), observe=watch_nothing)
        kept = with_blocks(larger, reading, _sound(larger, reading), keep)
        if kept.tokens.candidate <= budget:
            return budget
        more *= 2
        budget = max(kept.tokens.candidate, budget + more)
    return original


def with_blocks(
    run: Run, reading: Reading, proof: Proved, blocks: Collection[int], why: Reason = Reason.ASKED
) -> Proved:
    """The proof with some blocks brought back; where the gate refuses it, all that was written together with them."""
    plan = bring_back(reading.skill, proof.draft.plan, blocks, run.counter, why)
    added = prove(run, reading, planned(reading.skill, plan))
    if added.verification is None or added.verification.passed:
        return added
    stands_with = carriers(reading.skill, proof.draft.plan.decisions)
    held = {stands_with.get(block, block) for block in blocks}
    together = {*blocks, *(block for block, carrier in stands_with.items() if carrier in held)}
    if together == set(blocks):
        return added
    return with_blocks(run, reading, proof, together | (held & set(stands_with.values())), why)


def _sound(run: Run, reading: Reading) -> Proved:
    """The proof of a result that the gate lets pass: of whole blocks, at last word for word, or with room to come back.

    Where no try is, as much of the first as is. Raises TargetError where none fits into the budget, with one that does.
    """
    options, most = run.options, run.options.tokens
    try:
        first = _as_promised(run, reading, prove(run, reading, _write(run, reading)))
    except TargetError as error:
        enough = max(error.smallest, _least(run, reading, error.smallest))
        raise TargetError.beyond(options.tokens or 0, enough) from None
    if _is_sound(first, most) or options.plan or options.mode is Mode.ONELINER or options.gate is Gate.REPORT:
        return first
    plain = replace(run.backends, models=replace(run.backends.models, renderers=(), trims=False), renderers=())
    quiet = replace(run, observe=watch_nothing)
    budget = most and _lower(most, first, most)
    own = options.wording
    tries = [(run.backends, own), *[(plain, own)] * 2] if budget else [(plain, own), (plain, Wording.KEEP)]
    for backends, wording in tries:
        quiet = replace(quiet, backends=backends, options=replace(options, tokens=budget, wording=wording))
        try:
            tried = prove(quiet, reading, _write(quiet, reading), first if budget else None)
        except TargetError as error:
            budget = error.smallest
            continue
        if _is_sound(tried, most):
            return tried
        tried.draft.distilled.forget()
        budget = budget and most and _lower(budget, tried, most)
    if most and (enough := _least(quiet, reading)) > most:
        raise TargetError.beyond(most, enough)
    part = sound_part(quiet, reading, first)
    if most and part.tokens.candidate > most:
        raise TargetError.beyond(most, part.tokens.candidate)
    return part


def _lower(budget: int, tried: Proved, most: int) -> int:
    """The next budget to try where a result came out larger than the most it may take, or was refused."""
    return max(1, budget - max(1, tried.tokens.candidate - most))


_RAISED: Final = 3  # times that a threshold is raised to keep what was promised


def _as_promised(run: Run, reading: Reading, proof: Proved) -> Proved:
    """The proof; where the facts of parts that went leave less than the threshold, the first that has it from above."""
    options = run.options
    by_program = isinstance(run.backends.judge, EmbeddedJudge)  # a model's word on what may go counts otherwise
    if not by_program or options.plan or options.mode is not Mode.THRESHOLD or options.tokens is not None:
        return proof
    threshold = options.threshold
    for _ in range(_RAISED):
        found = EmbeddedJudge(run.models.worth).score(proof.comparison)
        short = options.threshold - found.score / 100
        if short <= 0 or found.protected_lost or not proof.draft.plan.changed:
            break
        threshold = min(1.0, threshold + 1.1 * short)
        raised = replace(run, options=replace(options, threshold=threshold), observe=watch_nothing)
        proof = prove(raised, reading, _write(raised, reading))
    return proof


def _least(run: Run, reading: Reading, budget: int = 1) -> int:
    """The tokens of the smallest result with all that has to come back; what it takes before may be known."""
    quiet = replace(run, options=replace(run.options, tokens=budget), observe=watch_nothing)
    try:
        plan = _write(quiet, reading)
    except TargetError as error:
        plan = _write(replace(quiet, options=replace(run.options, tokens=error.smallest)), reading)
    proof = prove(quiet, reading, plan)
    return (proof if _is_sound(proof, None) else sound_part(quiet, reading, proof)).tokens.candidate


def _is_sound(proof: Proved, most: int | None) -> bool:
    """Whether the gate lets a result pass and it is within the budget."""
    passed = proof.verification is None or proof.verification.passed
    return passed and (most is None or proof.tokens.candidate <= most)


def _weigh(run: Run, reading: Reading, proof: Proved) -> Judged:
    """The result as the judge leaves it, with its estimate; raises RefusedError for what the gate refuses."""
    verification = proof.verification
    if verification and not verification.passed and run.options.gate is not Gate.REPORT:
        failed = ", ".join(check.name for check in verification.failed)
        raise RefusedError(
            f"The result fails its own verification ({failed}).", "With --allow-unverified it is written nevertheless."
        )
    if verification and run.options.plan and not run.options.plan.trusted:
        refuse_unproved(proof.receipt, verification)
    add, mend = partial(_missed, run, reading), partial(_mended, run, reading)
    return heed_judge(run.options, proof, partial(judge_of, run), add, mend)


def _mended(run: Run, reading: Reading, proof: Proved, lost: Sequence[Doubt]) -> tuple[Proved, Sequence[Doubt]]:
    """The proof with sentences put back that a judge found lost, and the doubts for which whole blocks have to come."""
    from skill_distiller.run.gates.bring_back import restore_sentences  # for texts of a model

    plan, left = restore_sentences(reading.skill, proof.draft.plan, lost, run.counter)
    mended = prove(run, reading, planned(reading.skill, plan)) if len(left) < len(lost) else proof
    return (mended, left) if _is_sound(mended, run.options.tokens) else (proof, lost)


def _missed(run: Run, reading: Reading, proof: Proved, blocks: Collection[int]) -> Proved:
    """The proof with what a judge missed; where a budget has no room for it, one without a model's texts."""
    added, budget = with_blocks(run, reading, proof, blocks, Reason.MISSED), run.options.tokens
    if budget is None or added.tokens.candidate <= budget:
        return added
    return _sound(replace(run, backends=replace(run.backends, renderers=())), reading)
