"""distill(): the only wiring of the parts, from a skill to its distillation. Touches no disk and no network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from skill_distiller.analysis import Analysis, Analyzer, SectionType, TrainedAnalyzer
from skill_distiller.analysis.heading_words import heading_promises
from skill_distiller.analysis.prompted import PromptedAnalysis
from skill_distiller.collector import collector_paused
from skill_distiller.compression import (
    Mode,
    Models,
    Observer,
    compress_to_threshold,
    compress_to_tokens,
    count_skill,
)
from skill_distiller.document import FrontmatterState, Skill, parse_skill
from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.evaluation import Comparison, EmbeddedJudge, Functionality, Judge, Receipt, compare, write_receipt
from skill_distiller.planning import Plan, apply_plan, undo_all
from skill_distiller.renderings import Renderer, RenderingKind
from skill_distiller.tokens import DEFAULT_ENCODING, ESTIMATE, TokenCounter, load_counter

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


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `detail` is the name or state it is about."""

    kind: NoteKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DistillOptions:
    """What to aim at: in threshold mode the functionality to keep, 0-1; in tokens mode the most tokens of the result.

    `encoding` is what tokens are counted in.
    `strict` makes missing frontmatter or a missing trigger section an error. With `offline` the ranks
    of an encoding that are not shipped are not fetched either: counts are estimates then.
    """

    threshold: float = DEFAULT_THRESHOLD
    encoding: str = DEFAULT_ENCODING
    strict: bool = False
    offline: bool = False
    mode: Mode = Mode.THRESHOLD
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Backends:
    """Who does the thinking; embedded unless told otherwise. `renderers` work beside those of the models."""

    analyzer: Analyzer = field(default_factory=TrainedAnalyzer)
    judge: Judge = field(default_factory=EmbeddedJudge)
    models: Models = field(default_factory=Models)
    renderers: tuple[Renderer, ...] = ()


@dataclass(frozen=True)
class Distillation:
    """The product of a run and everything known about it. `text` is the distilled SKILL.md."""

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
        """1 - output / input tokens, 0-1."""
        return 1 - self.output_tokens / self.input_tokens if self.input_tokens else 0.0

    @property
    def compression_ratio(self) -> float:
        """Input / output tokens, at least 1."""
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
    that make no sense, TargetError for a budget that can't be met, and, with `options.strict`,
    BadInputError for a skill without frontmatter or trigger section.
    """
    options, backends = options or DistillOptions(), backends or Backends()
    _check_options(options)
    watch = observe or _ignore
    counter = load_counter(options.encoding, offline=options.offline)
    watch("parse", skill)
    analysis = backends.analyzer.analyze(skill)
    watch("analyze", analysis)
    notes = check_skill(analysis, strict=options.strict)
    plan = _plan(analysis, options, counter, watch, backends)
    distilled = _apply(skill, plan)
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
    notes += _result_notes(comparison, counter)
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
        backends.models.phrases.name if backends.models.phrases else "",
    )


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


def _plan(
    analysis: Analysis, options: DistillOptions, counter: TokenCounter, watch: Observer, backends: Backends
) -> Plan:
    models = replace(backends.models, renderers=backends.models.renderers + backends.renderers)
    if options.tokens is not None:
        return compress_to_tokens(analysis, options.tokens, counter, watch, models)
    return compress_to_threshold(analysis, options.threshold, counter, watch, models)


def _apply(skill: Skill, plan: Plan) -> Skill:
    """The skill that a plan makes. Texts written anew may hold headings and blocks of their own, so they are parsed."""
    distilled = apply_plan(skill, plan)
    if any(decision.rendering.kind in _WRITTEN_ANEW for decision in plan.decisions):
        return parse_skill(distilled.text, skill.path)
    return distilled


def _needless(options: DistillOptions, plan: Plan, before: int, after: int) -> NoteKind | None:
    """Why the original should rather come out as it is, None where it should not."""
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


def _result_notes(comparison: Comparison, counter: TokenCounter) -> tuple[Note, ...]:
    notes = [Note(NoteKind.ADVISORY_REMOVED, name) for name in sorted(comparison.advisory_lost)]
    notes += [Note(NoteKind.PROTECTED_LOST, name) for name in sorted(comparison.protected_lost)]
    if isinstance(comparison.analysis, PromptedAnalysis) and comparison.analysis.unanswered:
        notes.append(Note(NoteKind.EMBEDDED_VERDICTS, str(len(comparison.analysis.unanswered))))
    if not counter.exact and counter.encoding != ESTIMATE:
        notes.append(Note(NoteKind.ESTIMATED_TOKENS, counter.encoding))
    return tuple(notes)
