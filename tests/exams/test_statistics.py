"""The figures are those of the papers, and the tests those of scipy, worked out another way."""

from __future__ import annotations

import math
import random
from itertools import product
from statistics import fmean, stdev

import numpy as np
import pytest
from tests.cli.command import run_process

from skill_distiller.exams.sitting import bootstrap, compare_pairs, retention, summarize_retention

CASES = [
    (
        [random.Random(seed).choice((0, 0.25, 0.5, 0.75, 1)) for _ in range(n)],
        [random.Random(seed * 100 + place).choice((0, 0.2, 0.4, 0.6, 0.8, 1)) for place in range(n)],
    )
    for seed, n in enumerate(range(6, 26))
]


def test_there_are_twenty_cases() -> None:
    """Of 6 to 25 pairs."""
    assert len(CASES) == 20


@pytest.mark.parametrize(("original", "candidate", "kept"), [(0, 0, 1), (0, 1, 1), (0.5, 0.25, 0.5), (0.5, 1, 1)])
def test_retention_is_that_of_the_paper(original: float, candidate: float, kept: float) -> None:
    """1 where the original has nothing to lose, never above 1."""
    assert retention(original, candidate) == kept


@pytest.mark.parametrize(("first", "second"), CASES)
def test_the_sign_test_counts_coins(first: list[float], second: list[float]) -> None:
    """The share of all ways to throw the coins that give as many heads or more."""
    found = compare_pairs(first, second)
    n = found.better + found.worse
    assert found.better + found.worse + found.ties == len(first)
    expected = sum(math.comb(n, heads) for heads in range(found.better, n + 1)) / 2**n
    assert found.sign == pytest.approx(expected)


@pytest.mark.parametrize(("first", "second"), CASES)
def test_d_is_the_mean_difference_in_standard_deviations(first: list[float], second: list[float]) -> None:
    """Cohen's d of paired values."""
    differences = [b - a for a, b in zip(first, second, strict=True)]
    assert compare_pairs(first, second).d == pytest.approx(fmean(differences) / stdev(differences))


@pytest.mark.parametrize("seed", range(20))
def test_wilcoxon_is_exact_where_nothing_ties(seed: int) -> None:
    """For 8 different differences: the share of all signs with a rank sum at least as far out."""
    draw = random.Random(seed)
    differences = [draw.uniform(-1, 1.5) for _ in range(8)]
    ranks = np.argsort(np.argsort(np.abs(differences))) + 1
    plus = sum(rank for rank, d in zip(ranks, differences, strict=True) if d > 0)
    low = min(plus, 36 - plus)
    sums = [sum(r for r, s in zip(ranks, signs, strict=True) if s) for signs in product((0, 1), repeat=8)]
    expected = sum(min(total, 36 - total) <= low for total in sums) / 256
    assert compare_pairs([0.0] * 8, differences).wilcoxon == pytest.approx(expected)


@pytest.mark.parametrize(("_", "values"), CASES)
def test_the_interval_is_that_of_resampled_means(_: list[float], values: list[float]) -> None:
    """About that of 10,000 means drawn in another way, and the same again for the same seed."""
    low, high = bootstrap(values) or (0, 0)
    draws = np.random.default_rng(1).choice(np.asarray(values), (10_000, len(values))).mean(axis=1)
    assert (low, high) == bootstrap(values)
    assert low == pytest.approx(np.quantile(draws, 0.025), abs=0.03)
    assert high == pytest.approx(np.quantile(draws, 0.975), abs=0.03)
    assert low <= fmean(values) <= high


def test_a_summary_leaves_out_what_every_condition_can() -> None:
    """A task that needs no skill says nothing of one."""
    found = summarize_retention([1, 1, 0.5], [1, 0.5, 0.5], [1, 0.5, 0])
    assert found
    assert (found.tasks, found.passed) == (3, False)
    assert found.mean == pytest.approx(2.5 / 3)
    assert found.challenging == pytest.approx(0.75)
    assert found.paired == compare_pairs([1, 1, 0.5], [1, 0.5, 0.5])
    assert found.paired.wilcoxon is None  # three pairs are too few


def test_nothing_is_summed_up_as_nothing() -> None:
    """No task, no number; no difference, no test."""
    assert summarize_retention([], []) is None
    same = summarize_retention([1.0] * 8, [1.0] * 8, [0.0] * 8)
    assert same
    assert (same.passed, same.interval, same.paired.sign) == (True, (1.0, 1.0), None)


WITHOUT_SCIPY = """
import sys
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] == "scipy" else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from skill_distiller.exams.sitting import has_scipy, summarize_retention
found = summarize_retention([1.0] * 8, [0.5] * 7 + [1.0], [0.0] * 8)
print(has_scipy(), found.mean, found.passed, found.interval, found.paired)
"""


def test_without_scipy_there_are_means_and_no_tests() -> None:
    """Retention and who won need nothing; what needs it is missing and not made up."""
    done = run_process(program=("-c", WITHOUT_SCIPY))
    assert done.stderr == ""
    assert done.text == (
        "False 0.5625 False None Paired(better=0, worse=7, ties=1, wilcoxon=None, sign=None, d=None)\n"
    )
