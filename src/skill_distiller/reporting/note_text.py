"""The notes of a run in words."""

from __future__ import annotations

from typing import Final

from skill_distiller.pipeline import FRONTMATTER_HINTS, TRIGGER_HINT, Distillation, Note, NoteKind
from skill_distiller.reporting.guard_notes import late_text, raised_text, self_compression_text

_PLAIN_NOTES: Final = frozenset(
    {
        NoteKind.ALREADY_MINIMAL,
        NoteKind.WITHIN_BUDGET,
        NoteKind.NOT_WORTH_IT,
        NoteKind.ADVISORY_REMOVED,
        NoteKind.PLAN_APPLIED,
    }
)


def note_text(note: Note, distillation: Distillation) -> tuple[str, str]:
    """The style of a note on a terminal ("" for none) and its text."""
    threshold = distillation.options.threshold
    hint = FRONTMATTER_HINTS.get(distillation.original.frontmatter.state, "")
    texts = {
        NoteKind.NO_FRONTMATTER: f"Warning: frontmatter: {note.detail}. {hint}",
        NoteKind.NO_TRIGGER: f"Warning: no trigger section. {TRIGGER_HINT}",
        NoteKind.ALREADY_MINIMAL: f"Already minimal: no compression possible at threshold {threshold:g}; "
        "the original comes out unchanged.",
        NoteKind.WITHIN_BUDGET: f"Already within {distillation.options.tokens} tokens; the original comes out "
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
