"""The result of a run: what came out, the evidence for it, and notes on what a user should know besides the numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.patterns import WORDS
from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.checks.format import format_faults
from skill_distiller.checks.model import Tokens, Verification
from skill_distiller.checks.receipt import Comparison, EmbeddedJudge, Functionality, Receipt
from skill_distiller.errors import BadInputError
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Mode, Plan
from skill_distiller.planning.required import required_blocks
from skill_distiller.providers.model import Usage
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.proof import Judged, LateSection, find_late_sections
from skill_distiller.run.run import DistillOptions, Run
from skill_distiller.skill.model import (
    Frontmatter,
    FrontmatterState,
    Skill,
    piece_ids,
    source_digest,
)
from skill_distiller.structure.edges import Edge, Piece, heading_of, needs_of
from skill_distiller.tokens import ESTIMATE, TokenCounter

if TYPE_CHECKING:
    from skill_distiller.exams.model import Criterion
    from skill_distiller.run.moving.move_pieces import Moves


class Basis(StrEnum):
    """What a gate goes by: quotes that are still there, scores in an exam, answers alike, or what a text still says."""

    EVIDENCE = "evidence"
    RETENTION = "retention"
    ANSWERS = "answers"
    CONCEPTS = "concepts"


@dataclass(frozen=True, slots=True)
class GateRound:
    """One try of a gate: the share (0-1) that is kept of its `basis`, what fails, the pieces that had to stay.

    `gate` is the one that said no, or the last one; `threshold` the one of the try, None for a budget; `tokens` are
    those of SKILL.md.
    """

    gate: str
    threshold: float | None
    tokens: int
    kept: float
    failed: tuple[Criterion, ...]
    pieces: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """How a result went through `--gate`: all tries, which one is the result, and why no try passed ("" for passed).

    `asked` is what was asked of which model, the judge last; empty where a program alone decided.
    """

    name: str
    rounds: tuple[GateRound, ...]
    chosen: int
    why: str = ""
    asked: tuple[Usage, ...] = ()

    @property
    def best(self) -> GateRound:
        """The try that is the result."""
        return self.rounds[self.chosen]

    @property
    def passed(self) -> bool:
        """Whether the gates let the result pass, and not the original in its place."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows how good a result is: what went, how much functionality is left, what the gate finds.

    Losses that the receipt names are declared in `verification`; it is None for a one-liner, of which
    there is nothing to compare. `gate` is what became of `--gate`, None where there was none.
    """

    receipt: Receipt
    functionality: Functionality
    verification: Verification | None
    gate: GateOutcome | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a run. `text` is the distilled SKILL.md, frontmatter included.

    `tokens` are those of the whole files. In one-liner mode `text` is three lines, and `one_liner` says
    the same in parts; else it is None. Where pieces moved into references, `text` is SKILL.md without
    them, `moves` says where they are, and receipt and verification are about both together.
    """

    run: Run
    reading: Reading
    plan: Plan
    distilled: Skill
    tokens: Tokens
    evidence: Evidence
    notes: tuple[Note, ...]
    one_liner: OneLiner | None = None
    moves: Moves | None = None

    @property
    def original(self) -> Skill:
        """The skill that was given."""
        return self.reading.skill

    @property
    def text(self) -> str:
        """The distilled SKILL.md, frontmatter included."""
        return self.distilled.text

    @property
    def needs(self) -> Mapping[Piece, tuple[Edge, ...]]:
        """For each piece that stayed and that others of these need, the edges from them."""
        kept = {d.block for d in self.plan.decisions if not d.dropped}
        kept |= {heading_of(section) for section, stays in enumerate(self.plan.headings) if stays}
        return needs_of(self.reading.edges, kept)

    @property
    def changed(self) -> bool:
        """Whether the text differs from the original."""
        return self.text != self.original.text

    @property
    def functionality(self) -> Functionality:
        """The estimate of the behavior kept, 0-100, with who gave it."""
        return self.evidence.functionality

    @property
    def input_tokens(self) -> int:
        """Tokens of the original file."""
        return self.tokens.original

    @property
    def output_tokens(self) -> int:
        """Tokens of the distilled file."""
        return self.tokens.candidate

    @property
    def reduction(self) -> float:
        """1 - output / input tokens, at most 1; below 0 where three lines are longer than a very short skill."""
        return 1 - self.output_tokens / self.input_tokens if self.input_tokens else 0.0

    @property
    def compression_ratio(self) -> float:
        """Input / output tokens; at least 1 but for a one-liner of a very short skill."""
        return self.input_tokens / self.output_tokens if self.output_tokens else 1.0


class NoteKind(StrEnum):
    """What a user should know besides the numbers."""

    NO_FRONTMATTER = "no frontmatter"
    NO_SKILL = "no skill by its looks"
    NO_TRIGGER = "no trigger section"
    FIELD_TWICE = "field given twice"
    NESTED_FENCES = "fences in a fence of their length"
    DATA = "data in the text"
    ALREADY_MINIMAL = "already minimal"
    WITHIN_BUDGET = "already within the budget"
    NOT_WORTH_IT = "not worth it"
    ALL_KEPT = "all that could go is kept"
    BUDGET_LEFT = "budget left"
    ADVISORY_REMOVED = "advisory pattern removed"
    PROTECTED_LOST = "protected pattern lost"
    ESTIMATED_TOKENS = "token counts are estimates"
    WITHOUT_MODEL = "model gave up"
    EMBEDDED_VERDICTS = "blocks with embedded verdicts"
    JUDGED_LOW = "judged below the threshold"
    BROUGHT_BACK = "brought back for the judge"
    PLAIN = "smaller without the model's texts"
    BEYOND_COMPACTION = "required blocks beyond compaction"
    SECOND_PASS = "result of an earlier run"
    SELF_COMPRESSION = "self-compression"
    THRESHOLD_RAISED = "threshold raised"
    PLAN_APPLIED = "plan applied"
    SOURCE_CHANGED = "source changed since the plan"
    PLAN_TOO_LARGE = "plan makes it larger"
    HARD_RULE_DROPPED = "hard rule dropped"
    PATTERN_DROPPED = "protected pattern dropped"
    NOT_MOVED = "pieces that can't move"


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `detail` is the name, state or number it is about, `sections` those of the result, if any.

    `tokens` and `score` (0-100) are those of another result that could be had, None where it is about none.
    """

    kind: NoteKind
    detail: str = ""
    sections: tuple[LateSection, ...] = ()
    tokens: int | None = None
    score: float | None = None


def plan_notes(options: DistillOptions, reading: Reading, plan: Plan) -> tuple[Note, ...]:
    """What a plan that was applied does not know of the skill, and what it drops that no run of its own would."""
    if not options.plan:
        return ()
    notes = [Note(NoteKind.PLAN_APPLIED)]
    ids = piece_ids(reading.skill).blocks
    if options.plan.source != source_digest(reading.skill):
        unknown = sum(piece not in options.plan.blocks for piece in ids)
        notes.append(Note(NoteKind.SOURCE_CHANGED, str(unknown)))
    for decision, verdict, piece in zip(plan.decisions, reading.verdicts, ids, strict=True):
        if decision.dropped:
            notes += [Note(NoteKind.HARD_RULE_DROPPED, piece)] if verdict.hard_rule else []
            notes += [Note(NoteKind.PATTERN_DROPPED, piece)] if verdict.protected else []
    return tuple(notes)


def result_notes(comparison: Comparison, counter: TokenCounter) -> tuple[Note, ...]:
    """The patterns that are gone, and where verdicts or counts are not what was asked for."""
    notes = [Note(NoteKind.ADVISORY_REMOVED, name) for name in sorted(comparison.advisory_lost)]
    notes += [Note(NoteKind.PROTECTED_LOST, name) for name in sorted(comparison.protected_lost)]
    part = comparison.reading.analysis.model_part
    if part and part.unanswered:
        notes.append(Note(NoteKind.EMBEDDED_VERDICTS, str(len(part.unanswered))))
    if not counter.exact and counter.encoding != ESTIMATE:
        notes.append(Note(NoteKind.ESTIMATED_TOKENS, counter.encoding))
    return tuple(notes)


def judge_notes(options: DistillOptions, judged: Judged) -> tuple[Note, ...]:
    """What came back as a judge missed it, and that its last word is still below the threshold."""
    notes = []
    if judged.returned:
        notes.append(Note(NoteKind.BROUGHT_BACK, str(judged.returned)))
    found = judged.functionality
    by_model = found.method != EmbeddedJudge.method and options.mode is Mode.THRESHOLD and not options.plan
    if by_model and found.score < 100 * options.threshold:
        notes.append(Note(NoteKind.JUDGED_LOW, str(judged.after), score=floor(10 * found.score) / 10))
    return tuple(notes)


def compaction_notes(
    comparison: Comparison, known: Mapping[str, int], counter: TokenCounter, models: Models
) -> tuple[Note, ...]:
    """The required blocks that agents would not bring back after compaction; `known` are token counts by text."""
    skill, required = comparison.reading.skill, required_blocks(comparison.reading, 1.0, models.worth)
    late = find_late_sections(skill, comparison.distilled, comparison.plan, required, known, counter)
    return (Note(NoteKind.BEYOND_COMPACTION, str(sum(s.blocks for s in late)), late),) if late else ()


# How a frontmatter was found, and what to do about it: the wording of the reference's table of recovery hints.
FRONTMATTER_HINTS: Final = {
    FrontmatterState.MISSING.value: "Add --- block with name and description.",
    FrontmatterState.UNCLOSED.value: "Close the --- block with a --- line of its own.",
    FrontmatterState.NOT_FIRST.value: "Move the --- block to the first line.",
    FrontmatterState.BROKEN.value: "Quote the values that hold a colon; tags and aliases are not accepted.",
    "empty": "Give it a name and a description.",
    "without fields": "Write fields, one a line: name: …, then description: …",
}
TRIGGER_HINT: Final = "Add '## When to Use' for best results."
_GIVEN_TWICE: Final = "given twice"  # as the check of the format calls it
_FIELD: Final = re.compile(r"[^\s#-][^#]*:(?:\s|\Z)")


def check_skill(reading: Reading, *, strict: bool) -> tuple[Note, ...]:
    """Notes on what a skill lacks; nothing is ever invented for it. With `strict`, BadInputError instead."""
    skill = reading.skill
    found = find_fault(skill.frontmatter)
    notes = [Note(NoteKind.NO_FRONTMATTER, found)] if found else []
    if found and not any(section.level for section in skill.sections):
        notes.append(Note(NoteKind.NO_SKILL))
    if not has_trigger(reading):
        notes.append(Note(NoteKind.NO_TRIGGER))
    if strict and found:
        problem = "There is no frontmatter" if found == FrontmatterState.MISSING else f"The frontmatter is {found}"
        raise BadInputError(f"{problem} (--strict).", FRONTMATTER_HINTS[found])
    if strict and notes:
        raise BadInputError("There is no trigger section (--strict).", TRIGGER_HINT)
    twice = (fault.field for fault in format_faults(skill) if fault.text == _GIVEN_TWICE)
    nested = (Note(NoteKind.NESTED_FENCES, str(block.line)) for block in skill.blocks if block.holds_fences)
    return (*notes, *(Note(NoteKind.FIELD_TWICE, field) for field in twice), *nested)


def find_fault(frontmatter: Frontmatter) -> str:
    """Why a frontmatter can't be used, as a key of FRONTMATTER_HINTS; "" for one that can."""
    if frontmatter.state is not FrontmatterState.BROKEN:
        return "" if frontmatter.state is FrontmatterState.OK else frontmatter.state.value
    lines = [line for line in frontmatter.raw.strip().splitlines()[1:-1] if line.strip() and line.lstrip()[0] != "#"]
    if not lines:
        return "empty"
    return frontmatter.state.value if any(map(_FIELD.match, lines)) else "without fields"


def has_trigger(reading: Reading) -> bool:
    """Whether a skill says when it applies: in a block, under a heading like "When to use", or in its description."""
    kinds = {verdict.type for verdict in reading.verdicts}
    kinds |= {kind for s in reading.skill.sections if s.blocks for kind, _ in heading_promises(s.heading)}
    description = reading.skill.description.lower()
    return SectionType.TRIGGER in kinds or any(word in description for word in WORDS["description"]["trigger"])
