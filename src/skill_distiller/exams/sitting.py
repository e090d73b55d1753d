"""An exam that was sat: the answers under each condition, the marks they got, and what came out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from statistics import fmean
from typing import Final

from skill_distiller.exams.evidence import EvidenceTable, text_files
from skill_distiller.exams.model import Criterion, Exam
from skill_distiller.exams.statistics import Summary, summarize_retention
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.tokens import TokenCounter

MOST_READS: Final = 6  # files that an agent may read for a task
CONTEXT_TOKENS: Final = 60_000  # of a skill with all its references; of a larger one they are read when asked for
MOST_MISSING: Final = 0.2  # of the tasks; a result with more of them missing is none
NO_SKILL: Final = "no skill"
ORIGINAL: Final = "original"


@dataclass(frozen=True)
class Condition:
    """What an agent has when it answers: the text of a skill ("" for none), and files that it may read."""

    name: str
    skill: str = ""
    files: Mapping[PurePosixPath, str] = field(default_factory=dict)


def no_skill() -> Condition:
    """Condition D of SkillReducer: the agent alone."""
    return Condition(NO_SKILL)


def with_all(folder: SkillFolder, counter: TokenCounter, context: int = CONTEXT_TOKENS) -> Condition:
    """Condition A: the original with all its references in full, or read when asked for where that is too long."""
    files = text_files(folder)
    whole = "\n\n".join([folder.skill.text.rstrip(), *(f"# File {path}\n\n{text}" for path, text in files.items())])
    if counter.count(whole) > context:
        return Condition(ORIGINAL, folder.skill.text, files)
    return Condition(ORIGINAL, whole)


def with_reading(name: str, folder: SkillFolder) -> Condition:
    """Condition C: a candidate, whose references are read when asked for."""
    return Condition(name, folder.skill.text, text_files(folder))


@dataclass(frozen=True, slots=True)
class Mark:
    """What was decided of one criterion: `met` is None where nobody could decide it, `why` says why.

    One that can't be decided here at all (there is no sandbox, or it needs a real agent) is `excluded`: it counts for
    nobody. `quote` is what of the answer decides it. `unsupported` is True where a judge said yes and quoted nothing
    that the answer holds, which counts as no.
    """

    criterion: Criterion
    met: bool | None
    quote: str = ""
    unsupported: bool = False
    why: str = ""
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Sitting:
    """One task answered under one condition; `error` says why there is no answer.

    `reads` are the files that were asked for, `input_tokens` those of all prompts of the `calls` that it took.
    """

    condition: str
    task: str
    answer: str = ""
    reads: tuple[str, ...] = ()
    calls: int = 0
    input_tokens: int = 0
    error: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def fault(self) -> str:
        """Why it has no score: an error, a mark that is missing; "" where it has one."""
        missing = (mark.why for mark in self.marks if mark.met is None and not mark.excluded)
        return self.error or next(missing, "") or ("" if self.decided else "nothing could be decided")

    @property
    def decided(self) -> tuple[Mark, ...]:
        """The marks that say yes or no."""
        return tuple(mark for mark in self.marks if mark.met is not None)

    @property
    def score(self) -> float | None:
        """The share (0-1) of the criteria that are met; None where there is a fault, which is never a score."""
        return None if self.fault else fmean(bool(mark.met) for mark in self.decided)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one candidate kept: its mean score, those of the conditions it is compared with, and the summary.

    All are over the tasks that have a score under every condition; `summary` is None where there is none.
    """

    name: str
    scores: Mapping[str, float]
    summary: Summary | None
    tasks: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether few enough tasks are missing for the figures to mean something."""
        return self.summary is not None and len(self.missing) <= MOST_MISSING * (len(self.tasks) + len(self.missing))


@dataclass(frozen=True, slots=True)
class ExamResult:
    """What an exam shows: the evidence that was kept, and where models were asked the sittings and the outcomes."""

    exam: Exam
    evidence: EvidenceTable
    sittings: tuple[Sitting, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def excluded(self) -> Mapping[str, int]:
        """How many criteria nobody could decide here, by why."""
        if not self.sittings:
            return {}
        first = self.sittings[0].condition
        whys = [m.why for s in self.sittings if s.condition == first for m in s.marks if m.excluded]
        return {why: whys.count(why) for why in dict.fromkeys(whys)}

    def sitting(self, condition: str, task: str) -> Sitting | None:
        """The sitting of a task under a condition."""
        return next((s for s in self.sittings if (s.condition, s.task) == (condition, task)), None)

    def failed(self, candidate: str) -> tuple[Criterion, ...]:
        """The criteria that the original met and a candidate did not: they name what is missing in it."""
        found = []
        for task in self.exam.tasks:
            first, second = self.sitting(ORIGINAL, task.id), self.sitting(candidate, task.id)
            if first and second and first.score is not None and second.score is not None:
                met = {mark.criterion.id for mark in first.decided if mark.met}
                found += [mark.criterion for mark in second.decided if not mark.met and mark.criterion.id in met]
        return tuple(found)


def outcome_of(exam: Exam, sittings: Iterable[Sitting], candidate: str) -> Outcome:
    """The outcome of a candidate over the tasks that have a score under every condition it is compared with."""
    scores = {(s.condition, s.task): s.score for s in sittings}
    conditions = [name for name in (NO_SKILL, ORIGINAL, candidate) if any(at == name for at, _ in scores)]
    tasks, missing, rows = [], [], []
    for task in exam.tasks:
        row = [scores.get((name, task.id)) for name in conditions]
        whole = [score for score in row if score is not None]
        if len(whole) == len(row):
            tasks.append(task.id)
            rows.append(whole)
        else:
            missing.append(task.id)
    columns: Mapping[str, Sequence[float]] = {name: [row[at] for row in rows] for at, name in enumerate(conditions)}
    summary = summarize_retention(columns[ORIGINAL], columns[candidate], columns.get(NO_SKILL, ())) if rows else None
    means = {name: fmean(column) for name, column in columns.items() if column}
    return Outcome(candidate, means, summary, tuple(tasks), tuple(missing))
