"""The trained weights that ship in the wheel: read without pickle, refused where they were made for other code."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

Arrays = Mapping[str, npt.NDArray[Any]]

FOLDER: Final = Path(__file__).parent
FEATURES: Final = "features"  # the member that holds the digest of the feature definition


class WeightsError(RuntimeError):
    """The weights can't be read, or they were fitted on features that this code no longer computes."""


def load_weights(source: str | Path, features: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `<source>.npz` beside this file, or of a path.

    `features` describes what the code computes (names, sizes, version); raises WeightsError where
    the file was fitted on something else, is missing or is no such file.
    """
    path = source if isinstance(source, Path) else files(__package__) / f"{source}.npz"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, EOFError, ValueError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path} holds no weights ({error}). Reinstall skill-distiller.") from error
    found = arrays.pop(FEATURES, None)
    if found is None or str(found) != digest(features):
        raise WeightsError(f"{path} was fitted on other features than this version computes. Train it again.")
    return arrays


def digest(features: str) -> str:
    """A short fingerprint of a feature definition."""
    return hashlib.sha256(features.encode()).hexdigest()[:16]


def single_thread() -> AbstractContextManager[object]:
    """A context in which the linear algebra under numpy uses one thread."""
    return _controller().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    import numpy as np  # noqa: F401 - what is not loaded yet can't be controlled

    return ThreadpoolController()
