"""What an agent no longer knows of a skill once its conversation was compacted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from skill_distiller.planning.plan import Plan
from skill_distiller.skill.model import Section, Skill, count_line_ends
from skill_distiller.tokens import TokenCounter

# Agents bring back this many tokens of each skill, from its start (Claude Code, "Skill content lifecycle").
COMPACTION_TOKENS: Final = 5000
_MARGIN: Final = 1.2  # counts of pieces add up to a little more than the count of the whole


@dataclass(frozen=True, slots=True)
class LateSection:
    """A section with required blocks that do not wholly lie within the first tokens.

    `heading` and `level` are its own ("" and 0 before the first heading), `line` is where the first of
    these blocks stands in the result, counted from 1, and `blocks` how many there are.
    """

    heading: str
    level: int
    line: int
    blocks: int


def find_late_sections(
    original: Skill,
    distilled: Skill,
    plan: Plan,
    required: Collection[int],
    known: Mapping[str, int],
    counter: TokenCounter,
    limit: int = COMPACTION_TOKENS,
) -> tuple[LateSection, ...]:
    """The sections of a result whose required blocks an agent would not bring back, in order.

    `required` are indices of blocks of the original; `known` has token counts of texts that were taken already.
    """
    text, late = distilled.text, []
    within = _characters_within(distilled, known, counter, limit)
    at, line = 0, 1
    for section, places in _places(original, distilled, plan):
        starts = [start for block, start, end in places if end > within and block in required]
        if starts:
            line += count_line_ends(text[at : starts[0]])
            at = starts[0]
            late.append(LateSection(section.heading, section.level, line, len(starts)))
    return tuple(late)


def _places(original: Skill, distilled: Skill, plan: Plan) -> Iterator[tuple[Section, list[tuple[int, int, int]]]]:
    """For each section of the original its blocks that are in the result: index, first and last character there."""
    text, at = distilled.text, len(distilled.frontmatter.raw)
    for section in original.sections:
        if plan.headings[section.index]:
            at = _find_line(text, section.heading_source.strip(), at)
        places = []
        for block in section.blocks:
            own = plan.decisions[block.index].rendering.text.removesuffix(block.gap)
            if own:
                start = _find_line(text, own, at)
                at = start + len(own)
                places.append((block.index, start, at))
        yield section, places


def _find_line(text: str, part: str, at: int) -> int:
    """Where a part of a text stands, from a place on, at the beginning of a line."""
    start = text.find(part, at)
    while start > at and text[start - 1] not in "\r\n":
        start = text.find(part, start + 1)
    return max(start, at)


def _characters_within(skill: Skill, known: Mapping[str, int], counter: TokenCounter, limit: int) -> int:
    """How many characters the pieces of a skill have that, from its beginning on, are within the limit together."""
    pieces = [skill.frontmatter.raw]
    for section in skill.sections:
        pieces += [section.heading_source, *(block.source for block in section.blocks)]
    return sum(map(len, pieces[: _pieces_within(pieces, known, counter, limit)]))


def _pieces_within(pieces: list[str], known: Mapping[str, int], counter: TokenCounter, limit: int) -> int:
    """How many pieces, from the first on, have no more tokens than the limit when joined."""
    counts = [known[piece] if piece in known else counter.count(piece) if piece else 0 for piece in pieces]
    most = bisect_right(list(accumulate(counts)), _MARGIN * limit) + 1
    joined = range(min(most, len(pieces)) + 1)
    return bisect_right(joined, limit, key=lambda n: counter.count_joined(*_filled(pieces[:n], counts))) - 1


def _filled(pieces: list[str], counts: list[int]) -> tuple[list[str], list[int]]:
    filled = [(piece, count) for piece, count in zip(pieces, counts, strict=False) if piece]
    return [piece for piece, _ in filled], [count for _, count in filled]
