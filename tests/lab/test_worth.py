"""The fit of worth: the choice model, and the settings that are taken."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from lab.training.conditional_logit import choice_probabilities, fit_conditional_logit
from lab.training.worth import PROMISES, CurvePoint, Examined, Setting, calibrate, evidence_at, most_careful
from lab.training.worth_rivals import compare_models, compare_sizes


def test_the_choice_model_finds_what_drives_the_choice() -> None:
    """Choices made by known coefficients are fitted by nearly the same."""
    random = np.random.RandomState(0)
    true = np.array([1.5, -1.0, 0.0])
    rows = [random.normal(size=(12, 3)) for _ in range(60)]
    counts = [random.multinomial(50, choice_probabilities(row, true)).astype(float) for row in rows]
    found = fit_conditional_logit(rows, counts, ridge=0.01)
    assert found == pytest.approx(true, abs=0.1)
    assert fit_conditional_logit(rows, counts, ridge=1e6) == pytest.approx(np.zeros(3), abs=0.05)


def test_probabilities_make_one_however_large_the_scores() -> None:
    """No overflow: the largest score is taken off first."""
    assert choice_probabilities(np.array([[1000.0], [999.0]]), np.array([5.0])).sum() == pytest.approx(1)


def test_the_most_careful_of_the_good_settings_is_taken() -> None:
    """About as good as the best, and requiring most."""
    settings = (
        Setting(0.55, 0.910),
        Setting(0.45, 0.907),
        Setting(0.35, 0.890),
    )
    assert most_careful(settings) == settings[1]


def test_evidence_between_points() -> None:
    """The curve begins with everything kept and nothing saved."""
    curve = (CurvePoint(0.9, 0.2, 0.9), CurvePoint(0.8, 0.4, 0.7))
    assert [evidence_at(curve, saved) for saved in (0.0, 0.1, 0.3)] == pytest.approx([1.0, 0.95, 0.8])


@pytest.mark.parametrize("flatters", [0.0, 0.005, 0.015])
def test_thresholds_keep_what_they_promise(flatters: float) -> None:
    """Where a share of worth keeps less evidence than it says, thresholds ask for a greater one, and no greater."""
    shares = [round(0.5 + i / 100, 2) for i in range(50)]
    curve = [CurvePoint(share, 1 - share, share - flatters, share - flatters - 0.05) for share in shares]
    exponent = calibrate(curve)

    def kept(threshold: float, power: float) -> float:
        return float(np.interp(threshold ** (1 / power), [*shares, 1.0], [*(p.evidence for p in curve), 1.0]))

    assert all(kept(threshold, exponent) >= mean for threshold, mean, _ in PROMISES)
    assert any(kept(threshold, exponent - 0.02) < mean for threshold, mean, _ in PROMISES)


def test_a_tenth_of_the_skills_may_not_fall_far() -> None:
    """The mean alone does not make a threshold safe."""
    shares = [round(0.5 + i / 100, 2) for i in range(50)]
    even = [CurvePoint(share, 0.1, share, share) for share in shares]
    uneven = [CurvePoint(share, 0.1, share, share - 0.2) for share in shares]
    assert calibrate(uneven) > calibrate(even)


def test_rivals_learn_what_is_there_to_learn() -> None:
    """Where the first feature decides, every model does better than length, and 16 exams do better than 8."""
    random = np.random.RandomState(1)
    rows = tuple(random.normal(size=(30, 4)) for _ in range(16))
    chances = [choice_probabilities(row, np.array([2.0, 0, 0, 0])) for row in rows]
    counts = tuple(random.multinomial(20, chance).astype(np.float64) for chance in chances)
    examined = Examined(tuple(f"repo {i // 2}" for i in range(16)), rows, counts)
    texts = [[f"word{random.randint(5)}" for _ in range(30)] for _ in rows]
    length, *others = compare_models(examined, texts)
    assert all(rival.likelihood > length.likelihood and rival.kept > length.kept for rival in others)
    assert max(others, key=lambda rival: rival.free).name == "what the exams ask"
    fewer, more = compare_sizes(examined, texts)
    assert (fewer.name, more.name) == ("8 exams", "16 exams")
    assert more.likelihood > fewer.likelihood > length.likelihood
