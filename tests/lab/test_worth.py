"""The fit of worth: the choice model, and the settings that are taken."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="needs the train extra")

from lab.training.conditional_logit import choice_probabilities, fit_conditional_logit
from lab.training.worth import CurvePoint, Setting, evidence_at, most_careful


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
        Setting(0.55, 0.0, 0.910),
        Setting(0.45, 0.0, 0.908),
        Setting(0.45, 0.3, 0.907),
        Setting(0.35, 0.3, 0.890),
    )
    assert most_careful(settings) == settings[2]


def test_evidence_between_points() -> None:
    """The curve begins with everything kept and nothing saved."""
    curve = (CurvePoint(0.9, 0.2, 0.9), CurvePoint(0.8, 0.4, 0.7))
    assert [evidence_at(curve, saved) for saved in (0.0, 0.1, 0.3)] == pytest.approx([1.0, 0.95, 0.8])
