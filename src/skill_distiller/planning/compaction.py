"""What an agent no longer knows of a skill once its conversation was compacted."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from skill_distiller.document import Skill, count_line_ends
from skill_distiller.planning.plan import Plan
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
    kept = [decision.block for decision in plan.decisions if decision.rendering.text]
    pieces, at = [distilled.frontmatter.raw], list[int]()  # the piece that each block is
    for section in distilled.sections:
        at += range(len(pieces) + 1, len(pieces) + 1 + len(section.blocks))
        pieces += [section.heading_source, *(block.source for block in section.blocks)]
    within = _pieces_within(pieces, known, counter, limit)
    late = []
    for section in distilled.sections:
        blocks = [at[b.index] for b in section.blocks if at[b.index] >= within and kept[b.index] in required]
        if blocks:
            line = 1 + sum(map(count_line_ends, pieces[: blocks[0]]))
            late.append(LateSection(section.heading, section.level, line, len(blocks)))
    return tuple(late)


def _pieces_within(pieces: list[str], known: Mapping[str, int], counter: TokenCounter, limit: int) -> int:
    """How many pieces, from the first on, have no more tokens than the limit when joined."""
    counts = [known[piece] if piece in known else counter.count(piece) if piece else 0 for piece in pieces]
    most = bisect_right(list(accumulate(counts)), _MARGIN * limit) + 1
    joined = range(min(most, len(pieces)) + 1)
    return bisect_right(joined, limit, key=lambda n: counter.count_joined(*_filled(pieces[:n], counts))) - 1


def _filled(pieces: list[str], counts: list[int]) -> tuple[list[str], list[int]]:
    filled = [(piece, count) for piece, count in zip(pieces, counts, strict=False) if piece]
    return [piece for piece, _ in filled], [count for _, count in filled]
