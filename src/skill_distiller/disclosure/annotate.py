"""Name the references that a skill leads nowhere to: an agent can't read what it doesn't know of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.model import Span, Split
from skill_distiller.disclosure.signposts import clean_heading, heading_of_others
from skill_distiller.disclosure.split import line_end_of, with_gap
from skill_distiller.skill.folder import SKILL_PATH, SkillFolder
from skill_distiller.skill.parse import parse_skill

_LEVEL: Final = "##"


def annotate(reading: Reading, split: Split, unnamed: Sequence[PurePosixPath]) -> Split:
    """The split with a last section in SKILL.md that names some references, each with its first heading."""
    if not unnamed:
        return split
    skill, end = split.after.skill, line_end_of(split.before.skill)
    lines = [f"{_LEVEL} {heading_of_others(reading)}", "", *(_line(split.after, path) for path in unnamed)]
    written = with_gap(skill.text, end)[len(skill.text) :] + end.join([*lines, ""])
    place = len(split.before.skill.text)
    made = replace(parse_skill(skill.text + written, skill.path), frontmatter=skill.frontmatter)
    span = Span(place, place, written, SKILL_PATH, 0, 0)
    return replace(split, after=split.after.with_skill(made), spans=(*split.spans, span))


def _line(folder: SkillFolder, path: PurePosixPath) -> str:
    """An item of the list: the path, and what the file calls itself."""
    file = folder.file(path)
    sections = parse_skill(file.read_text()).sections if file else ()
    title = next((clean_heading(section.heading) for section in sections if section.level and section.heading), "")
    return f"- `{path}`" + (f": {title}" if title else "")
