"""What a language model is asked about a skill: prompts, and blocks in numbered groups; and what it replies.

A prompt is a file `prompts/<name>.md` and an entry in `PROMPTS`. Under `=== reply` stands a JSON object: for each field
of the reply its JSON Schema, or a list of one object that stands for one about each thing asked about.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from string import Template
from typing import Any, Final, Generic, NamedTuple, TypeVar

from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.providers.model import Request, Schema
from skill_distiller.providers.session import Question, Session, Unanswered
from skill_distiller.skill.model import Block, Skill
from skill_distiller.tokens import count_tokens


@dataclass(frozen=True, slots=True)
class Prompt:
    """What `prompts/<name>.md` holds: a version as in `classify/1`, the prompt with its blanks (`$name`).

    An empty form of the `reply` asks for plain text.
    """

    name: str
    version: str
    system: str
    text: str
    reply: Mapping[str, Any]

    def form(self, count: int) -> Schema:
        """The JSON Schema of a reply about `count` things, each of which is named by its `index` from 0 on."""
        index = {"type": "integer", "minimum": 0, "maximum": count - 1}
        fields = dict(self.reply)
        for name, form in fields.items():
            if isinstance(form, list):
                entry = _object({"index": index, **form[0]})
                fields[name] = {"type": "array", "minItems": count, "maxItems": count, "items": entry}
        return _object(fields)

    def request(
        self, reply_tokens: int, *, count: int = 1, sample: int, boundary: str, values: Mapping[str, str]
    ) -> Request:
        """The prompt about `count` things with every blank filled in, once: a `$` in a value stays as it is.

        `reply_tokens` is about how long the reply may get; `boundary` marks the text that is data, `sample`
        is as in `Request`.
        """
        return Request(
            Template(self.text).substitute(values, boundary=boundary),
            self.system,
            self.form(count) if self.reply else None,
            reply_tokens,
            sample=sample,
            boundary=boundary,
            prompt_version=self.version,
        )


def _object(properties: Mapping[str, object]) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def read_prompt(name: str, package: str = "skill_distiller.prompted") -> Prompt:
    """The prompt in `prompts/<name>.md` of a package."""
    text = resources.files(package).joinpath(f"prompts/{name}.md").read_text(encoding="utf-8")
    version, system, prompt, reply = re.split(r"\n=== (?:system|prompt|reply)(?=\n)", text)
    number = version.removeprefix("version: ")
    return Prompt(name, f"{name}/{number}", system.removeprefix("\n"), prompt.removeprefix("\n"), json.loads(reply))


READ: Final = read_prompt("read")
REWRITE: Final = read_prompt("rewrite")
REPAIR: Final = read_prompt("repair")
SYNTHESIZE: Final = read_prompt("synthesize")
JUDGE: Final = read_prompt("judge")
ONE_LINER: Final = read_prompt("oneliner")
EXAM: Final = read_prompt("exam")
QUOTES: Final = read_prompt("quotes")
ANSWER: Final = read_prompt("answer")
MARK: Final = read_prompt("mark")
DIRECT: Final = read_prompt("direct")
QUESTIONS: Final = read_prompt("questions")
SAME_ANSWER: Final = read_prompt("same_answer")
CONCEPTS: Final = read_prompt("concepts")
SEGMENT: Final = read_prompt("segment")
ROUTE: Final = read_prompt("route")
QUERIES: Final = read_prompt("queries")
PARAPHRASE: Final = read_prompt("paraphrase")
POLISH: Final = read_prompt("polish")
DESCRIBE: Final = read_prompt("describe")
CONTENT: Final = read_prompt("content")
SIGNPOSTS: Final = read_prompt("signposts")
PROMPTS: Final = (
    *(READ, REWRITE, REPAIR, SYNTHESIZE, JUDGE, ONE_LINER, EXAM, QUOTES, ANSWER, MARK, DIRECT),
    *(QUESTIONS, SAME_ANSWER, CONCEPTS),
    *(SEGMENT, ROUTE, QUERIES, PARAPHRASE, POLISH, DESCRIBE),
    *(CONTENT, SIGNPOSTS),
)


def new_boundary(texts: Iterable[str]) -> str:
    """A random mark that stands in none of the texts: nobody who wrote them can have known it."""
    texts = tuple(texts)
    while True:
        boundary = f"#{secrets.token_hex(8)}"
        if not any(boundary in text for text in texts):
            return boundary


BATCH_TOKENS: Final = 6000  # of the blocks of one request
BATCH_BLOCKS: Final = 150  # more are not numbered reliably, and the reply gets long
_SHOWN: Final = 3000  # characters of a long block: its kind shows at its beginning and end
_TAIL: Final = 600
_MISSING: Final = "Your last answer left these out, gave them twice, or with values that are not allowed."


def batch(blocks: Sequence[Block], shown: Callable[[Block], str]) -> list[list[Block]]:
    """The blocks in order, in groups of at most `BATCH_TOKENS` tokens and `BATCH_BLOCKS` blocks.

    The groups are about equally long. A block that is longer than a group is one of its own.
    """
    sizes = [count_tokens(shown(block)) for block in blocks]
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


def headings(skill: Skill, block: Block) -> str:
    """The headings that a block stands under, on one line."""
    path = skill.heading_path(skill.section_of[block.index])
    return " > ".join(" ".join(heading.split()) for heading in path) or "(before the first heading)"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BlockQuestion(Generic[T]):
    """What is asked of blocks, a group of them in a request.

    `label` is what stands over a block, `reply_tokens` about how long the reply about a group may get,
    `fields` what the prompt holds besides. `read` gives the answers in a reply about a group, by place
    in it; it raises MalformedReplyError where there is none.
    """

    prompt: Prompt
    label: Callable[[Block], str]
    reply_tokens: Callable[[Sequence[Block]], int]
    read: Callable[[dict[str, object], Sequence[Block]], dict[int, T]]
    fields: Mapping[str, str] = field(default_factory=dict)


def ask_twice(
    session: Session, make: Callable[[int, str], Request], read: Callable[[dict[str, object]], T]
) -> T | Unanswered:
    """The answer to one request, made for a try (0 or 1) and what was wrong before; else what is wrong with both.

    Raises what the session raises.
    """
    (answer,) = session.ask_all([Question(make(0, ""), read)])
    if isinstance(answer, Unanswered):
        problem = f"Your last answer could not be used. {answer}"
        (answer,) = session.ask_all([Question(make(1, problem), read)])
    return answer


class _Group(NamedTuple):
    blocks: Sequence[Block]
    tries: int
    problem: str


class Answers(NamedTuple, Generic[T]):
    """Answers by index of the block, and what was wrong with the last reply that was of no use ("" for none)."""

    given: dict[int, T]
    problem: str


def ask_in_rounds(
    session: Session,
    skill: Skill,
    groups: Sequence[Sequence[Block]],
    question: BlockQuestion[T],
    *,
    repairs: int,
    complete: bool = True,
    problem: str = "",
) -> Answers[T]:
    """The answers by index of the block; a block that is missing was not answered.

    A reply of no use is asked for again, `repairs` times; with `complete` so are the blocks that a good reply left out.
    A group whose prompt was too long is halved. `problem` is what the model is told to have done wrong before.
    """
    answers: dict[int, T] = {}
    trouble = ""
    waiting = [_Group(blocks, 0, problem) for blocks in groups]
    while waiting:
        replies = session.ask_all([_ask(skill, group, question) for group in waiting])
        left: list[_Group] = []
        for group, reply in zip(waiting, replies, strict=True):
            if isinstance(reply, PromptTooLongError | MalformedReplyError):
                trouble = str(reply)
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
    return Answers(answers, trouble)


def _halves(group: _Group) -> list[_Group]:
    middle = len(group.blocks) // 2
    halves = (group.blocks[:middle], group.blocks[middle:])
    return [group._replace(blocks=half) for half in halves] if middle else []


def _again(group: _Group, blocks: Sequence[Block], problem: str, repairs: int) -> list[_Group]:
    return [_Group(blocks, group.tries + 1, problem)] if group.tries < repairs else []


def _ask(skill: Skill, group: _Group, question: BlockQuestion[T]) -> Question[dict[int, T]]:
    request = block_request(skill, group.blocks, question, group.problem, group.tries)
    return Question(request, lambda value: question.read(value, group.blocks))


def block_request(
    skill: Skill, blocks: Sequence[Block], question: BlockQuestion[T], problem: str = "", tries: int = 0
) -> Request:
    """The request about a group; `problem` is what was wrong with the reply before."""
    boundary = new_boundary([skill.text])
    shown = [
        f"{boundary} block {place} | {question.label(block)} | {headings(skill, block)}\n{excerpt(block.text)}"
        for place, block in enumerate(blocks)
    ]
    values = {
        "problem": problem,
        "blocks": "\n".join(shown),
        "count": str(len(blocks)),
        "first": "0",
        "last": str(len(blocks) - 1),
        **question.fields,
    }
    reply_tokens = question.reply_tokens(blocks)
    return question.prompt.request(reply_tokens, count=len(blocks), sample=tries, boundary=boundary, values=values)


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
        place = number_within(entry.get("index"), count - 1)
        if place is not None and place.is_integer():
            yield int(place), entry


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
