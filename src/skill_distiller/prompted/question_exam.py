"""SKIM's exam: questions about a skill, and whether a model that has less of it answers them as with its whole text.

The examiner writes the questions and judges the answers. Soft tokens and smaller texts are examined by it alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from skill_distiller.errors import MalformedReplyError, PromptTooLongError
from skill_distiller.exams.selection import DEFAULT_QUESTIONS
from skill_distiller.prompted.exchange import QUESTIONS, SAME_ANSWER, new_boundary
from skill_distiller.providers.model import Expected
from skill_distiller.providers.session import Question, Session, Unanswered
from skill_distiller.tokens import count_tokens

_QUESTION_TOKENS: Final = 80
_VERDICT_TOKENS: Final = 24
_ANSWER_TOKENS: Final = 300  # about, of an answer that is judged
_ATTEMPTS: Final = 2  # N questions, then as many more as are missing: 2 N in all at the most
_AGAIN: Final = "Your last answer was no verdict."


class Reply(Protocol):
    """What an examinee says: the text, and whether it came to its end."""

    @property
    def text(self) -> str:
        """The answer, "" for none."""

    @property
    def whole(self) -> bool:
        """Whether it came to its end."""


Answering = Callable[[Sequence[str]], Sequence[Reply]]  # questions in, answers out, in the same order


@dataclass(slots=True)
class Answered:
    """A question with its reference, and for each way to carry the skill the answer and whether it was accepted."""

    question: str
    reference: str
    candidates: dict[float, str] = field(default_factory=dict)
    accepted: dict[float, bool] = field(default_factory=dict)


def expected_questions(body: str, ways: int, count: int = DEFAULT_QUESTIONS) -> Expected:
    """About what the examiner will be asked: for the questions, and to judge the answers of so many ways."""
    tokens = count_tokens(body) + count * _QUESTION_TOKENS
    verdicts = count * ways
    replies = count * _QUESTION_TOKENS + verdicts * _VERDICT_TOKENS
    return Expected(1 + verdicts, tokens + verdicts * (count_tokens(SAME_ANSWER.text) + 2 * _ANSWER_TOKENS), replies)


def find_references(
    body: str, examiner: Session, answering: Answering, count: int = DEFAULT_QUESTIONS, given: Sequence[str] = ()
) -> list[Answered]:
    """Questions about a skill with the answers that its whole text gives; `given` asks these instead.

    A reference that is empty or cut is replaced by another question, twice as many in all at the most.
    """
    if given:
        return _answer(given, answering)
    answered: list[Answered] = []
    asked: list[str] = []
    for attempt in range(_ATTEMPTS):
        missing = count - len(answered)
        if not missing:
            break
        new = [q for q in write_questions(body, missing, asked, examiner, attempt) if q not in asked][:missing]
        asked += new
        answered += _answer(new, answering)
    return answered


def _answer(questions: Sequence[str], answering: Answering) -> list[Answered]:
    replies = zip(questions, answering(questions), strict=True)
    return [Answered(question, reply.text) for question, reply in replies if reply.text and reply.whole]


def write_questions(body: str, count: int, asked: Sequence[str], examiner: Session, attempt: int) -> list[str]:
    """Questions that tell whether somebody knows a skill, none twice; none where the reply is of no use."""
    known = "Not these, which were asked already:\n" + "\n".join(f"- {question}" for question in asked) if asked else ""
    request = QUESTIONS.request(
        count * _QUESTION_TOKENS,
        count=count,
        sample=attempt,
        boundary=new_boundary([body, *asked]),
        values={"count": str(count), "known": known, "problem": "", "skill": body},
    )
    try:
        value = examiner.ask(Question(request, lambda value: value))
    except (MalformedReplyError, PromptTooLongError):
        return []
    items = value.get("questions")
    texts = (item.get("question") for item in (items if isinstance(items, list) else ()) if isinstance(item, dict))
    return list(dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip()))


def judge_answers(answered: Sequence[Answered], examiner: Session) -> None:
    """A verdict on every candidate that has none yet; where the reply is none it is asked for once more.

    A candidate that is empty is wrong, and so is one about which no verdict is to be had.
    """
    new = [(one, way) for one in answered for way in one.candidates if way not in one.accepted]
    for one, way in new:
        one.accepted[way] = False
    waiting = [(one, way) for one, way in new if one.candidates[way]]
    for attempt in range(2):
        questions = [_verdict(one, way, attempt) for one, way in waiting]
        left = []
        for (one, way), reply in zip(waiting, examiner.ask_all(questions), strict=True):
            if isinstance(reply, bool):
                one.accepted[way] = reply
            else:
                left.append((one, way))
        waiting = left


def _verdict(one: Answered, way: float, attempt: int) -> Question[bool | Unanswered]:
    boundary = new_boundary([one.question, one.reference, one.candidates[way]])
    values = {
        "problem": _AGAIN if attempt else "",
        "question": one.question,
        "reference": one.reference,
        "candidate": one.candidates[way],
    }
    return Question(SAME_ANSWER.request(_VERDICT_TOKENS, sample=0, boundary=boundary, values=values), _is_same)


def _is_same(value: Mapping[str, object]) -> bool:
    verdict = value.get("verdict")
    if verdict not in ("same", "different"):
        raise MalformedReplyError("The reply is no verdict.")
    return verdict == "same"
