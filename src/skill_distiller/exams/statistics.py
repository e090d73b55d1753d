"""The figures of an exam: retention as SkillReducer defines it, and how sure they are (scipy, the extra `exam`)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

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
