"""An exam is taken: evidence by program, and where there are models the tasks without a skill, with it, and smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skill_distiller.errors import BadInputError, ProviderError
from skill_distiller.exams.evidence import SkillTexts, evidence_table
from skill_distiller.exams.model import Exam
from skill_distiller.exams.sitting import (
    CONTEXT_TOKENS,
    MOST_MISSING,
    Condition,
    ExamResult,
    no_skill,
    outcome_of,
    with_all,
    with_reading,
)
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.tokens import TokenCounter

if TYPE_CHECKING:
    from skill_distiller.prompted.sit_exam import Examiner

Named = tuple[str, SkillFolder]


@dataclass(frozen=True, slots=True)
class ExamRun:
    """What an exam is taken with: the original, what counts tokens, and who asks models (None for nobody).

    `context` is how many tokens the original may have with all its references before they are read when asked for.
    """

    exam: Exam
    original: SkillFolder
    counter: TokenCounter
    examiner: Examiner | None = None
    context: int = CONTEXT_TOKENS

    def conditions(self, candidates: Sequence[Named]) -> list[Condition]:
        """The conditions under which the tasks are answered: D, A, and C for each candidate."""
        own = [with_reading(name, folder) for name, folder in candidates]
        return [no_skill(), with_all(self.original, self.counter, self.context), *own]

    def announce(self, candidates: Sequence[Named]) -> None:
        """Tell the sessions how much they will be asked, which they say before the first request."""
        if self.examiner and self.exam.answerable:
            answers, marks = self.examiner.expected(self.exam, self.conditions(candidates))
            self.examiner.answering.expect(answers)
            self.examiner.judging.expect(marks)

    def take(self, candidates: Sequence[Named]) -> ExamResult:
        """What the exam says of some candidates, each by the name it is shown with.

        Raises BadInputError where nothing can be measured: no criterion has evidence in the original, and there is no
        model. Raises ProviderError where one fails, or where so many tasks have no score that the rest says nothing.
        """
        texts = [(name, SkillTexts(folder, self.counter)) for name, folder in candidates]
        table = evidence_table(self.exam, SkillTexts(self.original, self.counter), texts)
        if self.examiner is None or not self.exam.answerable:
            if not table.criteria:
                raise BadInputError(
                    "No criterion of the exam has evidence in the original, and no model was asked.",
                    "Name a model with --provider, or an exam with evidence.",
                )
            return ExamResult(self.exam, table)
        sittings = self.examiner.sit(self.exam, self.conditions(candidates))
        outcomes = tuple(outcome_of(self.exam, sittings, name) for name, _ in candidates)
        for outcome in outcomes:
            if not outcome.sound:
                whys = (s.fault for s in sittings if s.task in outcome.missing and s.fault)
                raise ProviderError(
                    f"{len(outcome.missing)} of {len(self.exam.tasks)} tasks have no score, more than "
                    f"{MOST_MISSING:.0%}: {next(whys, 'nothing in them can be decided here')}",
                    "What was answered is kept (without --no-cache) and not asked for again.",
                )
        return ExamResult(self.exam, table, sittings, outcomes)
