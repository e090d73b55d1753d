"""Take a skill apart along markdown-it's line maps, so that joining the parts gives the source back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from skill_distiller.skill.blocks import Lines
from skill_distiller.skill.frontmatter import BOM, split_frontmatter
from skill_distiller.skill.model import Block, BlockKind, Section, Skill
from skill_distiller.skill.written import find_written_blocks

LONG_LIST: Final = 800  # characters; a longer list is cut into its items
# The line ends of CommonMark. str.splitlines() also breaks at form feed and U+2028: the maps would drift.
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


def split_lines(text: str) -> list[str]:
    """The lines of a text with their ends; joined they are the text."""
    return _LINE.findall(text)


def parse_skill(text: str, path: Path | None = None) -> Skill:
    """Parse a SKILL.md. Never fails: whatever is not Markdown is a paragraph.

    `render_skill(parse_skill(text)) == text` for every text.
    """
    lines = split_lines(text)
    frontmatter, start = split_frontmatter(lines)
    return Skill(frontmatter, tuple(_sections(lines, start)), path)


def _sections(lines: Sequence[str], start: int) -> Iterator[Section]:
    body = lines[start:]
    if body and start == 0 and body[0].startswith(BOM):
        body = [" " + body[0][1:], *body[1:]]  # else the mark hides a heading on the first line
    spans = list(_cover(body, _spans(body)))
    blocks: list[Block] = []
    count = 0
    lead = "".join(lines[start : start + (spans[0].start if spans else len(body))])
    section = Section(0, 0, "", lead, start + 1, ())
    for span, stop in zip(spans, [*(span.start for span in spans[1:]), len(body)], strict=False):
        own = "".join(lines[start + span.start : start + span.end])
        gap = "".join(lines[start + span.end : start + stop])
        line = start + span.start + 1
        if span.level:
            yield replace(section, blocks=tuple(blocks))
            section = Section(section.index + 1, span.level, span.label, own + gap, line, ())
            blocks = []
        else:
            blocks.append(Block(count, span.kind, own, gap, line, span.label))
            count += 1
    yield replace(section, blocks=tuple(blocks))


def _spans(body: Sequence[str]) -> Iterator[Lines]:
    """Headings and blocks, long lists in items, trailing blank lines cut off."""
    for found in find_written_blocks(body):
        if found.items and sum(map(len, body[found.start : found.end])) > LONG_LIST:
            spans = [Lines(first, last, BlockKind.LIST_ITEM) for first, last in pairwise((*found.items, found.end))]
        else:
            spans = [found]
        for span in spans:
            end = span.end
            while end > span.start + 1 and _blank(body[end - 1]):
                end -= 1
            yield span if end == span.end else span._replace(end=end)


def _cover(body: Sequence[str], spans: Iterable[Lines]) -> Iterator[Lines]:
    """The spans, with link definitions (which make no token) as spans of their own where they stand."""
    at = 0
    for span in (*spans, Lines(len(body), len(body), BlockKind.RULE)):
        loose = [i for i in range(at, span.start) if not _blank(body[i])]
        if loose:
            yield Lines(loose[0], loose[-1] + 1, BlockKind.DEFINITION)
        if span.start < len(body):
            yield span
        at = max(at, span.end)


def _blank(line: str) -> bool:
    return not line.strip(" \t\r\n")


# For expressions; CommonMark allows nine digits.
LIST_MARKER: Final = r"(?:[-*+]|\d{1,9}[.)])"
