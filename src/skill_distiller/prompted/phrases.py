"""Ask a model which phrases of a section an agent needs and which it could do without.

After the scoring prompt of the Skill Distiller reference ("Token-Level Importance").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from skill_distiller.analysis import Verdict
from skill_distiller.analysis.compressible import compressible_blocks
from skill_distiller.analysis.prompted import Phrases
from skill_distiller.document import Block, Skill
from skill_distiller.prompted.batches import batch
from skill_distiller.prompted.numbers import share
from skill_distiller.prompted.replies import entries, list_schema
from skill_distiller.prompted.request import BlockQuestion, block_request
from skill_distiller.prompted.rounds import ask_in_rounds
from skill_distiller.providers.model import Request, Schema
from skill_distiller.providers.parse_json import MalformedReplyError
from skill_distiller.providers.session import Question, Session

_REPAIRS: Final = 1
_MOST: Final = 60  # phrases of a section, of either kind


def score_phrases(
    session: Session, skill: Skill, verdicts: Sequence[Verdict], count: Callable[[str], int]
) -> dict[int, Phrases]:
    """The phrases by index of the block; blocks that the model said nothing usable of are left out."""
    blocks = compressible_blocks(skill, verdicts)
    if not blocks:
        return {}

    def ask(blocks: Sequence[Block], problem: str, tries: int) -> Question[dict[int, Phrases]]:
        request = _request(skill, verdicts, blocks, problem, tries)
        return Question(request, lambda value: read_phrases(value, [block.text for block in blocks]))

    groups = batch(blocks, lambda block: block.text, count)
    return ask_in_rounds(session, groups, ask, repairs=_REPAIRS, complete=False).given


def _request(skill: Skill, verdicts: Sequence[Verdict], blocks: Sequence[Block], problem: str, tries: int) -> Request:
    question = BlockQuestion(
        "phrases",
        lambda block: verdicts[block.index].type.value,
        phrase_schema(len(blocks)),
        200 + sum(60 + len(block.text) // 3 for block in blocks),
    )
    return block_request(skill, blocks, question, problem, tries)


def phrase_schema(count: int) -> Schema:
    """The JSON Schema of a reply about so many sections."""
    quotes = {"type": "array", "items": {"type": "string"}}
    potential = {"type": "number", "minimum": 0, "maximum": 1}
    fields = {"essential": quotes, "redundant": quotes, "compression_potential": potential}
    return list_schema("sections", count, fields)


def read_phrases(value: dict[str, object], texts: Sequence[str]) -> dict[int, Phrases]:
    """The phrases of a reply, by place of their text; a quote that does not stand in its text is passed over.

    Raises MalformedReplyError for a reply that speaks of none of the texts.
    """
    found: dict[int, Phrases] = {}
    for place, entry in entries(value, len(texts)):
        if place in found:
            continue
        essential, redundant = (_quotes(entry.get(name), texts[place]) for name in ("essential", "redundant"))
        potential = share(entry.get("compression_potential"))
        found[place] = Phrases(essential, redundant, 0.0 if potential is None else potential)
    if not found:
        raise MalformedReplyError("It spoke of none of the sections.")
    return found


def _quotes(value: object, text: str) -> tuple[str, ...]:
    quotes = value if isinstance(value, list) else []
    return tuple(
        dict.fromkeys(q.strip() for q in quotes[:_MOST] if isinstance(q, str) and q.strip() and q.strip() in text)
    )
