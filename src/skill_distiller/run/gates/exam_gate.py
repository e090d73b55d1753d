"""The task gate (SkillReducer's second): nothing that the original can do in an exam may be missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.exams.sitting import ExamResult
from skill_distiller.run.backends import Backends
from skill_distiller.run.describe_skill import DescriptionResult
from skill_distiller.run.distill import carry_out
from skill_distiller.run.gates.bring_back import MOST_ROUNDS, Found, Gated, Made, feed_back
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions, Reduction, Stages, pieces_by_place
from skill_distiller.run.result import Basis, Result
from skill_distiller.run.run import Run
from skill_distiller.run.take_exam import ExamRun
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill

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
