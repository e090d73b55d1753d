"""Exams as gates: what a result fails names the pieces that carried it, these stay, and the rest is chosen again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from skill_distiller.errors import RefusedError, TargetError
from skill_distiller.exams.evidence import Passages
from skill_distiller.exams.model import Criterion
from skill_distiller.exams.sitting import ExamResult
from skill_distiller.planning.plan import Mode
from skill_distiller.run.distill import carry_out
from skill_distiller.run.result import Result
from skill_distiller.run.run import KeptPieces, Run
from skill_distiller.run.take_exam import ExamRun
from skill_distiller.skill.ids import piece_ids
from skill_distiller.skill.model import Skill

MOST_ROUNDS: Final = 2  # of feedback, as SkillReducer has it
FIDELITY: Final = 0.9  # that the adaptive mode asks for
QUESTIONS: Final = 10  # tasks that the adaptive mode goes by, as SKIM has it
STEPS: Final = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)  # thresholds from the cheap end of the frontier up
_RESULT: Final = "result"
_MOST_TOGETHER: Final = 4  # blocks that one quote may reach over


@dataclass(frozen=True, slots=True)
class Round:
    """A result and what the exam says of it: `kept` (0-1), the criteria that it fails, the pieces that had to stay.

    `threshold` is the one it was made with.
    """

    result: Result
    exam: ExamResult
    kept: float
    failed: tuple[Criterion, ...]
    pieces: tuple[str, ...]

    @property
    def threshold(self) -> float:
        """The threshold of the run."""
        return self.result.run.options.threshold


@dataclass(frozen=True, slots=True)
class Gated:
    """What came of a gate: the best round, all of them in order, and why there was not another one ("" for passed)."""

    best: Round
    rounds: tuple[Round, ...]
    why: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing that the original can do is missing."""
        return not self.best.failed


def gate_by_exam(run: Run, exam_run: ExamRun, rounds: int = MOST_ROUNDS) -> Gated:
    """Distill, and for at most some rounds bring back what carried the criteria that the result fails.

    The pieces that have to stay only become more, so it ends. The best round is the one that keeps most, of several the
    smallest. Raises what `carry_out` and `ExamRun.take` raise.
    """
    skill = exam_run.original.skill
    tried = [_try(run, exam_run, skill)]
    why = ""
    while tried[-1].failed:
        if len(tried) > rounds:
            why = f"after {rounds} rounds"
            break
        needed = pieces_of(skill, tried[-1].failed, tried[-1].result)
        pieces = tuple(sorted({*tried[-1].pieces, *needed}))
        if pieces == tried[-1].pieces:
            why = "nothing that was left out carries what fails"
            break
        try:
            tried.append(_try(_keeping(run, pieces), exam_run, skill, pieces))
        except TargetError as error:
            why = f"the budget has no room for what is missing ({error.smallest} tokens would be enough)"
            break
    best = max(tried, key=lambda r: (r.kept, -r.result.output_tokens))
    return Gated(best, tuple(tried), why if best.failed else "")


def choose_by_exam(run: Run, exam_run: ExamRun, fidelity: float = FIDELITY) -> Gated:
    """The smallest of the results from the cheap end of the frontier up that keeps enough, else the original.

    The exam is that of SKIM's offline choice: its first 10 tasks. Raises what `carry_out` and `ExamRun.take` raise.
    """
    exam = exam_run.exam
    few = replace(exam_run, exam=replace(exam, tasks=exam.tasks[:QUESTIONS]) if exam.answerable else exam)
    tried: list[Round] = []
    for threshold in (*STEPS, 1.0):
        options = replace(run.options, threshold=threshold, mode=Mode.THRESHOLD, tokens=None)
        try:
            tried.append(_try(replace(run, options=options), few, exam_run.original.skill))
        except RefusedError:  # by its own verification: the next one keeps more
            if threshold == 1.0:
                raise
            continue
        if tried[-1].kept >= fidelity:
            return Gated(tried[-1], tuple(tried))
    return Gated(tried[-1], tuple(tried), "nothing smaller keeps enough")


def _try(run: Run, exam_run: ExamRun, skill: Skill, pieces: tuple[str, ...] = ()) -> Round:
    result = carry_out(run, skill)
    found = exam_run.take([(_RESULT, exam_run.original.with_skill(result.distilled))])
    if found.outcomes:
        summary = found.outcomes[0].summary
        return Round(result, found, summary.mean if summary else 0.0, found.failed(_RESULT), pieces)
    evidence = found.evidence.candidates[0]
    kept = evidence.reachable / len(evidence.kept) if evidence.kept else 1.0
    return Round(result, found, kept, tuple(lost.criterion for lost in evidence.lost), pieces)


def _keeping(run: Run, pieces: Iterable[str]) -> Run:
    keep = run.options.keep
    return replace(run, options=replace(run.options, keep=KeptPieces((*keep.ids, *pieces), keep.sections)))


def pieces_of(skill: Skill, failed: Iterable[Criterion], result: Result) -> frozenset[str]:
    """The ids of the blocks that carry the evidence of some criteria and are not in the result as they were."""
    ids = piece_ids(skill).blocks
    changed = {d.block for d in result.plan.decisions if d.rendering.text != skill.blocks[d.block].source}
    quotes = dict.fromkeys(quote for criterion in failed for quote in criterion.evidence)
    blocks = {block for run in carriers_of(skill, quotes) for block in run}
    return frozenset(ids[block] for block in blocks & changed)


def carriers_of(skill: Skill, quotes: Iterable[str]) -> Iterator[Sequence[int]]:
    """The blocks, by index, that hold each quote: every one that does alone, else the fewest in a row that do."""
    texts = [f"{_heading_above(skill, block.index)}{block.source}" for block in skill.blocks]
    missing = list(quotes)
    for length in range(1, _MOST_TOGETHER + 1):
        if not missing:
            return
        held: set[str] = set()
        for first in range(len(texts) - length + 1):
            passages = Passages("".join(texts[first : first + length]))
            here = {quote for quote in missing if passages.hold(quote)}
            held |= here
            yield from (range(first, first + length) for _ in here)
        missing = [quote for quote in missing if quote not in held]


def _heading_above(skill: Skill, block: int) -> str:
    """The heading that a block is the first below, "" for none: a quote may be of a heading."""
    section = skill.sections[skill.section_of[block]]
    return section.heading_source if section.blocks[0].index == block else ""
