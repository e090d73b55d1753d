"""The notes of a run in words."""

from __future__ import annotations

from typing import Final

from skill_distiller.planning.compaction import COMPACTION_TOKENS, LateSection
from skill_distiller.report.text import NO_HEADING, excerpt, plural
from skill_distiller.run.distill import FRONTMATTER_HINTS, TRIGGER_HINT
from skill_distiller.run.notes import Note, NoteKind
from skill_distiller.run.result import Result

_SHOWN: Final = 5  # sections that are named; the JSON record has all of them
_HEADING: Final = 50


def late_text(note: Note) -> str:
    """The warning about required blocks of a result that lie too far down, with their sections."""
    blocks = "1 required block lies" if note.detail == "1" else f"{note.detail} required blocks lie"
    names = [_name(section) for section in note.sections[:_SHOWN]]
    more = len(note.sections) - len(names)
    if more:
        names.append(plural(more, "more section"))
    return (
        f"Warning: {blocks} beyond the first {COMPACTION_TOKENS:,} tokens, all that agents bring back of a skill "
        f"after compaction: {', '.join(names)}. Move them up, or details into files of their own."
    )


def _name(section: LateSection) -> str:
    heading = excerpt(section.heading, _HEADING) or NO_HEADING
    return f"{heading} (line {section.line} of the result)"


def self_compression_text(note: Note) -> str:
    """The line about a skill that makes skills smaller; the detail of the note is where it says so."""
    return f"Self-compression: this skill makes skills smaller, its {note.detail} says so."


def raised_text(note: Note, threshold: float) -> str:
    """The line about the threshold that was asked for (the detail of the note) and the one that was taken."""
    return f"Threshold raised from {note.detail} to {threshold:g}: what a distiller loses, every skill after it loses."


_PLAIN_NOTES: Final = frozenset(
    {
        NoteKind.ALREADY_MINIMAL,
        NoteKind.WITHIN_BUDGET,
        NoteKind.NOT_WORTH_IT,
        NoteKind.ADVISORY_REMOVED,
        NoteKind.PLAN_APPLIED,
    }
)


def note_text(note: Note, distillation: Result) -> tuple[str, str]:
    """The style of a note on a terminal ("" for none) and its text."""
    threshold = distillation.run.options.threshold
    hint = FRONTMATTER_HINTS.get(distillation.original.frontmatter.state, "")
    texts = {
        NoteKind.NO_FRONTMATTER: f"Warning: frontmatter: {note.detail}. {hint}",
        NoteKind.NO_TRIGGER: f"Warning: no trigger section. {TRIGGER_HINT}",
        NoteKind.ALREADY_MINIMAL: f"Already minimal: no compression possible at threshold {threshold:g}; "
        "the original comes out unchanged.",
        NoteKind.WITHIN_BUDGET: f"Already within {distillation.run.options.tokens} tokens; the original comes out "
        "unchanged.",
        NoteKind.NOT_WORTH_IT: f"Already minimal: at threshold {threshold:g} less than 1% could be saved, which is not "
        "worth a changed file; the original comes out unchanged.",
        NoteKind.ADVISORY_REMOVED: f"Advisory pattern removed (no score penalty): {note.detail}",
        NoteKind.PROTECTED_LOST: f"Protected pattern lost (-10 points): {note.detail}",
        NoteKind.ESTIMATED_TOKENS: f"Warning: the tokenizer {note.detail} is not available here; counts marked ~ are "
        "estimates of 4 characters a token.",
        NoteKind.EMBEDDED_VERDICTS: "Warning: the model gave no usable answer for "
        + (
            "1 block; its verdict is the embedded one."
            if note.detail == "1"
            else f"{note.detail} blocks; their verdicts are the embedded ones."
        ),
        NoteKind.BEYOND_COMPACTION: late_text(note),
        NoteKind.SELF_COMPRESSION: self_compression_text(note),
        NoteKind.THRESHOLD_RAISED: raised_text(note, threshold),
        NoteKind.PLAN_APPLIED: "Written as the plan says; nothing was chosen by this run.",
        NoteKind.SOURCE_CHANGED: "Warning: the source has changed since the plan was made; blocks that the plan does "
        f"not know stay as they are: {note.detail}.",
        NoteKind.PLAN_TOO_LARGE: "Warning: the plan would make the skill larger; the original comes out unchanged.",
        NoteKind.HARD_RULE_DROPPED: f"Warning: the plan removes a block with a hard rule: [{note.detail}].",
        NoteKind.PATTERN_DROPPED: f"Warning: the plan removes a block with a protected pattern: [{note.detail}].",
    }
    return ("" if note.kind in _PLAIN_NOTES else "yellow", texts[note.kind])
