"""What a user should know of a run besides the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from skill_distiller.analysis.model import Analysis, PromptedAnalysis
from skill_distiller.checks.receipt import Comparison
from skill_distiller.planning.compaction import LateSection, find_late_sections
from skill_distiller.planning.ladders import Models
from skill_distiller.planning.plan import Plan
from skill_distiller.planning.required import required_blocks
from skill_distiller.planning.saved_plan import source_digest
from skill_distiller.run.options import DistillOptions
from skill_distiller.skill.ids import piece_ids
from skill_distiller.tokens import ESTIMATE, TokenCounter


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


def plan_notes(options: DistillOptions, analysis: Analysis, plan: Plan) -> tuple[Note, ...]:
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


def result_notes(comparison: Comparison, counter: TokenCounter) -> tuple[Note, ...]:
    """The patterns that are gone, and where verdicts or counts are not what was asked for."""
    notes = [Note(NoteKind.ADVISORY_REMOVED, name) for name in sorted(comparison.advisory_lost)]
    notes += [Note(NoteKind.PROTECTED_LOST, name) for name in sorted(comparison.protected_lost)]
    if isinstance(comparison.analysis, PromptedAnalysis) and comparison.analysis.unanswered:
        notes.append(Note(NoteKind.EMBEDDED_VERDICTS, str(len(comparison.analysis.unanswered))))
    if not counter.exact and counter.encoding != ESTIMATE:
        notes.append(Note(NoteKind.ESTIMATED_TOKENS, counter.encoding))
    return tuple(notes)


def compaction_notes(
    comparison: Comparison, known: Mapping[str, int], counter: TokenCounter, models: Models
) -> tuple[Note, ...]:
    """The required blocks that agents would not bring back after compaction; `known` are token counts by text."""
    required = required_blocks(comparison.analysis, 1.0, models.worth)
    skill = comparison.analysis.skill
    late = find_late_sections(skill, comparison.distilled, comparison.plan, required, known, counter)
    blocks = sum(section.blocks for section in late)
    return (Note(NoteKind.BEYOND_COMPACTION, str(blocks), late),) if late else ()
