"""The task gate (SkillReducer's second): nothing that the original can do in an exam may be missing.

`ExamRun` takes the exam: evidence by program, and where there are models the tasks with each text and without a skill.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

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
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.distill import carry_out
from skill_distiller.run.gates.bring_back import MOST_ROUNDS, Found, Gated, Made, feed_back
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions, Reduction, Stages, pieces_by_place
from skill_distiller.run.result import Basis, Result
from skill_distiller.run.run import Backends, Run
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter

if TYPE_CHECKING:
    from skill_distiller.prompted.sit_exam import Examiner


CANDIDATE: Final = "result"


@dataclass(frozen=True, slots=True)
class Distilling:
    """Makes a SKILL.md smaller, as `compress` does."""

    run: Run
    original: SkillFolder

    def make(self, pieces: tuple[str, ...] = ()) -> Made[Result]:
        """The result with some pieces as they are."""
        options = self.run.options
        keep = replace(options.keep, ids=(*options.keep.ids, *pieces))
        result = carry_out(replace(self.run, options=replace(options, keep=keep)), self.original.skill)
        blocks = self.original.skill.blocks
        changed = {d.block: d.dropped for d in result.plan.decisions if d.rendering.text != blocks[d.block].source}
        return Made(
            result,
            result.reading,
            self.original.with_skill(result.distilled),
            result.output_tokens,
            None if options.tokens is not None else options.threshold,
            frozenset(block for block, dropped in changed.items() if not dropped),
            frozenset(block for block, dropped in changed.items() if dropped),
        )


@dataclass(frozen=True, slots=True)
class Reducing:
    """Moves text into references, as `reduce` does."""

    original: SkillFolder
    options: ReduceOptions
    backends: Backends
    describe: Callable[[Skill], DescriptionResult] | None = None

    def make(self, pieces: tuple[str, ...] = ()) -> Made[Reduction]:
        """The reduction with some pieces where they are."""
        keep = replace(self.options.keep, ids=(*self.options.keep.ids, *pieces))
        found = reduce_folder(self.original, replace(self.options, keep=keep), self.backends, Stages(self.describe))
        moved = frozenset(piece for piece in pieces_by_place(found) if piece >= 0)
        share = None if self.options.core_tokens is not None else self.options.share
        return Made(found, found.reading, found.after, found.figures[1].activation, share, frozenset(), moved)


@dataclass(frozen=True, slots=True)
class ExamGate:
    """Fails what the original can do in an exam and the candidate can't; without a model, what lost its evidence."""

    exam_run: ExamRun
    name: str = "exam"

    def find(self, made: Made[object], tries: int = 0) -> Found:
        """What the exam says; raises what `ExamRun.take` raises."""
        return found_in(self.exam_run.take([(CANDIDATE, made.folder)]))


def found_in(exam: ExamResult) -> Found:
    """What an exam of one candidate says of it."""
    if exam.outcomes:
        summary = exam.outcomes[0].summary
        return Found(summary.mean if summary else 0.0, exam.failed(CANDIDATE), Basis.RETENTION)
    evidence = exam.evidence.candidates[0]
    kept = evidence.reachable / len(evidence.kept) if evidence.kept else 1.0
    return Found(kept, tuple(lost.criterion for lost in evidence.lost), Basis.EVIDENCE)


def gate_by_exam(run: Run, exam_run: ExamRun, rounds: int = MOST_ROUNDS) -> Gated[Result]:
    """Distill, and for at most some rounds bring back what carried the criteria that the result fails."""
    return feed_back(Distilling(run, exam_run.original), [ExamGate(exam_run)], rounds)


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
