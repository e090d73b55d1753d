"""distill(): the only wiring of the parts, from a skill to its distillation. Touches no disk and no network."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from skill_distiller.analysis import Analysis, Analyzer, SectionType, TrainedAnalyzer
from skill_distiller.analysis.heading_words import heading_promises
from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.analysis.prompted import PromptedAnalysis
from skill_distiller.analysis.safeguards import with_patterns
from skill_distiller.collector import collector_paused
from skill_distiller.compression import (
    Mode,
    Models,
    Observer,
    compress_to_threshold,
    compress_to_tokens,
    count_skill,
    replace_with,
)
from skill_distiller.document import FrontmatterState, Skill, parse_skill
from skill_distiller.document.piece_ids import piece_ids
from skill_distiller.errors import BadInputError, RefusedError, UsageError
from skill_distiller.evaluation import Comparison, EmbeddedJudge, Functionality, Judge, Receipt, compare, write_receipt
from skill_distiller.planning import (
    COMPACTION_TOKENS,
    LateSection,
    Plan,
    apply_plan,
    find_late_sections,
    required_blocks,
    undo_all,
)
from skill_distiller.planning.bring_back import bring_back
from skill_distiller.planning.find_pieces import find_pieces
from skill_distiller.planning.saved_plan import SavedPlan, recall_plan, source_digest
from skill_distiller.renderings import Renderer, RenderingKind
from skill_distiller.renderings.oneliner import EmbeddedOneLiner, OneLiner, OneLinerWriter
from skill_distiller.tokens import DEFAULT_ENCODING, ESTIMATE, TokenCounter, load_counter
from skill_distiller.verification import Tokens, Verification, declared_by, verify

DEFAULT_THRESHOLD: Final = 0.9
WORTH_IT: Final = 0.01  # a smaller reduction is not worth a changed file
_WRITTEN_ANEW: Final = frozenset({RenderingKind.ONE_LINERS, RenderingKind.SUMMARIZED, RenderingKind.REWRITTEN})


class NoteKind(StrEnum):
    """What a user should know besides the numbers."""

    NO_FRONTMATTER = "no frontmatter"
    NO_TRIGGER = "no trigger section"
    ALREADY_MINIMAL = "already minimal"
    WITHIN_BUDGET = "already within the budget"
    NOT_WORTH_IT = "not worth it"
    ADVISORY_REMOVED = "advisory pattern removed"
    PROTECTED_LOST = "protected pattern lost"
    ESTIMATED_TOKENS = "token counts are estimates"
    EMBEDDED_VERDICTS = "blocks with embedded verdicts"
    BEYOND_COMPACTION = "required blocks beyond compaction"
    SELF_COMPRESSION = "self-compression"
    THRESHOLD_RAISED = "threshold raised"
    PLAN_APPLIED = "plan applied"
    SOURCE_CHANGED = "source changed since the plan"
    PLAN_TOO_LARGE = "plan makes it larger"
    HARD_RULE_DROPPED = "hard rule dropped"
    PATTERN_DROPPED = "protected pattern dropped"


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `detail` is the name, state or number it is about, `sections` those of the result, if any."""

    kind: NoteKind
    detail: str = ""
    sections: tuple[LateSection, ...] = ()


@dataclass(frozen=True, slots=True)
class DistillOptions:
    """What to aim at: in threshold mode the functionality to keep, 0-1; in tokens mode the most tokens of the result.

    `encoding` is what tokens are counted in.
    `strict` makes missing frontmatter or a missing trigger section an error. With `offline` the ranks
    of an encoding that are not shipped are not fetched either: counts are estimates then. `patterns`
    are the user's own, which count beside those of the reference.

    The pieces to `keep`, by id, and the sections to `keep_sections`, by heading, stay as they are (see
    `find_pieces`). With a `plan` nothing is chosen: it is applied, and `mode`, `threshold` and `tokens`
    only say what it was made with.
    """

    threshold: float = DEFAULT_THRESHOLD
    encoding: str = DEFAULT_ENCODING
    strict: bool = False
    offline: bool = False
    mode: Mode = Mode.THRESHOLD
    tokens: int | None = None
    patterns: PatternSet = BUILT_IN
    keep: tuple[str, ...] = ()
    keep_sections: tuple[str, ...] = ()
    plan: SavedPlan | None = None


@dataclass(frozen=True, slots=True)
class Backends:
    """Who does the thinking; embedded unless told otherwise. `renderers` work beside those of the models."""

    analyzer: Analyzer = field(default_factory=TrainedAnalyzer)
    judge: Judge = field(default_factory=EmbeddedJudge)
    models: Models = field(default_factory=Models)
    renderers: tuple[Renderer, ...] = ()
    one_liner: OneLinerWriter = field(default_factory=EmbeddedOneLiner)


@dataclass(frozen=True)
class Distillation:
    """The product of a run and everything known about it. `text` is the distilled SKILL.md.

    `verification` is what the gate finds in that text, losses that the receipt names declared; None for
    a one-liner, of which there is nothing to compare.

    In one-liner mode `text` is three lines, and `one_liner` says the same in parts; else it is None.
    """

    original: Skill
    distilled: Skill
    analysis: Analysis
    plan: Plan
    receipt: Receipt
    functionality: Functionality
    notes: tuple[Note, ...]
    options: DistillOptions
    counter: TokenCounter
    input_tokens: int
    output_tokens: int
    verification: Verification | None
    one_liner: OneLiner | None = None
    token_scorer: str = ""  # who gave the self-information; "" where no phrases were scored

    @property
    def text(self) -> str:
        """The distilled SKILL.md, frontmatter included."""
        return self.distilled.text

    @property
    def changed(self) -> bool:
        """Whether the text differs from the original."""
        return self.text != self.original.text

    @property
    def reduction(self) -> float:
        """1 - output / input tokens, at most 1; below 0 where three lines are longer than a very short skill."""
        return 1 - self.output_tokens / self.input_tokens if self.input_tokens else 0.0

    @property
    def compression_ratio(self) -> float:
        """Input / output tokens; at least 1 but for a one-liner of a very short skill."""
        return self.input_tokens / self.output_tokens if self.output_tokens else 1.0


@collector_paused()
def distill(
    skill: Skill,
    options: DistillOptions | None = None,
    backends: Backends | None = None,
    observe: Observer | None = None,
) -> Distillation:
    """Make a skill smaller and say what that costs.

    `observe` is called with the name and the result of each stage. Raises UsageError for options
    that make no sense or name a piece that is not there, TargetError for a budget that can't be met,
    BadInputError for a plan of another skill and, with `options.strict`, for a skill without
    frontmatter or trigger section, and then RefusedError for a result that fails its own verification.
    """
    options, backends = options or DistillOptions(), backends or Backends()
    _check_options(options)
    watch = observe or _ignore
    counter = load_counter(options.encoding, offline=options.offline)
    watch("parse", skill)
    keep = find_pieces(skill, options.keep, options.keep_sections)
    analysis = backends.analyzer.analyze(skill)
    if options.patterns:
        analysis = with_patterns(analysis, options.patterns)
    watch("analyze", analysis)
    notes = check_skill(analysis, strict=options.strict)
    plan, distilled, one_liner = _write(analysis, options, counter, watch, backends, keep)
    known = plan.counts(skill)
    input_tokens, output_tokens = count_skill(skill, known, counter), count_skill(distilled, known, counter)
    needless = _needless(options, plan, input_tokens, output_tokens)
    if needless:
        notes += (Note(needless),)
        plan, distilled, output_tokens = undo_all(analysis, plan), skill, input_tokens
    watch("plan", plan)
    comparison = compare(analysis, plan, distilled)
    functionality = backends.judge.score(comparison)
    watch("judge", functionality)
    receipt = write_receipt(comparison)
    verification = _verify(receipt, functionality, skill, distilled, Tokens(input_tokens, output_tokens), options)
    watch("verify", verification)
    notes += _plan_notes(options, analysis, plan) + _result_notes(comparison, counter)
    if output_tokens > COMPACTION_TOKENS:
        notes += _compaction_note(comparison, known, counter, backends.models)
    return Distillation(
        skill,
        distilled,
        analysis,
        plan,
        receipt,
        functionality,
        notes,
        options,
        counter,
        input_tokens,
        output_tokens,
        verification,
        one_liner,
        backends.models.phrases.name if backends.models.phrases else "",
    )


def _verify(
    receipt: Receipt,
    functionality: Functionality,
    skill: Skill,
    distilled: Skill,
    tokens: Tokens,
    options: DistillOptions,
) -> Verification | None:
    """The gate on our own result: on its text, parsed afresh, not on what the plan says of it."""
    if options.mode is Mode.ONELINER:
        return None
    candidate = skill if distilled.text == skill.text else parse_skill(distilled.text, skill.path)
    declared = declared_by(receipt, functionality.protected_lost)
    # The disk is left alone here: whether linked files are there is for the command `verify` to see.
    verification = verify(skill, candidate, declared=declared, tokens=tokens, files=False)
    if options.strict and not verification.passed:
        failed = ", ".join(check.name for check in verification.failed)
        raise RefusedError(f"The result fails its own verification ({failed}).", "Without --strict it is a warning.")
    return verification


def _check_options(options: DistillOptions) -> None:
    if not 0 <= options.threshold <= 1:
        hint = (
            f"Did you mean {options.threshold / 100:g}?" if 10 <= options.threshold <= 100 else "Use for example 0.9."
        )
        raise UsageError(f"The threshold {options.threshold:g} is not between 0 and 1.", hint)
    if (options.tokens is not None) != (options.mode is Mode.TOKENS):
        raise UsageError("Tokens mode needs a number of tokens, and only tokens mode takes one.", "Use --tokens=N.")
    if options.tokens is not None and options.tokens < 1:
        raise UsageError(f"{options.tokens} is no number of tokens.", "Use for example --tokens=500.")
    if options.mode is Mode.ONELINER and (options.keep or options.keep_sections or options.plan):
        raise UsageError("The three lines of oneliner mode hold no pieces of the original.", "Use another mode.")


def _write(
    analysis: Analysis,
    options: DistillOptions,
    counter: TokenCounter,
    watch: Observer,
    backends: Backends,
    keep: Collection[int],
) -> tuple[Plan, Skill, OneLiner | None]:
    """What becomes of every block, what is left, and in one-liner mode its lines."""
    skill = analysis.skill
    if options.mode is Mode.ONELINER:
        one_liner = backends.one_liner.write(analysis, counter)
        watch("one-liner", one_liner)
        return *replace_with(analysis, one_liner, counter), one_liner
    if options.plan:
        plan = bring_back(skill, recall_plan(options.plan, skill, counter), keep, counter)
    else:
        plan = _plan(analysis, options, counter, watch, backends, keep)
    return plan, _apply(skill, plan), None


def _plan(
    analysis: Analysis,
    options: DistillOptions,
    counter: TokenCounter,
    watch: Observer,
    backends: Backends,
    keep: Collection[int],
) -> Plan:
    models = replace(backends.models, renderers=backends.models.renderers + backends.renderers)
    if options.tokens is not None:
        return compress_to_tokens(analysis, options.tokens, counter, watch, models, keep)
    return compress_to_threshold(analysis, options.threshold, counter, watch, models, keep)


def _apply(skill: Skill, plan: Plan) -> Skill:
    """The skill that a plan makes. Texts written anew may hold headings and blocks of their own, so they are parsed."""
    distilled = apply_plan(skill, plan)
    if any(decision.rendering.kind in _WRITTEN_ANEW for decision in plan.decisions):
        return replace(parse_skill(distilled.text, skill.path), frontmatter=skill.frontmatter)
    return distilled


def _needless(options: DistillOptions, plan: Plan, before: int, after: int) -> NoteKind | None:
    """Why the original should rather come out as it is, None where it should not."""
    if options.plan:
        return NoteKind.PLAN_TOO_LARGE if after > before else None
    if options.mode is Mode.ONELINER:
        return None  # three lines were asked for, however short the skill
    if options.tokens is not None:
        return NoteKind.WITHIN_BUDGET if before <= options.tokens else None
    if not plan.changed:
        return NoteKind.ALREADY_MINIMAL
    return NoteKind.NOT_WORTH_IT if after > (1 - WORTH_IT) * before else None


def _ignore(stage: str, value: object) -> None:
    """The observer of a run that nobody watches."""


def check_skill(analysis: Analysis, *, strict: bool) -> tuple[Note, ...]:
    """Notes on what a skill lacks; nothing is ever invented for it. With `strict`, BadInputError instead."""
    skill = analysis.skill
    notes = []
    if skill.frontmatter.state is not FrontmatterState.OK:
        notes.append(Note(NoteKind.NO_FRONTMATTER, skill.frontmatter.state.value))
    if not has_trigger(analysis):
        notes.append(Note(NoteKind.NO_TRIGGER))
    if strict and notes:
        note = notes[0]
        if note.kind is NoteKind.NO_FRONTMATTER:
            state = skill.frontmatter.state
            problem = "There is no frontmatter" if state is FrontmatterState.MISSING else f"The frontmatter is {state}"
            raise BadInputError(f"{problem} (--strict).", FRONTMATTER_HINTS[state])
        raise BadInputError("There is no trigger section (--strict).", TRIGGER_HINT)
    return tuple(notes)


# The wording of the reference's table of recovery hints.
FRONTMATTER_HINTS: Final = {
    FrontmatterState.MISSING: "Add --- block with name and description.",
    FrontmatterState.UNCLOSED: "Close the --- block with a --- line of its own.",
    FrontmatterState.NOT_FIRST: "Move the --- block to the first line.",
    FrontmatterState.BROKEN: "Quote the values that hold a colon; tags and aliases are not accepted.",
}
TRIGGER_HINT: Final = "Add '## When to Use' for best results."


def has_trigger(analysis: Analysis) -> bool:
    """Whether a skill says when it applies: in a block, under a heading like "When to use", or in its description."""
    if any(verdict.type is SectionType.TRIGGER for verdict in analysis.verdicts):
        return True
    promised = (kind for s in analysis.skill.sections if s.blocks for kind, _ in heading_promises(s.heading))
    if any(kind is SectionType.TRIGGER for kind in promised):
        return True
    description = analysis.skill.description.lower()
    return any(
        word in description
        for word in ("when", "use for", "use this", "trigger", "时", "とき", "когда", "cuando", "quando")
    )


def _plan_notes(options: DistillOptions, analysis: Analysis, plan: Plan) -> tuple[Note, ...]:
    """What a plan that was applied does not know of the skill, and what it drops that no run of its own would."""
    if not options.plan:
        return ()
    notes = [Note(NoteKind.PLAN_APPLIED)]
    ids = piece_ids(analysis.skill).blocks
    if options.plan.source != source_digest(analysis.skill):
        notes.append(
            Note(NoteKind.SOURCE_CHANGED, str(len([piece for piece in ids if piece not in options.plan.blocks])))
        )
    for decision, verdict, piece in zip(plan.decisions, analysis.verdicts, ids, strict=True):
        if decision.dropped and verdict.hard_rule:
            notes.append(Note(NoteKind.HARD_RULE_DROPPED, piece))
        if decision.dropped and verdict.protected:
            notes.append(Note(NoteKind.PATTERN_DROPPED, piece))
    return tuple(notes)


def _result_notes(comparison: Comparison, counter: TokenCounter) -> tuple[Note, ...]:
    notes = [Note(NoteKind.ADVISORY_REMOVED, name) for name in sorted(comparison.advisory_lost)]
    notes += [Note(NoteKind.PROTECTED_LOST, name) for name in sorted(comparison.protected_lost)]
    if isinstance(comparison.analysis, PromptedAnalysis) and comparison.analysis.unanswered:
        notes.append(Note(NoteKind.EMBEDDED_VERDICTS, str(len(comparison.analysis.unanswered))))
    if not counter.exact and counter.encoding != ESTIMATE:
        notes.append(Note(NoteKind.ESTIMATED_TOKENS, counter.encoding))
    return tuple(notes)


def _compaction_note(
    comparison: Comparison, known: Mapping[str, int], counter: TokenCounter, models: Models
) -> tuple[Note, ...]:
    required = required_blocks(comparison.analysis, 1.0, models.worth)
    skill = comparison.analysis.skill
    late = find_late_sections(skill, comparison.distilled, comparison.plan, required, known, counter)
    blocks = sum(section.blocks for section in late)
    return (Note(NoteKind.BEYOND_COMPACTION, str(blocks), late),) if late else ()
