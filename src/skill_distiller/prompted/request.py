"""A request about a group of blocks, which the reply names by their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skill_distiller.document import Block, Skill
from skill_distiller.prompted.batches import numbered
from skill_distiller.prompted.prompt import load_prompt, new_boundary
from skill_distiller.providers.model import Request, Schema


@dataclass(frozen=True, slots=True)
class BlockQuestion:
    """What is asked of blocks: the name of the prompt, the label of each, the form of the reply and its most tokens."""

    prompt: str
    label: Callable[[Block], str]
    schema: Schema
    reply_tokens: int


def block_request(
    skill: Skill, blocks: Sequence[Block], question: BlockQuestion, problem: str, tries: int, **fields: str
) -> Request:
    """The request; `problem` is what was wrong with the reply before, `fields` what the prompt holds besides."""
    boundary = new_boundary([skill.text])
    return load_prompt(question.prompt).request(
        question.schema,
        question.reply_tokens,
        sample=tries,
        boundary=boundary,
        problem=problem,
        blocks="\n".join(numbered(skill, blocks, boundary, question.label)),
        count=str(len(blocks)),
        first="0",
        last=str(len(blocks) - 1),
        **fields,
    )
