"""The skill exam: does a model answer with soft tokens as it does with the text? (The paper's Algorithm 1.)

The examiner writes questions from the text and judges the answers, as for texts (`write_exam`); it is the target
itself, its adapter off, or any provider. The reference is what the target says with the full text and its adapter off;
a candidate what it says with soft tokens and its adapter on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from skill_distiller.errors import BadInputError, PromptTooLongError
from skill_distiller.exams.exam_files import parse_exam
from skill_distiller.exams.sitting import DEFAULT_QUESTIONS, DEFAULT_THRESHOLD
from skill_distiller.prompted.write_exam import Answered, find_references, judge_answers
from skill_distiller.providers.model import Completion, Finish, Request
from skill_distiller.providers.session import Session
from skill_distiller.soft.artifact import Carried, SoftArtifact, SoftChoice, carry
from skill_distiller.soft.manifest import Selected, offered, select
from skill_distiller.soft.networks import Generated, Target
from skill_distiller.soft.rows import fill
from skill_distiller.tokens import estimate_tokens


@dataclass(frozen=True, slots=True)
class ExamOptions:
    """How many questions, and the share of them (0-1) that has to be answered alike; `given` asks these instead."""

    questions: int = DEFAULT_QUESTIONS
    threshold: float = DEFAULT_THRESHOLD
    given: tuple[str, ...] = ()


class Examinee(Protocol):
    """Who sits the exam of one skill."""

    def reference(self, question: str) -> Generated:
        """The answer with the full text, as the model was before any training."""

    def candidate(self, question: str, resolution: int) -> Generated:
        """The answer with the first soft tokens."""


class HeldExam(NamedTuple):
    """An exam that was held: what was selected, and all that was said in it."""

    selected: Selected
    answered: tuple[Answered, ...]

    def lines(self) -> bytes:
        """One line of JSON a question."""
        told = (
            {"question": one.question, "reference": one.reference,
             "candidates": {str(size): {"answer": text, "accepted": one.accepted[size]}
                            for size, text in one.candidates.items()}}
            for one in self.answered
        )  # fmt: skip
        return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in told).encode()


def hold_exam(
    body: str, body_tokens: int, resolutions: Sequence[int], examinee: Examinee, examiner: Session, options: ExamOptions
) -> HeldExam:
    """Examine the soft tokens of a skill, and select how it will be carried.

    A reference that is empty or cut is replaced by another question, twice as many in all at the most; a candidate that
    is empty counts as wrong, and so does one about which no verdict is to be had.
    """
    sizes = offered(resolutions, body_tokens)
    if not sizes:
        return HeldExam(select({}, 0, options.questions, options.threshold), ())
    wanted = len(options.given) or options.questions
    answered = find_references(
        body, examiner, lambda asked: [*map(examinee.reference, asked)], options.questions, options.given
    )
    for one in answered:
        for size in sizes:
            one.candidates[size] = examinee.candidate(one.question, size).text
    judge_answers(answered, examiner)
    accepted = {size: sum(one.accepted[size] for one in answered) for size in sizes}
    return HeldExam(select(accepted, len(answered), wanted, options.threshold), tuple(answered))


class LocalExaminee:
    """The target sits the exam, with the text of a skill or the soft tokens of its artifact."""

    def __init__(self, target: Target, artifact: SoftArtifact, body: str, most_tokens: int) -> None:
        self._target, self._artifact, self._most = target, artifact, most_tokens
        self._text = target.layout.encode(body)

    def reference(self, question: str) -> Generated:
        """With the full text, the adapter off."""
        with self._target.without_adapter():
            return answer(self._target, question, carry([self._text]), self._most)

    def candidate(self, question: str, resolution: int) -> Generated:
        """With soft tokens, the adapter on."""
        return answer(self._target, question, carry([SoftChoice(self._artifact, resolution)]), self._most)


def answer(target: Target, query: str, carried: Carried, most_tokens: int, system: str | None = None) -> Generated:
    """The likeliest answer to a query with the skills that are carried.

    Raises BadInputError for a prompt that the model has no room for.
    """
    prompt = target.layout.question(query, carried.pieces, system)
    filled = fill(target, prompt, carried.soft)
    room = getattr(target.inner.config, "max_position_embeddings", None)
    if room and len(filled) + most_tokens > room:
        raise BadInputError(
            f"The prompt of {len(filled)} tokens and {most_tokens} for the answer take more than the model's {room}.",
            "Ask for fewer tokens, or carry a skill as soft tokens.",
        )
    (generated,) = target.generate([filled], most_tokens)
    return generated


class TargetProvider:
    """The target as a provider, adapter off: it examines itself through the session that others go through."""

    name = "target"
    address = ""
    parallel = 1

    def __init__(self, target: Target, model: str) -> None:
        self.model = model
        self._target = target

    def complete(self, request: Request) -> Completion:
        """The likeliest reply; raises PromptTooLongError where the model has no room for it."""
        prompt = f"{request.system}\n\n{request.prompt}" if request.system else request.prompt
        with self._target.without_adapter():
            try:
                found = answer(self._target, prompt, carry([]), request.reply_tokens)
            except BadInputError as error:
                raise PromptTooLongError(str(error), error.hint) from None
        return Completion(
            found.text, self.model, estimate_tokens(prompt), found.tokens, Finish.DONE if found.whole else Finish.CUT
        )

    def close(self) -> None:
        """There is nothing to give back."""


def read_questions(text: str) -> tuple[str, ...]:
    """The questions of a file: one a line, or the tasks of an exam; raises BadInputError where there are none."""
    if text.lstrip().startswith(("{", "[")):
        exam = parse_exam(text)
        if not exam.answerable:
            raise BadInputError("A program made the exam, for no agent to answer.", "Name one by people or a model.")
        return tuple(dict.fromkeys(task.prompt for task in exam.tasks))
    found = tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    if not found:
        raise BadInputError("The file of questions holds none.", "Write one question a line.")
    return found
