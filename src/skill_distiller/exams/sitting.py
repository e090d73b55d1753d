"""An exam that was sat: answers, marks, the figures of it with how sure they are, and the cheapest way that is enough.

Retention is as SkillReducer defines it; its statistics take scipy (the extra `exam`). The rule for what is enough is of
SKIM's offline exam: soft tokens (a resolution) and smaller texts (a point of the frontier) are chosen by it alike.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil
from pathlib import PurePosixPath
from statistics import fmean, median
from typing import Final, TypeVar

from skill_distiller.exams.evidence import EvidenceTable, text_files
from skill_distiller.exams.model import Criterion, Exam
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


DEFAULT_QUESTIONS: Final = 10
DEFAULT_THRESHOLD: Final = 0.9  # the share (0-1) of the questions that has to be accepted
T = TypeVar("T")


class Reason(StrEnum):
    """Why a way was selected, or none."""

    REACHED = "the smallest that reaches the threshold"
    NOT_REACHED = "none reaches the threshold"
    SHORT = "already short"
    INCONCLUSIVE = "too few questions have a reference answer"


def needed(asked: int, threshold: float) -> int:
    """How many of the answers have to be accepted; counted in whole numbers, for 0.9 of 10 is 9 and not 10.

    >>> needed(10, 0.9), needed(7, 0.9), needed(10, 0.7)
    (9, 7, 7)
    """
    return ceil(Fraction(str(threshold)) * asked)


def first_enough(
    accepted: Iterable[tuple[T, int]], asked: int, wanted: int, threshold: float = DEFAULT_THRESHOLD
) -> tuple[T | None, Reason]:
    """The first way of which enough answers are accepted, with the reason; None where the whole text has to stay.

    `accepted` gives the ways with the number of their accepted answers, the cheapest first, and is read no further than
    the one that is taken. `asked` counts the questions that have a reference answer, of `wanted`: with fewer than half
    of those there is nothing to go by. No way at all means that the text is short already.
    """
    if not asked or asked * 2 < wanted:
        return None, Reason.INCONCLUSIVE
    why = Reason.SHORT
    for way, count in accepted:
        if count >= needed(asked, threshold):
            return way, Reason.REACHED
        why = Reason.NOT_REACHED
    return None, why


RESAMPLES: Final = 10_000
CONFIDENCE: Final = 0.95
SEED: Final = 20260
LEAST_FOR_A_TEST: Final = 6  # pairs; of fewer no test can tell anything
NO_SCIPY: Final = "Intervals and tests need scipy: pip install 'skill-distiller[exam]'."


def retention(original: float, candidate: float) -> float:
    """The share (0-1) of a task's score that is kept (SkillReducer, Eq. 4): 1 where the original has none either.

    >>> retention(0.8, 0.6), retention(0.0, 0.0), retention(0.5, 0.9)
    (0.75, 1.0, 1.0)
    """
    return 1.0 if original <= 0 else min(candidate / original, 1.0)


@dataclass(frozen=True, slots=True)
class Paired:
    """How two rows of numbers differ, pair by pair; each is None where there is too little to say it.

    The second is `better` in so many pairs, `worse` in so many. `wilcoxon` is the two-sided p of the signed-rank test,
    `sign` the one-sided p of the sign test (small where the second is better), `d` Cohen's d of the differences.
    """

    better: int
    worse: int
    ties: int
    wilcoxon: float | None = None
    sign: float | None = None
    d: float | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a candidate kept over some tasks: mean and median retention (0-1), and the 95 % interval of the mean.

    `passed` is whether every task kept all. `challenging` is the mean without the tasks in which no skill, the original
    and the candidate all scored 1; None where none is left. `paired` compares candidate with original.
    """

    tasks: int
    mean: float
    median: float
    passed: bool
    interval: tuple[float, float] | None
    challenging: float | None
    paired: Paired


def summarize_retention(
    original: Sequence[float], candidate: Sequence[float], without: Sequence[float] = ()
) -> Summary | None:
    """The summary of scores (0-1) by task, in one order; `without` are those without a skill. None for no task."""
    kept = [retention(a, c) for a, c in zip(original, candidate, strict=True)]
    if not kept:
        return None
    rows = zip(without or [0.0] * len(kept), original, candidate, kept, strict=True)
    hard = [share for d, a, c, share in rows if min(d, a, c) < 1]
    return Summary(
        tasks=len(kept),
        mean=fmean(kept),
        median=median(kept),
        passed=all(share >= 1 for share in kept),
        interval=bootstrap(kept),
        challenging=fmean(hard) if hard and without else None,
        paired=compare_pairs(original, candidate),
    )


def has_scipy() -> bool:
    """Whether intervals and tests can be had."""
    from importlib.util import find_spec

    return find_spec("scipy") is not None


def bootstrap(values: Sequence[float], seed: int = SEED) -> tuple[float, float] | None:
    """The 95 % percentile interval of a mean; None for fewer than two values, or without scipy."""
    if len(values) < 2 or not has_scipy():
        return None
    if max(values) == min(values):
        return (values[0], values[0])
    import numpy as np
    from scipy import stats

    found = stats.bootstrap(
        (np.asarray(values, dtype=float),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def compare_pairs(first: Sequence[float], second: Sequence[float]) -> Paired:
    """How the second of two rows differs from the first; tests where there are at least 6 pairs, and scipy."""
    differences = [b - a for a, b in zip(first, second, strict=True)]
    better, worse = sum(d > 0 for d in differences), sum(d < 0 for d in differences)
    plain = Paired(better, worse, len(differences) - better - worse)
    if len(differences) < LEAST_FOR_A_TEST or not (better or worse) or not has_scipy():
        return plain
    import numpy as np
    from scipy import stats

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ties and zeros: the p is approximate then
        wilcoxon = float(stats.wilcoxon(np.asarray(differences)).pvalue)
        t = float(stats.ttest_rel(second, first).statistic)
    sign = float(stats.binomtest(better, better + worse, 0.5, alternative="greater").pvalue)
    d = t / math.sqrt(len(differences))
    return Paired(better, worse, plain.ties, wilcoxon, sign, d if math.isfinite(d) else None)
