"""The notes of the guards in words: what an agent would not bring back, and what makes skills smaller itself."""

from __future__ import annotations

from typing import Final

from skill_distiller.pipeline import Note
from skill_distiller.planning import COMPACTION_TOKENS, LateSection
from skill_distiller.reporting.plural import plural
from skill_distiller.reporting.printable import NO_HEADING, excerpt

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
