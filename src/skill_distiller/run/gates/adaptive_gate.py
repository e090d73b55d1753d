"""The adaptive mode (SKIM's offline exam, on texts): the smallest result that still answers as the original does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from skill_distiller.errors import RefusedError
from skill_distiller.exams.model import Criterion, Exam, Task
from skill_distiller.exams.sitting import (
    DEFAULT_QUESTIONS,
    DEFAULT_THRESHOLD,
    Reason,
    first_enough,
    retention,
    with_all,
    with_reading,
)
from skill_distiller.planning.plan import Mode
from skill_distiller.prompted.write_exam import expected_questions, find_references, judge_answers
from skill_distiller.rewriting.model import Wording
from skill_distiller.run.gates.bring_back import Found, Gated, Made
from skill_distiller.run.gates.exam_gate import CANDIDATE, Distilling, ExamRun
from skill_distiller.run.result import Basis, GateOutcome, GateRound, Result
from skill_distiller.run.run import Run

if TYPE_CHECKING:
    from skill_distiller.prompted.sit_exam import Examiner

NAME: Final = "adaptive"
STEPS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)  # thresholds from the cheap end of the frontier up
_WHY: Final = {
    Reason.NOT_REACHED: "nothing smaller keeps enough",
    Reason.SHORT: "nothing smaller passes its own verification",
    Reason.INCONCLUSIVE: "too few questions have an answer with the original",
}


class Look(NamedTuple):
    """How many questions a result answers as the original does, and what that means for a gate."""

    accepted: int
    found: Found


class Points(Protocol):
    """Questions that points of the frontier are held against."""

    @property
    def asked(self) -> int:
        """How many have an answer of the original."""

    @property
    def wanted(self) -> int:
        """How many should have one."""

    def look(self, made: Made[Result]) -> Look:
        """What of them a result answers as the original does."""


class EvidencePoints:
    """Without a model: a question is a criterion, answered where its evidence is still there."""

    def __init__(self, exam_run: ExamRun) -> None:
        self._run = replace(exam_run, exam=_first_tasks(exam_run.exam), examiner=None)
        self.asked = self.wanted = self._run.take([]).evidence.criteria

    def look(self, made: Made[Result]) -> Look:
        """The criteria that keep their evidence."""
        evidence = self._run.take([(CANDIDATE, made.folder)]).evidence.candidates[0]
        lost = tuple(one.criterion for one in evidence.lost)
        return Look(evidence.reachable, Found(evidence.reachable / self.asked, lost, Basis.EVIDENCE))


class TaskPoints:
    """The first tasks of an exam: accepted where the result keeps all of the original's score.

    A task that the result can't answer is not accepted; one that the original can't answer counts for nobody.
    """

    def __init__(self, exam_run: ExamRun, examiner: Examiner) -> None:
        self._exam, self._examiner = _first_tasks(exam_run.exam), examiner
        own = with_all(exam_run.original, exam_run.counter, exam_run.context)
        self._original = {sitting.task: sitting for sitting in examiner.sit(self._exam, [own]) if not sitting.fault}
        self.asked, self.wanted = len(self._original), len(self._exam.tasks)

    def look(self, made: Made[Result]) -> Look:
        """The tasks that are answered as well as by the original."""
        failed, accepted = list[Criterion](), 0
        for sitting in self._examiner.sit(self._exam, [with_reading(CANDIDATE, made.folder)]):
            original = self._original.get(sitting.task)
            if original is None:
                continue
            met = {mark.criterion.id for mark in sitting.decided if mark.met}
            failed += [mark.criterion for mark in original.decided if mark.met and mark.criterion.id not in met]
            accepted += sitting.score is not None and retention(original.score or 0.0, sitting.score) >= 1
        return Look(accepted, Found(accepted / self.asked if self.asked else 0.0, tuple(failed), Basis.ANSWERS))


class QuestionPoints:
    """Questions that a model writes: accepted where the judge finds that the result's answer says the same."""

    def __init__(self, exam_run: ExamRun, examiner: Examiner) -> None:
        self._examiner, self._tries = examiner, 0
        own = with_all(exam_run.original, exam_run.counter, exam_run.context)
        examiner.judging.admit(own.skill)
        self._answered = find_references(own.skill, examiner.judging, partial(examiner.answers, own))
        self.asked, self.wanted = len(self._answered), DEFAULT_QUESTIONS

    def look(self, made: Made[Result]) -> Look:
        """The questions that are answered alike; an answer that can't be had is none."""
        way, self._tries = self._tries, self._tries + 1
        condition = with_reading(CANDIDATE, made.folder)
        replies = self._examiner.answers(condition, [one.question for one in self._answered])
        for one, reply in zip(self._answered, replies, strict=True):
            one.candidates[way] = reply.text
            self._examiner.judging.admit(f"{one.reference}\n{reply.text}")
        judge_answers(self._answered, self._examiner.judging)
        accepted = sum(one.accepted[way] for one in self._answered)
        failed = tuple(
            Criterion(f"q{number}", one.question)
            for number, one in enumerate(self._answered, 1)
            if not one.accepted[way]
        )
        return Look(accepted, Found(accepted / self.asked if self.asked else 0.0, failed, Basis.ANSWERS))


def _first_tasks(exam: Exam) -> Exam:
    return replace(exam, tasks=exam.tasks[:DEFAULT_QUESTIONS]) if exam.answerable else exam


def asks_questions(exam_run: ExamRun) -> bool:
    """Whether a model has to write the questions: there is one, and no exam that an agent can sit."""
    return exam_run.examiner is not None and not exam_run.exam.answerable


def announce(exam_run: ExamRun) -> None:
    """Tell the sessions about the most that `choose_by_exam` will ask."""
    examiner, ways = exam_run.examiner, len(STEPS)
    if examiner is None:
        return
    own = with_all(exam_run.original, exam_run.counter, exam_run.context)
    some = [own, *(with_reading(CANDIDATE, exam_run.original) for _ in STEPS)]
    if asks_questions(exam_run):
        tasks = tuple(Task(str(number), "", ()) for number in range(DEFAULT_QUESTIONS))
        answers, _ = examiner.expected(Exam("", tasks), some)
        marks = expected_questions(own.skill, ways)
    else:
        answers, marks = examiner.expected(_first_tasks(exam_run.exam), some)
    examiner.answering.expect(answers)
    examiner.judging.expect(marks)


def choose_by_exam(run: Run, exam_run: ExamRun, threshold: float = DEFAULT_THRESHOLD) -> Gated[Result]:
    """The smallest of the results from the cheap end of the frontier up that answers enough, else the original.

    The questions are the first 10 tasks of an exam, or 10 that a model writes; the rule is that of `first_enough`.
    Raises what `carry_out`, `ExamRun.take` and a session raise.
    """
    points = _points(exam_run)
    tried: list[tuple[Made[Result], GateRound]] = []

    def walk() -> Iterator[tuple[int, int]]:
        for step in STEPS:
            options = replace(run.options, threshold=step, mode=Mode.THRESHOLD, tokens=None)
            try:
                made = Distilling(replace(run, options=options), exam_run.original).make()
            except RefusedError:  # by its own verification: the next one keeps more
                continue
            accepted, found = points.look(made)
            tried.append((made, _told(made, found)))
            yield len(tried) - 1, accepted

    chosen, reason = first_enough(walk(), points.asked, points.wanted, threshold)
    if chosen is None:
        options = replace(run.options, threshold=1.0, mode=Mode.THRESHOLD, tokens=None, wording=Wording.KEEP)
        whole = Distilling(replace(run, options=options), exam_run.original).make()
        tried.append((whole, _told(whole, Found(1.0, (), Basis.ANSWERS))))
        chosen = len(tried) - 1
    outcome = GateOutcome(NAME, tuple(told for _, told in tried), chosen, _WHY.get(reason, ""))
    return Gated(tried[chosen][0], outcome)


def _points(exam_run: ExamRun) -> Points:
    if exam_run.examiner is None:
        return EvidencePoints(exam_run)
    if asks_questions(exam_run):
        return QuestionPoints(exam_run, exam_run.examiner)
    return TaskPoints(exam_run, exam_run.examiner)


def _told(made: Made[Result], found: Found) -> GateRound:
    return GateRound(NAME, made.threshold, made.tokens, found.kept, found.failed, (), found.basis)
