"""Exams by a model: tasks with criteria, and SKIM's questions about a skill, written and judged by an examiner.

Soft tokens and smaller texts are examined by such questions alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Protocol

from skill_distiller.errors import MalformedReplyError, PromptTooLongError, ProviderError
from skill_distiller.exams.evidence import text_files
from skill_distiller.exams.model import Check, CheckType, Criterion, Exam, Task
from skill_distiller.exams.sandbox import Sandbox
from skill_distiller.exams.sitting import DEFAULT_QUESTIONS
from skill_distiller.prompted.exchange import EXAM, QUESTIONS, QUOTES, SAME_ANSWER, ask_twice, entries, new_boundary
from skill_distiller.providers.model import Expected, Request
from skill_distiller.providers.session import Question, Session, Unanswered
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import SKILL_FILE
from skill_distiller.tokens import count_tokens

DEFAULT_TASKS: Final = 5
MAX_TASKS: Final = 20
_LEAST_CRITERIA: Final = 2  # of a task; with fewer it says too little
_MOST_CRITERIA: Final = 10
_REPAIRS: Final = 1
_TASK_TOKENS: Final = 600
_QUOTE_TOKENS: Final = 80
_SHOWN_TOKENS: Final = 40_000  # of the skill and its references; references beyond that are not asked about
_MOST_CHARS: Final = 4000  # of a text of the reply
_MOST_CODE: Final = 20_000  # characters
_NEEDS_FILES: Final = "Let at least $few of the tasks need a file beside the SKILL.md (needs: reference)."
_CODE: Final = (
    "Where the skill is about writing Python, up to 2 of the tasks may ask for Python that runs by itself, without "
    "network and packages. Give such a task a check (Python that runs after the code of an answer, and raises unless "
    "that is right) and a solution (code that passes); both are empty for all other tasks."
)
_NO_CODE: Final = "Leave check and solution empty."
_SPACE: Final = re.compile(r"\s+")


class WrittenExam(NamedTuple):
    """An exam, and what did not get into it: quotes that are not in the skill, criteria and tasks that lost all, checks
    that their own solution does not pass or that pass nothing at all."""

    exam: Exam
    quotes_dropped: int
    criteria_dropped: int
    tasks_dropped: int
    checks_dropped: int
    files_left_out: tuple[str, ...]


class Draft(NamedTuple):
    """A task as a model wrote it, with the code that checks it and code that passes, "" for none."""

    task: Task
    check: str = ""
    solution: str = ""


class _Shown(NamedTuple):
    """What a model is shown of a skill, each file with its text, and the names of those it is not shown."""

    texts: tuple[tuple[str, str], ...]
    left_out: tuple[str, ...]

    def holds(self, quote: str) -> bool:
        """Whether a quote stands in one of the texts, white space aside."""
        plain = _plain(quote)
        return bool(plain) and any(plain in _plain(text) for _, text in self.texts)

    def in_core(self, quotes: Sequence[str]) -> bool:
        """Whether all of some quotes stand in SKILL.md."""
        core = _plain(self.texts[0][1])
        return all(_plain(quote) in core for quote in quotes)


@dataclass(frozen=True, slots=True)
class ExamWriter:
    """Has a model write tasks and criteria, and keeps what the skill bears out.

    With a `sandbox` a task may be checked by code, where that passes its solution and fails an empty answer.
    """

    session: Session
    tasks: int = DEFAULT_TASKS
    sandbox: Sandbox | None = None

    def expected(self, folder: SkillFolder) -> Expected:
        """About what `write` will ask: the exam, and once the quotes that are not there."""
        shown = sum(count_tokens(text) for _, text in _shown(folder).texts)
        reply = self.tasks * (_TASK_TOKENS + _QUOTE_TOKENS)
        return Expected(2, 2 * shown + count_tokens(EXAM.text) + reply, reply)

    def write(self, folder: SkillFolder) -> WrittenExam:
        """The exam. Raises ProviderError where no usable one comes, and what the session raises."""
        shown = _shown(folder)
        for _, text in shown.texts:
            self.session.admit(text)
        drafts = self._ask_tasks(shown)
        tasks = [draft.task for draft in drafts]
        missing = [q for task in tasks for c in task.criteria for q in c.evidence if not shown.holds(q)]
        found = self._ask_quotes(shown, tasks) if missing else {}
        kept: list[Task] = []
        quotes = criteria = checks = 0
        for draft in drafts:
            own, dropped = _borne_out(draft.task, found, shown)
            quotes += dropped
            criteria += len(draft.task.criteria) - len(own)
            if len(own) >= _LEAST_CRITERIA:
                core = all(shown.in_core(criterion.evidence) for criterion in own)
                code = self._code_criterion(draft)
                checks += bool(draft.check) - len(code)
                kept.append(replace(draft.task, criteria=(*own, *code), needs="core" if core else "reference"))
        if not kept:
            raise ProviderError(
                f"{self.session.name} wrote no task whose quotes stand in the skill.",
                "Use another model, or --provider embedded for an evidence exam by program.",
            )
        exam = Exam(folder.skill.name, tuple(kept), self.session.name)
        return WrittenExam(exam, quotes, criteria, len(tasks) - len(kept), checks, shown.left_out)

    def _code_criterion(self, draft: Draft) -> tuple[Criterion, ...]:
        """The criterion that code decides: none where its solution fails it, or nothing at all passes."""
        if not (draft.check and self.sandbox):
            return ()
        passes = self.sandbox.run(draft.solution, draft.check).passed
        if not passes or self.sandbox.run("", draft.check).passed:
            return ()
        check = Check(CheckType.CODE, draft.check)
        return (Criterion(f"{draft.task.id}code", "The code of the answer passes the check of the task.", check=check),)

    def _ask_tasks(self, shown: _Shown) -> tuple[Draft, ...]:
        needs = _NEEDS_FILES.replace("$few", str(max(1, self.tasks * 2 // 5))) if len(shown.texts) > 1 else ""
        tokens, code = self.tasks * _TASK_TOKENS, _CODE if self.sandbox else _NO_CODE

        def request(tries: int, problem: str) -> Request:
            boundary = new_boundary([text for _, text in shown.texts])
            values = {"count": str(self.tasks), "needs": needs, "code": code, "problem": problem}
            values["skill"] = _as_shown(shown, boundary)
            return EXAM.request(tokens, count=self.tasks, sample=tries, boundary=boundary, values=values)

        reply = ask_twice(self.session, request, lambda value: read_tasks(value, self.tasks))
        if isinstance(reply, Unanswered):
            raise ProviderError(f"{self.session.name} gave no exam: {reply}", "Use another model, or fewer --tasks.")
        return reply

    def _ask_quotes(self, shown: _Shown, tasks: Sequence[Task]) -> dict[tuple[str, str], str]:
        """Other quotes for those that do not stand in the skill, by criterion and quote; asked for once."""
        wanted = [(c, q) for task in tasks for c in task.criteria for q in c.evidence if not shown.holds(q)]
        boundary = new_boundary([*(text for _, text in shown.texts), *(c.text + q for c, q in wanted)])
        said = (f"{n}. {c.text}\n   said to stand there: {q}" for n, (c, q) in enumerate(wanted))
        values = {
            "count": str(len(wanted)),
            "problem": "",
            "skill": _as_shown(shown, boundary),
            "statements": "\n".join(said),
        }
        request = QUOTES.request(
            len(wanted) * _QUOTE_TOKENS, count=len(wanted), sample=0, boundary=boundary, values=values
        )
        (reply,) = self.session.ask_all([Question(request, lambda value: read_quotes(value, len(wanted)))])
        if isinstance(reply, MalformedReplyError | PromptTooLongError):
            return {}
        return {(wanted[place][0].id, wanted[place][1]): quote for place, quote in reply.items()}


def _borne_out(task: Task, found: Mapping[tuple[str, str], str], shown: _Shown) -> tuple[list[Criterion], int]:
    """The criteria of a task that have a quote in the skill, and how many quotes were dropped."""
    own, dropped = [], 0
    for criterion in task.criteria:
        now = [found.get((criterion.id, quote), quote) for quote in criterion.evidence]
        good = tuple(dict.fromkeys(_plain(quote) for quote in now if shown.holds(quote)))
        dropped += sum(not shown.holds(quote) for quote in now)
        if good:
            own.append(replace(criterion, evidence=good))
    return own, dropped


def read_tasks(value: dict[str, object], count: int) -> tuple[Draft, ...]:
    """The tasks of a reply, numbered anew; raises MalformedReplyError where there is none with a criterion."""
    found = []
    for number, (_, entry) in enumerate(entries(value, count), 1):
        prompt, kind = entry.get("prompt"), entry.get("kind")
        criteria = tuple(_criteria(entry.get("criteria"), f"t{number}"))
        if isinstance(prompt, str) and prompt.strip() and criteria:
            named = kind if kind in ("procedure", "constraint", "format", "edge") else ""
            task = Task(f"t{number}", prompt.strip()[:_MOST_CHARS], criteria, kind=named)
            check, solution = (v if isinstance(v := entry.get(n), str) else "" for n in ("check", "solution"))
            found.append(Draft(task, check.strip()[:_MOST_CODE], solution[:_MOST_CODE]))
    if not found:
        raise MalformedReplyError("It held no task with a prompt and criteria.")
    return tuple(found)


def _criteria(value: object, task: str) -> Iterator[Criterion]:
    number = 0
    for entry in (value if isinstance(value, list) else [])[:_MOST_CRITERIA]:
        text, quotes = (entry.get("text"), entry.get("evidence")) if isinstance(entry, dict) else (None, None)
        listed = [quotes] if isinstance(quotes, str) else quotes if isinstance(quotes, list) else []
        evidence = tuple(q.strip()[:_MOST_CHARS] for q in listed if isinstance(q, str) and q.strip())
        if isinstance(text, str) and text.strip() and evidence:
            number += 1
            yield Criterion(f"{task}c{number}", text.strip()[:_MOST_CHARS], evidence)


def read_quotes(value: dict[str, object], count: int) -> dict[int, str]:
    """The quotes of a reply by place; empty ones are none."""
    said = ((place, entry.get("quote")) for place, entry in entries(value, count))
    return {place: quote.strip()[:_MOST_CHARS] for place, quote in said if isinstance(quote, str) and quote.strip()}


def _shown(folder: SkillFolder) -> _Shown:
    texts, left_out = [(SKILL_FILE, folder.skill.text)], []
    room = _SHOWN_TOKENS - count_tokens(folder.skill.text)
    for path, text in text_files(folder).items():
        tokens = count_tokens(text)
        if tokens <= room:
            texts.append((str(path), text))
            room -= tokens
        else:
            left_out.append(str(path))
    return _Shown(tuple(texts), tuple(left_out))


def _as_shown(shown: _Shown, boundary: str) -> str:
    return "\n".join(f"{boundary} file {name}\n{text.rstrip()}" for name, text in shown.texts)


def _plain(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


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


def expected_questions(body: str, ways: int) -> Expected:
    """About what the examiner will be asked: for the questions, and to judge the answers of so many ways."""
    questions, verdicts = DEFAULT_QUESTIONS * _QUESTION_TOKENS, DEFAULT_QUESTIONS * ways
    tokens, replies = count_tokens(body) + questions, questions + verdicts * _VERDICT_TOKENS
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
