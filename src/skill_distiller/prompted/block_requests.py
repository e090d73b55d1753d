"""Requests about blocks of a skill: in groups that fit one request, numbered, long ones shown in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.prompted.prompts import Prompt, new_boundary
from skill_distiller.providers.model import Request
from skill_distiller.skill.model import Block, Skill

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


@dataclass(frozen=True, slots=True)
class BlockQuestion:
    """What is asked of blocks: a prompt, the label that each block gets, and the most tokens of the reply."""

    prompt: Prompt
    label: Callable[[Block], str]
    reply_tokens: int


def block_request(
    skill: Skill, blocks: Sequence[Block], question: BlockQuestion, problem: str, tries: int, **fields: str
) -> Request:
    """The request; `problem` is what was wrong with the reply before, `fields` what the prompt holds besides."""
    boundary = new_boundary([skill.text])
    values = {
        "problem": problem,
        "blocks": "\n".join(numbered(skill, blocks, boundary, question.label)),
        "count": str(len(blocks)),
        "first": "0",
        "last": str(len(blocks) - 1),
        **fields,
    }
    return question.prompt.request(
        question.reply_tokens, count=len(blocks), sample=tries, boundary=boundary, values=values
    )
