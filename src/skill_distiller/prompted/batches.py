"""Put blocks together for as few requests as their length allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from skill_distiller.document import Block, Skill

BATCH_TOKENS: Final = 6000  # of the blocks of one request
BATCH_BLOCKS: Final = 150  # more are not numbered reliably, and the reply gets long
_SHOWN: Final = 3000  # characters of a long block: its kind shows at its beginning and end
_TAIL: Final = 600


def batch(blocks: Sequence[Block], shown: Callable[[Block], str], count: Callable[[str], int]) -> list[list[Block]]:
    """The blocks in order, in groups of at most `BATCH_TOKENS` tokens and `BATCH_BLOCKS` blocks.

    The groups are about equally long. A block that is longer than a group is one of its own.
    """
    sizes = [count(shown(block)) for block in blocks]
    total = sum(sizes)
    groups = max(-(-total // BATCH_TOKENS), -(-len(blocks) // BATCH_BLOCKS))
    batches: list[list[Block]] = []
    filled = 0
    for block, size in zip(blocks, sizes, strict=True):
        enough = len(batches) < groups and filled >= total / groups
        if not batches or enough or filled + size > BATCH_TOKENS or len(batches[-1]) >= BATCH_BLOCKS:
            batches.append([])
            filled = 0
        batches[-1].append(block)
        filled += size
    return batches


def excerpt(text: str) -> str:
    """A block as a model sees it: whole, or without the middle of a very long one."""
    if len(text) <= _SHOWN:
        return text.rstrip()
    left = len(text) - _SHOWN
    return f"{text[: _SHOWN - _TAIL]}\n[… {left:,} characters …]\n{text[-_TAIL:].rstrip()}"


def numbered(skill: Skill, blocks: Sequence[Block], boundary: str, label: Callable[[Block], str]) -> Iterator[str]:
    """Each block under a line with the boundary, its place in the group, a label and its headings."""
    for place, block in enumerate(blocks):
        yield f"{boundary} block {place} | {label(block)} | {headings(skill, block)}\n{excerpt(block.text)}"


def headings(skill: Skill, block: Block) -> str:
    """The headings that a block stands under, on one line."""
    path = skill.heading_path(skill.section_of[block.index])
    return " > ".join(" ".join(heading.split()) for heading in path) or "(before the first heading)"
