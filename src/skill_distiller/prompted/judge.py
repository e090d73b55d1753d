"""The prompted judge: a language model answers the four questions of the reference."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Final

from skill_distiller.checks.functionality import PENALTY, Functionality, Judge
from skill_distiller.checks.receipt import Comparison
from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.prompted.exchange import JUDGE, headings, new_boundary, number_within
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.model import Block, Skill
from skill_distiller.tokens import count_tokens

CI_SAMPLES: Final = 3
_REPAIRS: Final = 2
_WHOLE_TOKENS: Final = 12_000  # a longer skill is shown without the sections in which nothing changed
_MOST_TOKENS: Final = 60_000  # of one prompt; what is longer still is left to the embedded judge
_REPLY_TOKENS: Final = 200
# Two-sided 95 % points of Student's t with n - 1 degrees of freedom.
_T: Final = {2: 12.706, 3: 4.303}


@dataclass(frozen=True, slots=True)
class PromptedJudge:
    """The mean of a model's answers to four questions, 0-100, minus 10 for each protected pattern lost.

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
        return Expected(self.samples, self.samples * (prompt + round(1.2 * count_tokens(skill.body))))

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result; what was not changed at all keeps all of it, without asking."""
        lost = tuple(sorted(comparison.protected_lost))
        found = tuple(sorted(comparison.protected_found))
        if not comparison.plan.changed:
            return Functionality(100.0, self.method, found, lost)
        answers = self._answers(comparison)
        if not answers:
            estimate = self.embedded.score(comparison)
            return replace(estimate, method=f"{self.embedded.method} (no usable answer of {self.method})")
        score = max(0.0, mean(answers) - PENALTY * len(lost))
        return Functionality(score, self.method, found, lost, half_interval(answers))

    def _answers(self, comparison: Comparison) -> list[float]:
        blocks = _shown_blocks(comparison)
        if sum(count_tokens(block.text) for block in blocks) > _MOST_TOKENS:
            return []
        answers: list[float] = []
        missing, problem = list(range(self.samples)), ""
        for tries in range(_REPAIRS + 1):
            samples = [number + tries * self.samples for number in missing]
            questions = [Question(_request(comparison, blocks, problem, sample), read_score) for sample in samples]
            replies = self.session.ask_all(questions)
            answers += [reply for reply in replies if isinstance(reply, float)]
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
    }
    return JUDGE.request(_REPLY_TOKENS, sample=sample, boundary=boundary, values=values)


def _changes(comparison: Comparison, boundary: str) -> Iterator[str]:
    decisions = comparison.plan.decisions
    if comparison.distilled.body and all(decision.dropped for decision in decisions):
        # Three lines stand for all of it: they are no rendering of a single block.
        yield f"{boundary} the whole skill, its name and description included, now reads:\n{comparison.distilled.text}"
        return
    for decision in decisions:
        if decision.rendering.kind is RenderingKind.FULL:
            continue
        text = decision.rendering.text.rstrip()
        block = f"{boundary} block {decision.block}"
        yield f"{block} now reads:\n{text}" if text else f"{block} was removed"


def read_score(value: dict[str, object]) -> float:
    """The mean of the four answers, 0-100; answers that are all shares of 1 are taken for such.

    Raises MalformedReplyError where one is missing or out of range.
    """
    numbers = [number_within(value.get(name), 100) for name in JUDGE.reply]
    given = [number for number in numbers if number is not None]
    if len(given) < len(numbers):
        raise MalformedReplyError("It lacked one of the four numbers.")
    return mean(given) * (100 if max(given) <= 1 else 1)
