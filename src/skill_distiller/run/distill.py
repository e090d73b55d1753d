"""distill(): the only wiring of the parts, from a skill to its result. Touches no disk and no network."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.cues import heading_promises
from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.patterns import WORDS
from skill_distiller.analysis.reading import Reading
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import Declared, Tokens, Verification, declared_by
from skill_distiller.checks.receipt import Comparison, compare, write_receipt
from skill_distiller.errors import BadInputError, RefusedError
from skill_distiller.planning.choose import Observer, compress_to_threshold, compress_to_tokens
from skill_distiller.planning.ladders import replace_with
from skill_distiller.planning.plan import Mode, Plan, apply_plan, undo_all
from skill_distiller.planning.required import bring_back
from skill_distiller.planning.saved_plan import find_pieces, recall_plan
from skill_distiller.rewriting.model import RENDERINGS
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.backends import Backends
from skill_distiller.run.notes import COMPACTION_TOKENS, Note, NoteKind, compaction_notes, plan_notes, result_notes
from skill_distiller.run.result import Evidence, Result
from skill_distiller.run.run import DistillOptions, Run, check_options, watch_nothing
from skill_distiller.skill.model import FrontmatterState, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import count_skill

# The wording of the reference's table of recovery hints.
FRONTMATTER_HINTS: Final = {
    FrontmatterState.MISSING: "Add --- block with name and description.",
    FrontmatterState.UNCLOSED: "Close the --- block with a --- line of its own.",
    FrontmatterState.NOT_FIRST: "Move the --- block to the first line.",
    FrontmatterState.BROKEN: "Quote the values that hold a colon; tags and aliases are not accepted.",
}
TRIGGER_HINT: Final = "Add '## When to Use' for best results."


def check_skill(reading: Reading, *, strict: bool) -> tuple[Note, ...]:
    """Notes on what a skill lacks; nothing is ever invented for it. With `strict`, BadInputError instead."""
    skill = reading.skill
    notes = []
    if skill.frontmatter.state is not FrontmatterState.OK:
        notes.append(Note(NoteKind.NO_FRONTMATTER, skill.frontmatter.state.value))
    if not has_trigger(reading):
        notes.append(Note(NoteKind.NO_TRIGGER))
    if strict and notes:
        note = notes[0]
        if note.kind is NoteKind.NO_FRONTMATTER:
            state = skill.frontmatter.state
            problem = "There is no frontmatter" if state is FrontmatterState.MISSING else f"The frontmatter is {state}"
            raise BadInputError(f"{problem} (--strict).", FRONTMATTER_HINTS[state])
        raise BadInputError("There is no trigger section (--strict).", TRIGGER_HINT)
    return tuple(notes)


def has_trigger(reading: Reading) -> bool:
    """Whether a skill says when it applies: in a block, under a heading like "When to use", or in its description."""
    if any(verdict.type is SectionType.TRIGGER for verdict in reading.verdicts):
        return True
    promised = (kind for s in reading.skill.sections if s.blocks for kind, _ in heading_promises(s.heading))
    if any(kind is SectionType.TRIGGER for kind in promised):
        return True
    description = reading.skill.description.lower()
    return any(word in description for word in WORDS["description"]["trigger"])


WORTH_IT: Final = 0.01  # a smaller reduction is not worth a changed file


def distill(
    skill: Skill,
    options: DistillOptions | None = None,
    backends: Backends | None = None,
    observe: Observer | None = None,
) -> Result:
    """Make a skill smaller and say what that costs.

    `observe` is called with the name and the value of each stage. Raises UsageError for options
    that make no sense or name a piece that is not there, TargetError for a budget that can't be met,
    BadInputError for a plan of another skill and, with `options.strict`, for a skill without
    frontmatter or trigger section, and then RefusedError for a result that fails its own verification.
    """
    return carry_out(Run(options or DistillOptions(), backends or Backends(), observe or watch_nothing), skill)


def carry_out(run: Run, skill: Skill) -> Result:
    """What a run makes of one skill; raises what `distill` raises."""
    check_options(run.options)
    counter = run.counter
    run.observe("parse", skill)
    keep = find_pieces(skill, run.options.keep.ids, run.options.keep.sections)
    reading = _read(run, skill)
    lacks = check_skill(reading, strict=run.options.strict)
    draft = _write(run, reading, keep)
    known = draft.plan.counts(skill)
    tokens = Tokens(count_skill(skill, known, counter), count_skill(draft.distilled, known, counter))
    needless = _needless(run.options, draft.plan, tokens)
    if needless:
        draft = _Draft(undo_all(reading, draft.plan), skill)
        tokens = Tokens(tokens.original, tokens.original)
    run.observe("plan", draft.plan)
    comparison = compare(reading, draft.plan, draft.distilled)
    evidence = _weigh(run, comparison, tokens)
    notes = lacks + ((Note(needless),) if needless else ())
    notes += plan_notes(run.options, reading, draft.plan) + result_notes(comparison, counter)
    if tokens.candidate > COMPACTION_TOKENS:
        notes += compaction_notes(comparison, known, counter, run.backends.models)
    return Result(
        run=run,
        reading=reading,
        plan=draft.plan,
        distilled=draft.distilled,
        tokens=tokens,
        evidence=evidence,
        notes=notes,
        one_liner=draft.one_liner,
    )


class _Draft(NamedTuple):
    """A plan with what it makes of the skill, and in one-liner mode the lines."""

    plan: Plan
    distilled: Skill
    one_liner: OneLiner | None = None


def _read(run: Run, skill: Skill) -> Reading:
    analysis = run.backends.analyzer.analyze(skill)
    if run.options.patterns:
        analysis = with_patterns(analysis, run.options.patterns)
    run.observe("analyze", analysis)
    return Reading(analysis)


def _write(run: Run, reading: Reading, keep: Collection[int]) -> _Draft:
    skill, options = reading.skill, run.options
    if options.mode is Mode.ONELINER:
        one_liner = run.backends.one_liner.write(reading, run.counter)
        run.observe("one-liner", one_liner)
        return _Draft(*replace_with(reading, one_liner, run.counter), one_liner)
    models = run.backends.models
    models = replace(models, renderers=models.renderers + run.backends.renderers)
    if options.plan:
        plan = bring_back(skill, recall_plan(options.plan, skill, run.counter), keep, run.counter)
    elif options.tokens is not None:
        plan = compress_to_tokens(reading, options.tokens, run.counter, run.observe, models, keep)
    else:
        plan = compress_to_threshold(reading, options.threshold, run.counter, run.observe, models, keep)
    return _Draft(plan, _apply(skill, plan))


def _apply(skill: Skill, plan: Plan) -> Skill:
    """The skill that a plan makes. Texts written anew may hold headings and blocks of their own, so they are parsed."""
    distilled = apply_plan(skill, plan)
    if any(RENDERINGS[decision.rendering.kind].anew for decision in plan.decisions):
        return replace(parse_skill(distilled.text, skill.path), frontmatter=skill.frontmatter)
    return distilled


def _needless(options: DistillOptions, plan: Plan, tokens: Tokens) -> NoteKind | None:
    """Why the original should rather come out as it is, None where it should not."""
    before, after = tokens
    if options.plan:
        return NoteKind.PLAN_TOO_LARGE if after > before else None
    if options.mode is Mode.ONELINER:
        return None  # three lines were asked for, however short the skill
    if options.tokens is not None:
        return NoteKind.WITHIN_BUDGET if before <= options.tokens else None
    if not plan.changed:
        return NoteKind.ALREADY_MINIMAL
    return NoteKind.NOT_WORTH_IT if after > (1 - WORTH_IT) * before else None


def _weigh(run: Run, comparison: Comparison, tokens: Tokens) -> Evidence:
    """Receipt, estimate and gate for a result."""
    functionality = run.backends.judge.score(comparison)
    run.observe("judge", functionality)
    receipt = write_receipt(comparison)
    declared = declared_by(receipt, functionality.protected_lost)
    verification = None if run.options.mode is Mode.ONELINER else _verify(run.options, comparison, declared, tokens)
    run.observe("verify", verification)
    return Evidence(receipt, functionality, verification)


def _verify(options: DistillOptions, comparison: Comparison, declared: Declared, tokens: Tokens) -> Verification:
    """The gate on our own result: on its text, parsed afresh, not on what the plan says of it."""
    skill, distilled = comparison.reading.skill, comparison.distilled
    candidate = skill if distilled.text == skill.text else parse_skill(distilled.text, skill.path)
    # The disk is left alone here: whether linked files are there is for the command `verify` to see.
    verification = verify(skill, candidate, declared=declared, tokens=tokens, files=False, patterns=options.patterns)
    if options.strict and not verification.passed:
        failed = ", ".join(check.name for check in verification.failed)
        raise RefusedError(f"The result fails its own verification ({failed}).", "Without --strict it is a warning.")
    return verification
