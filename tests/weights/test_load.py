"""Files of weights: what is refused, and that the same arrays are the same bytes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from lab.training.save_weights import save_weights

from skill_distiller.planning.worth import DEFINITION, NAME, load_worth_model
from skill_distiller.weights import WeightsError, load_weights

ARRAYS: dict[str, npt.NDArray[Any]] = {
    "b": np.arange(6, dtype=np.int8).reshape(2, 3),
    "a": np.array(0.5, dtype=np.float32),
}


def test_round_trip(tmp_path: Path) -> None:
    """What was saved is read, shapes and types included; the order of the arrays makes no difference."""
    first, second = io.BytesIO(), io.BytesIO()
    save_weights(first, "features 1", ARRAYS)
    save_weights(second, "features 1", dict(reversed(ARRAYS.items())))
    assert first.getvalue() == second.getvalue()
    path = tmp_path / "w.npz"
    path.write_bytes(first.getvalue())
    found = load_weights(path, "features 1")
    assert found.keys() == ARRAYS.keys()
    for name, array in found.items():
        assert (array.shape, array.dtype, array.tolist()) == (
            ARRAYS[name].shape,
            ARRAYS[name].dtype,
            ARRAYS[name].tolist(),
        )


def test_other_features_are_refused(tmp_path: Path) -> None:
    """Weights that were fitted on something else give an error that says so."""
    path = tmp_path / "w.npz"
    save_weights(path, "features 1", ARRAYS)
    with pytest.raises(WeightsError, match="other features"):
        load_weights(path, "features 2")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_no_weights_at_all(tmp_path: Path, content: bytes) -> None:
    """A file that is none, and none at all."""
    path = tmp_path / "w.npz"
    path.write_bytes(content)
    for missing in (path, tmp_path / "other.npz"):
        with pytest.raises(WeightsError, match="holds no weights"):
            load_weights(missing, "features 1")


def test_pickles_are_refused(tmp_path: Path) -> None:
    """An array of objects could run code when read: it is not."""
    path = tmp_path / "w.npz"
    np.savez(path, features=np.array([{"a": 1}], dtype=object))
    with pytest.raises(WeightsError, match="holds no weights"):
        load_weights(path, "features 1")


def test_the_shipped_worth_model_is_for_this_code() -> None:
    """One coefficient a feature, and settings in their ranges."""
    model = load_worth_model()
    assert load_weights(NAME, DEFINITION)["coefficients"].shape == (len(model.coefficients),)
    assert 0 < model.exponent < 2
    assert 0 <= model.low_confidence < model.required_importance <= 1
    assert 1000 < len(model.vocabulary.uses) < 100_000
    assert max(model.vocabulary.uses.values()) <= model.vocabulary.skills
