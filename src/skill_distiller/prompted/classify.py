"""Classify blocks with a language model: types, confidences, and the phrases it quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from skill_distiller.analysis.model import Analysis, Analyzer, ModelPart, Phrases, SectionType, Verdict, floored
from skill_distiller.errors import MalformedReplyError, ProviderError
from skill_distiller.prompted.exchange import (
    CLASSIFY,
    PHRASES,
    Answers,
    BlockQuestion,
    ask_in_rounds,
    batch,
    entries,
    excerpt,
    share,
    undisputed,
)
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Session
from skill_distiller.rewriting.redundant import compressible_blocks
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.tokens import count_tokens

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


def groups_of(skill: Skill) -> list[list[Block]]:
    """The blocks that are asked about, in groups of one request each."""
    return batch(asked_blocks(skill), lambda block: excerpt(block.text))


def classify(session: Session, skill: Skill, groups: Sequence[Sequence[Block]]) -> Answers[Label]:
    """The labels by index of the block; a block is missing where the model gave no usable answer."""

    question = BlockQuestion(
        CLASSIFY,
        lambda block: block.kind.value,
        lambda blocks: 100 + REPLY_TOKENS * len(blocks),
        lambda value, blocks: read_labels(value, len(blocks)),
        {"name": skill.name, "description": skill.description},
    )
    return ask_in_rounds(session, skill, groups, question, repairs=REPAIRS)


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


_REPAIRS: Final = 1
_MOST: Final = 60  # phrases of a section, of either kind


def score_phrases(session: Session, skill: Skill, verdicts: Sequence[Verdict]) -> dict[int, Phrases]:
    """The phrases by index of the block; blocks that the model said nothing usable of are left out."""
    question = BlockQuestion(
        PHRASES,
        lambda block: verdicts[block.index].type.value,
        lambda blocks: 200 + sum(60 + len(block.text) // 3 for block in blocks),
        lambda value, blocks: read_phrases(value, [block.text for block in blocks]),
    )
    groups = batch(compressible_blocks(skill, verdicts), lambda block: block.text)
    return ask_in_rounds(session, skill, groups, question, repairs=_REPAIRS, complete=False).given


def read_phrases(value: dict[str, object], texts: Sequence[str]) -> dict[int, Phrases]:
    """The phrases of a reply, by place of their text; a quote that does not stand in its text is passed over.

    Raises MalformedReplyError for a reply that speaks of none of the texts.
    """
    found: dict[int, Phrases] = {}
    for place, entry in entries(value, len(texts)):
        if place in found:
            continue
        essential, redundant = (_quotes(entry.get(name), texts[place]) for name in ("essential", "redundant"))
        found[place] = Phrases(essential, redundant)
    if not found:
        raise MalformedReplyError("It spoke of none of the sections.")
    return found


def _quotes(value: object, text: str) -> tuple[str, ...]:
    quotes = value if isinstance(value, list) else []
    return tuple(
        dict.fromkeys(q.strip() for q in quotes[:_MOST] if isinstance(q, str) and q.strip() and q.strip() in text)
    )


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
    """Types and confidences by a language model; all else, and every block it leaves out, by an embedded analyzer."""

    def __init__(self, session: Session, embedded: Analyzer) -> None:
        self._session = session
        self._embedded = embedded
        self._last: Analysis | None = None  # what was expected is asked next: the same skill twice

    @property
    def name(self) -> str:
        """What the report calls it: kind and model of the provider."""
        return self._session.name

    def expected(self, skill: Skill) -> Expected:
        """About what `analyze` will ask, at most and without repairs."""
        groups = groups_of(skill)
        per_call, body = count_tokens(CLASSIFY.text), count_tokens(skill.body)
        classification = body + len(groups) * per_call + REPLY_TOKENS // 2 * len(asked_blocks(skill))
        likely = compressible_blocks(skill, self._analysis(skill).verdicts)
        scoring = sum(count_tokens(block.text) for block in likely)
        calls = len(groups) + (-(-scoring // 6000) if likely else 1 if groups else 0)
        return Expected(calls, classification + 2 * scoring + per_call)

    def analyze(self, skill: Skill) -> Analysis:
        """One verdict a block; raises what the session raises, and ProviderError where no answer is usable."""
        self._session.admit(skill.text)
        embedded = self._analysis(skill)
        asked = asked_blocks(skill)
        labels, problem = classify(self._session, skill, groups_of(skill))
        if asked and not labels:
            raise ProviderError(
                f"{self.name} gave no usable answer for any of {len(asked)} blocks in {REPAIRS + 1} tries. {problem}",
                "Choose another model with --model, or --provider embedded.",
            )
        verdicts = tuple(
            labeled(verdict, labels[i]) if i in labels else verdict for i, verdict in enumerate(embedded.verdicts)
        )
        phrases = score_phrases(self._session, skill, verdicts)
        unanswered = tuple(block.index for block in asked if block.index not in labels)
        return Analysis(skill, verdicts, self.name, model_part=ModelPart(unanswered, phrases))

    def _analysis(self, skill: Skill) -> Analysis:
        if self._last is None or self._last.skill is not skill:
            self._last = self._embedded.analyze(skill)
        return self._last


def labeled(verdict: Verdict, label: Label) -> Verdict:
    """An embedded verdict with the type and confidence of a model, and the class that blocks of another type have.

    The importance moves with the type, by the means of labeled blocks, and so stays on the scale of
    the embedded analyzer: blocks with a label can be weighed against those without. What is
    protected, advisory or a hard rule was found by program and stays.
    """
    importance = verdict.importance * _TYPICAL[label.type] / _TYPICAL[verdict.type]
    importance = min(1.0, floored(importance, verdict.protected))
    return replace(verdict, type=label.type, confidence=label.confidence, importance=importance)
