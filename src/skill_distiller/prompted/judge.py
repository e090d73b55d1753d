"""What a model says of a result: how much it keeps, and what passages say that it says nowhere, each with a quote."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Final, NamedTuple

from skill_distiller.checks.receipt import PENALTY, Comparison, Functionality, Judge, Settled, Word
from skill_distiller.errors import MalformedReplyError, PromptTooLongError, ProviderError
from skill_distiller.planning.required import carriers
from skill_distiller.prompted.exchange import (
    CONCEPTS,
    JUDGE,
    ask_twice,
    headings,
    new_boundary,
    number_within,
    undisputed,
)
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session, Unanswered
from skill_distiller.rewriting.model import Doubt, RenderingKind
from skill_distiller.skill.model import Block, Skill
from skill_distiller.tokens import count_tokens

_REPAIRS: Final = 2
_WHOLE_TOKENS: Final = 12_000  # a longer skill is shown without the sections in which nothing changed
_MOST_TOKENS: Final = 60_000  # of one prompt; what is longer still is left to the embedded judge
_REPLY_TOKENS: Final = 600
MOST_ASKED: Final = 2  # times: of the result, and once more where pieces came back that it missed
_WORD_TOKENS: Final = 40  # of a reply for each doubt
_MOST_MISSING: Final = 30  # quotes of what is missing
_QUESTIONS: Final = tuple(name for name, form in JUDGE.reply.items() if form["type"] == "number")
_BULLET: Final = re.compile(r"^[ \t]*(?:[-*+]|\d+[.)])[ \t]+", re.MULTILINE)
# Two-sided 95 % points of Student's t with n - 1 degrees of freedom.
_T: Final = {2: 12.706, 3: 4.303}


class _Answer(NamedTuple):
    """The mean of the four numbers, 0-100, quotes of what is missing, and a word for each doubt by its number."""

    score: float
    missing: tuple[str, ...]
    words: Mapping[int, tuple[Word, str]]


@dataclass(frozen=True, slots=True)
class PromptedJudge:
    """The mean of a model's answers to four questions, 0-100, minus 10 a protected pattern lost, and what it misses.

    With `samples` 3 it is asked three times, and the interval is the 95 % one of the mean. Where the
    model gives no usable answer the embedded judge scores, and the method says so.
    """

    session: Session
    embedded: Judge
    samples: int = 1

    @property
    def method(self) -> str:
        """What the report calls it: kind and model of the provider."""
        return self.session.name

    def expected(self, skill: Skill) -> Expected:
        """About what `score` will ask, at most and without repairs."""
        prompt = count_tokens(JUDGE.text)
        calls = MOST_ASKED * self.samples
        body = count_tokens(skill.body)
        return Expected(calls, calls * (prompt + round(1.2 * body)), calls * min(_REPLY_TOKENS // 2, body))

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result; what was not changed at all keeps all of it, without asking."""
        lost = tuple(sorted(comparison.protected_lost))
        found = tuple(sorted(comparison.protected_found))
        if not comparison.plan.changed:
            return Functionality(100.0, self.method, found, lost)
        answers = self._answers(comparison)
        if not answers:
            estimate = self.embedded.score(comparison)
            nothing = tuple(Settled(doubt, Word.LOST) for doubt in comparison.plan.open_doubts)
            method = f"{self.embedded.method} (no usable answer of {self.method})"
            return replace(estimate, method=method, settled=nothing)
        scores = [answer.score for answer in answers]
        score = max(0.0, mean(scores) - PENALTY * len(lost))
        missing = tuple(dict.fromkeys(quote for answer in answers for quote in answer.missing))
        settled = settle(comparison.plan.open_doubts, [answer.words for answer in answers])
        return Functionality(score, self.method, found, lost, half_interval(scores), missing, settled)

    def _answers(self, comparison: Comparison) -> list[_Answer]:
        blocks = _shown_blocks(comparison)
        if sum(count_tokens(block.text) for block in blocks) > _MOST_TOKENS:
            return []
        texts = [" ".join(block.text.split()) for block in comparison.reading.skill.blocks]
        result, count = comparison.distilled.text, len(comparison.plan.open_doubts)
        answers: list[_Answer] = []
        missing, problem = list(range(self.samples)), ""
        for tries in range(_REPAIRS + 1):
            samples = [number + tries * self.samples for number in missing]
            questions = [
                Question(
                    _request(comparison, blocks, problem, sample),
                    lambda value: _Answer(
                        read_score(value), read_missing(value, texts), read_words(value, count, result)
                    ),
                )
                for sample in samples
            ]
            replies = self.session.ask_all(questions)
            answers += [reply for reply in replies if isinstance(reply, _Answer)]
            left = [n for n, reply in zip(missing, replies, strict=True) if isinstance(reply, MalformedReplyError)]
            if not left or any(isinstance(reply, PromptTooLongError) for reply in replies):
                break
            missing = left
            problem = "Your last answer could not be used: it needs all four numbers, each from 0 to 100."
        return answers


def half_interval(answers: Sequence[float]) -> float | None:
    """Half the 95 % interval of the mean of two or three answers, by Student's t; None for one."""
    if len(answers) not in _T:
        return None
    return _T[len(answers)] * stdev(answers) / math.sqrt(len(answers))


def _shown_blocks(comparison: Comparison) -> Sequence[Block]:
    """Every block of a skill of ordinary length; of a long one those of the sections where something changed."""
    skill, decisions = comparison.reading.skill, comparison.plan.decisions
    if count_tokens(skill.body) <= _WHOLE_TOKENS:
        return skill.blocks
    changed = {skill.section_of[d.block] for d in decisions if d.rendering.kind is not RenderingKind.FULL}
    return [block for block in skill.blocks if skill.section_of[block.index] in changed]


def _request(comparison: Comparison, blocks: Sequence[Block], problem: str, sample: int) -> Request:
    skill = comparison.reading.skill
    boundary = new_boundary([skill.text, comparison.distilled.text])
    values = {
        "problem": problem,
        "name": skill.name,
        "description": skill.description,
        "blocks": "\n".join(
            f"{boundary} block {block.index} | {headings(skill, block)}\n{block.text.rstrip()}" for block in blocks
        ),
        "changes": "\n".join(_changes(comparison, boundary)),
        "doubts": "\n".join(_doubts(comparison.plan.open_doubts, boundary)),
    }
    tokens = _REPLY_TOKENS + _WORD_TOKENS * len(comparison.plan.open_doubts)
    return JUDGE.request(tokens, sample=sample, boundary=boundary, values=values)


def _changes(comparison: Comparison, boundary: str) -> Iterator[str]:
    decisions = comparison.plan.decisions
    if comparison.distilled.body and all(decision.dropped for decision in decisions):
        # Three lines stand for all of it: they are no rendering of a single block.
        yield f"{boundary} the whole skill, its name and description included, now reads:\n{comparison.distilled.text}"
        return
    elsewhere = carriers(comparison.reading.skill, decisions)
    for decision in decisions:
        if decision.rendering.kind is RenderingKind.FULL:
            continue
        text = decision.rendering.text.rstrip()
        block = f"{boundary} block {decision.block}"
        if text:
            yield f"{block} now reads:\n{text}"
        elif decision.block in elsewhere:
            yield f"{block} is said together with block {elsewhere[decision.block]}, in the text of that"
        elif decision.rendering.stands_in >= 0:
            yield f"{block} was removed: block {decision.rendering.stands_in} says the same"
        else:
            yield f"{block} was removed"


def _doubts(doubts: Sequence[Doubt], boundary: str) -> Iterator[str]:
    for number, doubt in enumerate(doubts):
        blocks = ", ".join(map(str, doubt.blocks))
        yield f"{boundary} doubt {number} | block {blocks}\noriginal: {_line(doubt.before) or '(nothing)'}"
        yield f"now: {_line(doubt.after) or '(nothing in its place)'}\nin question: {' · '.join(doubt.faults)}"


def _without_marks(text: str) -> str:
    """A text as a prompt shows it: cells without their bars, items without their bullets."""
    return " ".join(_BULLET.sub("", text).replace("|", " ").split())


def _line(text: str) -> str:
    return " ".join(text.split())


def settle(doubts: Sequence[Doubt], answers: Sequence[Mapping[int, tuple[Word, str]]]) -> tuple[Settled, ...]:
    """The doubts with the words of one or several answers: lost where one of them says so, or says nothing."""
    found = []
    for number, doubt in enumerate(doubts):
        words = [answer.get(number, (Word.LOST, "")) for answer in answers]
        worst = next((word for word in words if word[0] is Word.LOST), words[0])
        found.append(Settled(doubt, *worst))
    return tuple(found)


def read_words(value: dict[str, object], count: int, result: str) -> dict[int, tuple[Word, str]]:
    """The word on each of `count` doubts, by number; one that is said to be kept has a quote that the result holds.

    What is none, or the second one for a doubt that says otherwise, is passed over: nobody knows which is meant.
    """
    said, shown = value.get("doubts"), _without_marks(result)
    found = []
    for entry in said if isinstance(said, list) else []:
        number = number_within(entry.get("index"), count - 1) if isinstance(entry, dict) else None
        if number is None or not number.is_integer() or entry.get("word") not in tuple(Word):
            continue
        word, quote = Word(entry["word"]), _line(entry["quote"]) if isinstance(entry.get("quote"), str) else ""
        if word is not Word.KEPT or (quote and _without_marks(quote) in shown):
            found.append((int(number), (word, quote if word is Word.KEPT else "")))
    return undisputed(found, lambda word: word[0])


def read_score(value: dict[str, object]) -> float:
    """The mean of the four answers, 0-100; answers that are all shares of 1 are taken for such.

    Raises MalformedReplyError where one is missing or out of range.
    """
    numbers = [number_within(value.get(name), 100) for name in _QUESTIONS]
    given = [number for number in numbers if number is not None]
    if len(given) < len(numbers):
        raise MalformedReplyError("It lacked one of the four numbers.")
    return mean(given) * (100 if max(given) <= 1 else 1)


def read_missing(value: dict[str, object], texts: Sequence[str]) -> tuple[str, ...]:
    """The quotes of what is missing that stand in a text, with white space as one blank; others are passed over."""
    said = value.get("missing")
    quotes = (" ".join(quote.split()) for quote in (said if isinstance(said, list) else []) if isinstance(quote, str))
    return tuple(dict.fromkeys(q for q in quotes if q and any(q in text for text in texts)))[:_MOST_MISSING]


_CONCEPT_TOKENS: Final = 600
_MOST: Final = 40  # losses of one reply that are looked at
_MOST_CHARS: Final = 1000  # of a text of the reply
_SPACE: Final = re.compile(r"\s+")


class Loss(NamedTuple):
    """What is missing: the place of its passage, in a few words, and the words of the passage that say it."""

    place: int
    concept: str
    quote: str


@dataclass(frozen=True, slots=True)
class ConceptReader:
    """Asks a model what a shorter skill leaves unsaid; a loss whose quote is not in its passage does not count."""

    session: Session

    def expected(self, kinds: int, original: str) -> Expected:
        """About what one look at a result will ask, of so many kinds of passages."""
        replies = kinds * _CONCEPT_TOKENS // 2
        prompts = kinds * count_tokens(CONCEPTS.text) + (kinds + 1) * count_tokens(original)
        return Expected(kinds, prompts + replies, replies)

    def find(self, kind: str, passages: Sequence[str], shorter: str) -> tuple[Loss, ...]:
        """What the shorter skill says nowhere of some passages of one kind.

        Raises ProviderError where no usable reply comes: then nobody knows whether something is missing.
        """
        self.session.admit("\n".join([*passages, shorter]))

        def request(tries: int, problem: str) -> Request:
            boundary = new_boundary([*passages, shorter])
            values = {
                "count": str(len(passages)),
                "kind": kind,
                "problem": problem,
                "passages": "\n".join(f"{boundary} passage {n}\n{text.rstrip()}" for n, text in enumerate(passages)),
                "skill": shorter.rstrip(),
            }
            return CONCEPTS.request(_CONCEPT_TOKENS, sample=tries, boundary=boundary, values=values)

        reply = ask_twice(self.session, request, lambda value: read_losses(value, passages))
        if isinstance(reply, Unanswered):
            told = f"{self.session.name} could not say whether {kind} is still there: {reply}"
            raise ProviderError(told, "Use another model.")
        return reply


def read_losses(value: dict[str, object], passages: Sequence[str]) -> tuple[Loss, ...]:
    """The losses of a reply whose quotes stand in their passages; raises MalformedReplyError where there is no list."""
    listed = value.get("missing")
    if not isinstance(listed, list):
        raise MalformedReplyError("It held no list of what is missing.")
    found = []
    for entry in listed[:_MOST]:
        place, concept, quote = (
            entry.get(n) if isinstance(entry, dict) else None for n in ("index", "concept", "quote")
        )
        if not (isinstance(place, int) and not isinstance(place, bool) and 0 <= place < len(passages)):
            continue
        if isinstance(quote, str) and _plain(quote) and _plain(quote) in _plain(passages[place]):
            named = concept if isinstance(concept, str) and concept.strip() else quote
            found.append(Loss(place, _plain(named)[:_MOST_CHARS], _plain(quote)[:_MOST_CHARS]))
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()
