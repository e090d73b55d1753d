"""Read a skill with a language model, once: what every block is and matters, what it repeats, the phrases to go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Analysis, Analyzer, ModelPart, Phrases, SectionType, Verdict, floored
from skill_distiller.errors import MalformedReplyError, ProviderError
from skill_distiller.prompted.exchange import (
    READ,
    Answers,
    BlockQuestion,
    ask_in_rounds,
    batch,
    entries,
    excerpt,
    number_within,
    share,
    undisputed,
)
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.redundant import compressible_blocks
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.tokens import count_tokens

REPAIRS: Final = 2  # tries after the first; then a block takes the embedded verdict
REPLY_TOKENS: Final = 80  # a block, also where a model spreads its JSON over many lines
_NOT_ASKED: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})
_MOST: Final = 60  # phrases of a block, of either kind
_MOST_ALIKE: Final = 40  # sets of blocks that share a form or a content


class Label(NamedTuple):
    """What a model said of a block: its type, how sure it is of it, and how much it matters (0-1, None for no word).

    `repeats` is the place of the block that says the same, -1 for none; `known` whether an agent knows it anyway;
    `phrases` are quotes of the block.
    """

    type: SectionType
    confidence: float
    importance: float | None = None
    repeats: int = -1
    known: bool = False
    phrases: Phrases = Phrases((), ())


def asked_blocks(skill: Skill) -> list[Block]:
    """The blocks that a model is asked about: all but rules (`---`) and link definitions."""
    return [block for block in skill.blocks if block.kind not in _NOT_ASKED]


def groups_of(skill: Skill) -> list[list[Block]]:
    """The blocks that are asked about, in groups of one request each."""
    return batch(asked_blocks(skill), lambda block: excerpt(block.text))


def read_blocks(
    session: Session, skill: Skill, groups: Sequence[Sequence[Block]]
) -> tuple[Answers[Label], tuple[tuple[int, ...], ...]]:
    """The labels by index of the block, and the sets of blocks that are alike; a block without an answer is missing."""
    alike: dict[tuple[int, ...], None] = {}

    def read(value: dict[str, object], blocks: Sequence[Block]) -> dict[int, Label]:
        texts = [block.text for block in blocks]
        labels = read_labels(value, texts)
        numbers = [block.index for block in blocks]
        alike.update(dict.fromkeys(tuple(numbers[i] for i in places) for places in read_alike(value, len(blocks))))
        return {
            place: label._replace(repeats=numbers[label.repeats] if label.repeats >= 0 else -1)
            for place, label in labels.items()
        }

    question = BlockQuestion(
        READ,
        lambda block: block.kind.value,
        lambda blocks: 200 + sum(REPLY_TOKENS + len(block.text) // 12 for block in blocks),
        read,
        {"name": skill.name, "description": skill.description},
    )
    answers = ask_in_rounds(session, skill, groups, question, repairs=REPAIRS)
    return answers, tuple(alike)


def read_labels(value: dict[str, object], texts: Sequence[str]) -> dict[int, Label]:
    """The labels of a reply, by place of their text; what is no label of one of the texts is passed over.

    A place that is given two different types has none. Raises MalformedReplyError for a reply without any label.
    """
    found = ((place, label) for place, entry in entries(value, len(texts)) if (label := _label(entry, place, texts)))
    labels = undisputed(found, lambda label: label.type)
    if not labels:
        raise MalformedReplyError("It held no block with one of the types.")
    return labels


def _label(entry: dict[str, object], place: int, texts: Sequence[str]) -> Label | None:
    confidence, name = share(entry.get("confidence")), entry.get("type")
    if confidence is None or not isinstance(name, str) or len(name) > 40:
        return None
    try:
        kind = SectionType("_".join(name.upper().replace("-", " ").split()))
    except ValueError:
        return None
    repeats = number_within(entry.get("repeats"), len(texts) - 1)
    other = int(repeats) if repeats is not None and repeats.is_integer() and int(repeats) != place else -1
    essential, redundant = (_quotes(entry.get(name), texts[place]) for name in ("essential", "redundant"))
    known = entry.get("known") is True
    return Label(kind, confidence, share(entry.get("importance")), other, known, Phrases(essential, redundant))


def _quotes(value: object, text: str) -> tuple[str, ...]:
    quotes = value if isinstance(value, list) else []
    return tuple(
        dict.fromkeys(q.strip() for q in quotes[:_MOST] if isinstance(q, str) and q.strip() and q.strip() in text)
    )


def read_alike(value: dict[str, object], count: int) -> Iterator[tuple[int, ...]]:
    """The sets of two or more places that a reply calls alike; what is no place of one of `count` is passed over."""
    sets = value.get("alike")
    for places in (sets if isinstance(sets, list) else [])[:_MOST_ALIKE]:
        numbers = [number_within(place, count - 1) for place in (places if isinstance(places, list) else [])]
        found = sorted({int(number) for number in numbers if number is not None and number.is_integer()})
        if len(found) > 1:
            yield tuple(found)


# Mean importance (0-1) of labeled real blocks by type: the scale that embedded analyzers are fitted to.
_TYPICAL: Final = {
    SectionType.TRIGGER: 0.34,
    SectionType.CORE_INSTRUCTION: 0.49,
    SectionType.CONSTRAINT: 0.50,
    SectionType.OUTPUT_FORMAT: 0.49,
    SectionType.ADVISORY_PATTERN: 0.30,
    SectionType.EXAMPLE: 0.25,
    SectionType.EDGE_CASE: 0.37,
    SectionType.EXPLANATION: 0.24,
    SectionType.VERBOSE_DETAIL: 0.08,
}


class PromptedAnalyzer:
    """Types, confidences and what repeats what by a language model; all else, and what it leaves out, embedded."""

    def __init__(self, session: Session, embedded: Analyzer) -> None:
        self._session = session
        self._embedded = embedded

    @property
    def name(self) -> str:
        """What the report calls it: kind and model of the provider."""
        return self._session.name

    def expected(self, skill: Skill) -> Expected:
        """About what `analyze` will ask, at most and without repairs."""
        groups = groups_of(skill)
        reply = REPLY_TOKENS // 2 * len(asked_blocks(skill))
        return Expected(len(groups), count_tokens(skill.body) + len(groups) * count_tokens(READ.text) + reply, reply)

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict a block; raises what the session raises, and ProviderError where no answer is usable."""
        self._session.admit(skill.text)
        embedded = self._embedded.analyze(skill)
        asked = asked_blocks(skill)
        (labels, problem), alike = read_blocks(self._session, skill, groups_of(skill))
        if asked and not labels:
            raise ProviderError(
                f"{self.name} gave no usable answer for any of {len(asked)} blocks in {REPAIRS + 1} tries. {problem}",
                "Choose another model with --model, or --provider embedded.",
            )
        verdicts = tuple(
            labeled(verdict, labels[i]) if i in labels else verdict for i, verdict in enumerate(embedded.verdicts)
        )
        part = ModelPart(
            tuple(block.index for block in asked if block.index not in labels),
            _phrases(skill, verdicts, labels),
            {i: label.repeats for i, label in labels.items() if label.repeats >= 0},
            frozenset(i for i, label in labels.items() if label.known),
            alike,
        )
        return Analysis(skill, verdicts, self.name, model_part=part)


def _phrases(skill: Skill, verdicts: Sequence[Verdict], labels: Mapping[int, Label]) -> dict[int, Phrases]:
    """The phrases by index of their block, of the blocks that may lose any."""
    blocks: Iterable[Block] = compressible_blocks(skill, verdicts)
    said = {block.index: labels[block.index].phrases for block in blocks if block.index in labels}
    return {index: phrases for index, phrases in said.items() if phrases.essential or phrases.redundant}


def labeled(verdict: Verdict, label: Label) -> Verdict:
    """An embedded verdict with the type and confidence of a model, and the class that blocks of another type have.

    The importance moves with the type, by the means of labeled blocks, and so stays on the scale of
    the embedded analyzer: blocks with a label can be weighed against those without. What the model says of it
    counts half. What is protected, advisory or a hard rule was found by program and stays.
    """
    importance = verdict.importance * _TYPICAL[label.type] / _TYPICAL[verdict.type]
    if label.importance is not None:
        importance = (importance + label.importance) / 2
    importance = min(1.0, floored(importance, verdict.protected))
    return replace(verdict, type=label.type, confidence=label.confidence, importance=importance)
