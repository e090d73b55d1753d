"""Ask a model for the type of each block; believe nothing of the reply that is not a type, a place and a share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis import SectionType
from skill_distiller.document import Block, BlockKind, Skill
from skill_distiller.prompted.batches import batch, excerpt
from skill_distiller.prompted.numbers import share
from skill_distiller.prompted.replies import entries, list_schema, undisputed
from skill_distiller.prompted.request import BlockQuestion, block_request
from skill_distiller.prompted.rounds import Answers, ask_in_rounds
from skill_distiller.providers.model import Request, Schema
from skill_distiller.providers.parse_json import MalformedReplyError
from skill_distiller.providers.session import Question, Session

REPAIRS: Final = 2  # tries after the first; then a block takes the embedded verdict
REPLY_TOKENS: Final = 60  # a block, also where a model spreads its JSON over many lines
_NOT_ASKED: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})


class Label(NamedTuple):
    """What a model called a block, and how sure it said to be, 0-1."""

    type: SectionType
    confidence: float


def asked_blocks(skill: Skill) -> list[Block]:
    """The blocks that a model is asked about: all but rules (`---`) and link definitions."""
    return [block for block in skill.blocks if block.kind not in _NOT_ASKED]


def groups_of(skill: Skill, count: Callable[[str], int]) -> list[list[Block]]:
    """The blocks that are asked about, in groups of one request each."""
    return batch(asked_blocks(skill), lambda block: excerpt(block.text), count)


def classify(session: Session, skill: Skill, groups: Sequence[Sequence[Block]]) -> Answers[Label]:
    """The labels by index of the block; a block is missing where the model gave no usable answer."""

    def ask(blocks: Sequence[Block], problem: str, tries: int) -> Question[dict[int, Label]]:
        return Question(_request(skill, blocks, problem, tries), lambda value: read_labels(value, len(blocks)))

    return ask_in_rounds(session, groups, ask, repairs=REPAIRS, complete=True)


def _request(skill: Skill, blocks: Sequence[Block], problem: str, tries: int) -> Request:
    reply_tokens = 100 + REPLY_TOKENS * len(blocks)
    question = BlockQuestion("classify", lambda block: block.kind.value, label_schema(len(blocks)), reply_tokens)
    return block_request(skill, blocks, question, problem, tries, name=skill.name, description=skill.description)


def label_schema(count: int) -> Schema:
    """The JSON Schema of a reply about so many blocks."""
    kinds = {"type": "string", "enum": [kind.value for kind in SectionType]}
    return list_schema("blocks", count, {"type": kinds, "confidence": {"type": "number", "minimum": 0, "maximum": 1}})


def read_labels(value: dict[str, object], count: int) -> dict[int, Label]:
    """The labels of a reply, by place; what is no label of one of `count` blocks is passed over.

    A place that is given two different types has none. Raises MalformedReplyError for a reply without any label.
    """
    found = ((place, label) for place, entry in entries(value, count) if (label := _label(entry)))
    labels = undisputed(found, lambda label: label.type)
    if not labels:
        raise MalformedReplyError("It held no block with one of the types.")
    return labels


def _label(entry: dict[str, object]) -> Label | None:
    confidence, name = share(entry.get("confidence")), entry.get("type")
    if confidence is None or not isinstance(name, str) or len(name) > 40:
        return None
    try:
        return Label(SectionType("_".join(name.upper().replace("-", " ").split())), confidence)
    except ValueError:
        return None
