"""Requests about blocks of a skill, in groups, numbered; and replies read back, however numbers were written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

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


T = TypeVar("T")


def whole_number(value: object) -> int | None:
    """A whole number, or its digits as text; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e9:
        return int(value)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return None


def number_within(value: object, most: float) -> float | None:
    """A number from 0 to `most`, or such a number as text, with or without a percent sign; None for all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return None
    if not isinstance(value, int | float) or not 0 <= value <= most or not math.isfinite(value):
        return None
    return float(value)


def share(value: object) -> float | None:
    """A share from 0 to 1; 10 to 100 are percent; None for all else (a 3 may be 3 of 5, of 10 or of 100)."""
    number = number_within(value, 100)
    if number is None or 1 < number < 10:
        return None
    return number if number <= 1 else number / 100


def entries(value: dict[str, object], count: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a reply that name one of `count` places, with the place."""
    for entry in _objects(value):
        place = whole_number(entry.get("index"))
        if place is not None and 0 <= place < count:
            yield place, entry


def _objects(value: dict[str, object]) -> list[dict[str, Any]]:
    """The objects in the first list of a reply that holds any; a reply that is one entry alone is that."""
    for item in value.values():
        if isinstance(item, list) and any(isinstance(entry, dict) for entry in item):
            return [entry for entry in item if isinstance(entry, dict)]
    return [value] if "index" in value else []


def undisputed(answers: Iterable[tuple[int, T]], said: Callable[[T], object]) -> dict[int, T]:
    """The first answer for each place; a place that was given two that said different things has none."""
    first: dict[int, T] = {}
    disputed: set[int] = set()
    for place, answer in answers:
        if said(first.setdefault(place, answer)) != said(answer):
            disputed.add(place)
    return {place: answer for place, answer in first.items() if place not in disputed}
