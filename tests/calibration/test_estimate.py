"""Stages, correction, interval, and the statistics of groups."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.benchmarks import coverage
from tests.calibration.samples import entry, pairs

from skill_distiller.calibration.entry import CalibrationEntry
from skill_distiller.calibration.outcomes import (
    UNCALIBRATED,
    Stage,
    calibrate,
    correct,
    coverage_so_far,
    half_width,
    shrunk_bias,
    summarize,
)
from skill_distiller.report.calibration_text import estimate_text, shown_score

_RESIDUALS = st.lists(st.integers(-40, 40).map(float), min_size=1, max_size=40)


def _runs(without: int, actuals: list[float] | None = None, **fields: object) -> list[CalibrationEntry]:
    return [entry(**fields)] * without + [entry(90, actual, **fields) for actual in actuals or []]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        (_runs(0), ("90%", "uncalibrated - first 5 compressions build baseline")),
        (_runs(4), ("90%", "uncalibrated - first 5 compressions build baseline")),
        (_runs(0, [60.0] * 4), ("90%", "uncalibrated - first 5 compressions build baseline")),
        (_runs(5), ("90%", "building baseline, N=5")),
        (_runs(7), ("90%", "building baseline, N=7")),
        (_runs(3, [86, 88, 90, 87]), ("90%", "88% after 4 outcomes, not yet calibrated; building baseline, N=7")),
        (_runs(6, [0]), ("90%", "28% after 1 outcome, not yet calibrated; building baseline, N=7")),
        (_runs(10), ("90%", "building baseline, N=10")),
        (_runs(11), ("90%", "not calibrated, N=11: 0 of 5 outcomes reported")),
        (
            _runs(40, [80.0] * 4),
            ("90%", "80% after 4 outcomes, not yet calibrated; not calibrated, N=44: 4 of 5 outcomes reported"),
        ),
        (_runs(6, [86, 88, 90, 87, 89, 90]), ("88%", "85-92%; calibrated, N=12")),
        (_runs(0, [90.0] * 30), ("90%", "89-91%; calibrated, N=30")),
        (_runs(0, [100.0] * 30), ("100%", "99-100%; calibrated, N=30")),
    ],
    ids=range(13),
)
def test_the_stages_in_the_words_of_the_reference(runs: list[CalibrationEntry], text: tuple[str, str]) -> None:
    """Below 5 runs, 5 to 10, above 10; "calibrated" needs 5 outcomes as well."""
    assert estimate_text(calibrate(runs, "threshold", "embedded"), 90) == text


def test_runs_of_one_text_count_once() -> None:
    """The latest with an outcome, wherever it stands; an entry that does not name its text counts by itself."""
    same = [entry(90, actual, content_hash="sha256:1") for actual in (20, 85, None, None)]
    estimate = calibrate([*same, *_runs(6)], "threshold", "embedded")
    assert (estimate.n, estimate.outcomes) == (7, 1)
    assert estimate.bias == pytest.approx(shrunk_bias([-5]))
    assert calibrate(same * 10, "threshold").stage is Stage.UNCALIBRATED
    other = [entry(90, 85, content_hash="sha256:1", provider="ollama", model="m")]
    assert calibrate([*same, *other], "threshold").n == 2


def test_one_odd_outcome_moves_no_calibrated_figure_far() -> None:
    """Nobody is told 70 % for one bad day of many."""
    good = _runs(6, [90.0] * 5)
    assert calibrate(good, "threshold").corrected(90) == pytest.approx(90)
    assert calibrate([*good, entry(90, 0)], "threshold").corrected(90) > 80


def test_runs_of_another_mode_do_not_count() -> None:
    """N is counted per mode."""
    runs = _runs(20, [50.0] * 20, mode="oneliner")
    assert calibrate(runs, "threshold") == calibrate([], "threshold")
    assert calibrate(runs, "oneliner").stage is Stage.CALIBRATED


def test_a_provider_with_enough_runs_stands_for_itself() -> None:
    """Eleven runs and five outcomes of one provider and model are enough; with fewer the whole mode is taken."""
    ours = _runs(6, [88.0] * 5)
    theirs = _runs(6, [60.0] * 5, provider="ollama", model="m")
    estimate = calibrate(ours + theirs, "threshold", "ollama", "m")
    assert (estimate.n, estimate.outcomes, estimate.provider, estimate.model) == (11, 5, "ollama", "m")
    assert estimate.corrected(90) == pytest.approx(60, abs=3)
    mixed = calibrate(ours + theirs[1:], "threshold", "ollama", "m")
    assert (mixed.n, mixed.outcomes, mixed.provider) == (21, 10, "")


def test_the_latest_outcomes_count() -> None:
    """Two hundred new outcomes outweigh any number of old ones."""
    estimate = calibrate(_runs(0, [20.0] * 500 + [88.0] * 200), "threshold", "embedded")
    assert (estimate.n, estimate.outcomes) == (700, 700)
    assert estimate.bias == pytest.approx(-2, abs=0.01)


def test_an_estimate_and_its_interval_stay_between_0_and_100() -> None:
    """However large a bias or an interval is."""
    up = calibrate(_runs(0, [100.0] * 12), "threshold")
    assert up.corrected(97) == 100
    assert up.interval(97) == (99.5, 100)
    wide = calibrate(_runs(0, [0.0, 100] * 8), "threshold").interval(90)
    assert wide
    assert wide[0] == 0
    assert wide[1] <= 100
    assert UNCALIBRATED.interval(90) is None


@given(_RESIDUALS)
def test_the_bias_is_the_mean_drawn_toward_zero(residuals: list[float]) -> None:
    """It has the mean's sign, is never further out, and many outcomes are nearly believed."""
    mean, bias = statistics.fmean(residuals), shrunk_bias(residuals)
    assert abs(bias) <= abs(mean) + 1e-9
    assert bias * mean >= -1e-9
    assert shrunk_bias(residuals * 300) == pytest.approx(mean, abs=0.12)


def test_fewer_outcomes_are_believed_less() -> None:
    """Of 20 points too much, one outcome tells less than two, and two less than ten."""
    believed = [shrunk_bias([-20.0] * n) for n in (0, 1, 2, 5, 10, 200)]
    assert believed[0] == 0
    assert believed == sorted(believed, reverse=True)
    assert believed[1] == pytest.approx(-20 * 225 / 325)


@given(_RESIDUALS, st.permutations(range(12)), st.integers(-10, 10))
def test_the_interval_knows_neither_order_nor_place(residuals: list[float], order: list[int], shift: int) -> None:
    """Only what was reported counts, not when; no interval below 5 outcomes, and never one of no width."""
    width = half_width(pairs(residuals))
    assert (width is None) == (len(residuals) < 5)
    if width is not None:
        assert width >= 0.5
        assert half_width(pairs(residuals[::-1])) == pytest.approx(width)
        assert half_width(pairs(residuals, 50 + shift)) == pytest.approx(width)
    if len(residuals) >= 12:
        twelve = residuals[:12]
        assert half_width(pairs([twelve[i] for i in order])) == pytest.approx(half_width(pairs(twelve)) or 0)


def test_nineteen_outcomes_by_hand() -> None:
    """With 19 outcomes the interval ends at the 18th of the leave-one-out residuals; computed the long way here."""
    residuals = [float(r * r % 37 - 15) for r in range(19)]
    trust = shrunk_bias(residuals) / statistics.fmean(residuals)
    left_out = sorted(
        abs(r - trust * statistics.fmean(residuals[:i] + residuals[i + 1 :])) for i, r in enumerate(residuals)
    )
    assert half_width(pairs(residuals)) == pytest.approx(left_out[17])


@pytest.mark.parametrize(
    "shape", ["normal", "uniform", "exponential (very skewed)", "t with 3 degrees of freedom (heavy tails)"]
)
@pytest.mark.parametrize("outcomes", [7, 9, 19, 40])
def test_the_interval_covers_what_it_says(shape: str, outcomes: int) -> None:
    """A small part of `python -m lab.benchmarks.coverage`: 90 % of new outcomes within 2.5 points, on 2,500 users."""
    cell = coverage.simulate(shape, -8, 8, outcomes, 2500)
    assert 0.875 <= cell.coverage <= 0.925


def test_the_simulation_can_say_no(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the future is not like the past the coverage is off, and the simulation shows it."""
    monkeypatch.setitem(coverage.SHAPES, "normal", lambda rng, size: rng.standard_normal(size).cumsum(axis=1))
    assert not coverage.simulate("normal", 0, 8, 19, 500).holds


def test_the_report_of_the_simulation_names_what_is_outside() -> None:
    """Lowest and highest over the biases, how many cells hold, and each that does not."""
    cells = [coverage.Cell("normal", bias, 9, share, 8.0) for bias, share in ((0, 0.9), (-8, 0.912), (15, 0.95))]
    lines = coverage.report(cells).splitlines()
    assert "| normal | 90.0-95.0 |" in lines
    assert lines[-2:] == ["Within 88-92 %: 2 of 3 cells.", "- outside: normal, bias +15, n = 9: 95.0 %"]


def test_statistics_of_a_group() -> None:
    """Bias and error are plain means over the outcomes; coverage counts only intervals made before the outcome."""
    runs = _runs(3, [85, 87, 89, 86, 88, 87, 30]) + _runs(2, mode="oneliner")
    ours, other = summarize(runs)
    assert (ours.group.mode, ours.runs, ours.outcomes, ours.covered, ours.judged) == ("threshold", 10, 7, 1, 2)
    assert ours.bias == pytest.approx(statistics.fmean([-5, -3, -1, -4, -2, -3, -60]))
    assert ours.error == pytest.approx(78 / 7)
    assert (other.group.mode, other.runs, other.bias, other.error, other.judged) == ("oneliner", 2, None, None, 0)


def test_coverage_so_far_comes_near_to_what_is_promised() -> None:
    """On 200 draws of one distribution about 90 % of the outcomes fell into the interval made before them."""
    from random import Random

    random = Random(3)
    covered, judged = coverage_so_far([(80.0, 80 + random.gauss(-5, 4)) for _ in range(200)])
    assert judged == 195
    assert 0.84 <= covered / judged <= 0.96


@given(st.floats(0, 100), st.floats(-200, 200))
def test_a_correction_stays_in_bounds(score: float, bias: float) -> None:
    """0 to 100, whatever is added."""
    assert 0 <= correct(score, bias) <= 100


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from([0, 1]))
def test_rounding_shows_no_score_below_what_it_reaches(score: float, floor: float, digits: int) -> None:
    """A score of at least the threshold is shown as no less, with as few digits as that takes; any other rounded."""
    shown = shown_score(score, floor, digits)
    assert abs(shown - score) <= 0.5 * 10**-digits + 1e-9
    assert shown >= floor or score < floor
    assert shown == round(score, digits) or round(score, digits) < floor


def test_more_digits_where_a_threshold_asks_for_them() -> None:
    """92.4 % of an asked 92.4 % is not shown as 92 %."""
    assert [shown_score(*one) for one in ((92.44, 92.4, 0), (92.44, 90, 0), (89.6, 90, 0))] == [92.4, 92, 90]
