"""What a skill lacks."""

from __future__ import annotations

from typing import Final

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.analysis.heading_words import heading_promises
from skill_distiller.document import FrontmatterState
from skill_distiller.errors import BadInputError
from skill_distiller.pipeline.notes import Note, NoteKind

# The wording of the reference's table of recovery hints.
FRONTMATTER_HINTS: Final = {
    FrontmatterState.MISSING: "Add --- block with name and description.",
    FrontmatterState.UNCLOSED: "Close the --- block with a --- line of its own.",
    FrontmatterState.NOT_FIRST: "Move the --- block to the first line.",
    FrontmatterState.BROKEN: "Quote the values that hold a colon; tags and aliases are not accepted.",
}
TRIGGER_HINT: Final = "Add '## When to Use' for best results."


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
