"""Ask about many blocks, and again about those that were left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from skill_distiller.document import Block
from skill_distiller.errors import PromptTooLongError
from skill_distiller.providers.parse_json import MalformedReplyError
from skill_distiller.providers.session import Question, Session

T = TypeVar("T")
# From the blocks of a request, what was wrong the last time ("" at first) and how often it was asked
# already: the question; its answer has entries by place in the group.
Ask = Callable[[Sequence[Block], str, int], Question[dict[int, T]]]
_MISSING: Final = "Your last answer left these out, gave them twice, or with values that are not allowed."


class _Group(NamedTuple):
    blocks: Sequence[Block]
    tries: int = 0
    problem: str = ""


class Answers(NamedTuple, Generic[T]):
    """Answers by index of the block, and what was wrong with the last reply that was of no use ("" for none)."""

    given: dict[int, T]
    problem: str


def ask_in_rounds(
    session: Session, groups: Sequence[Sequence[Block]], ask: Ask[T], *, repairs: int, complete: bool
) -> Answers[T]:
    """The answers by index of the block; a block that is missing was not answered.

    A reply of no use is asked for again, `repairs` times; with `complete` so are the blocks that a
    good reply left out. A group whose prompt was too long is halved.
    """
    answers: dict[int, T] = {}
    problem = ""
    waiting = [_Group(blocks) for blocks in groups]
    while waiting:
        replies = session.ask_all([ask(group.blocks, group.problem, group.tries) for group in waiting])
        left: list[_Group] = []
        for group, reply in zip(waiting, replies, strict=True):
            if isinstance(reply, PromptTooLongError | MalformedReplyError):
                problem = str(reply)
            if isinstance(reply, PromptTooLongError):
                left += _halves(group)
            elif isinstance(reply, MalformedReplyError):
                left += _again(group, group.blocks, f"Your last answer could not be used. {reply}", repairs)
            else:
                answers |= {group.blocks[place].index: answer for place, answer in reply.items()}
                missing = [block for place, block in enumerate(group.blocks) if place not in reply]
                if missing and complete:
                    left += _again(group, missing, _MISSING, repairs)
        waiting = left
    return Answers(answers, problem)


def _halves(group: _Group) -> list[_Group]:
    middle = len(group.blocks) // 2
    halves = (group.blocks[:middle], group.blocks[middle:])
    return [group._replace(blocks=half) for half in halves] if middle else []


def _again(group: _Group, blocks: Sequence[Block], problem: str, repairs: int) -> list[_Group]:
    return [_Group(blocks, group.tries + 1, problem)] if group.tries < repairs else []
