"""Write trained weights as the package reads them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Final

import numpy as np

from skill_distiller.weights import FEATURES, Arrays, digest

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever a file is written


def save_weights(target: Path | IO[bytes], features: str, arrays: Arrays) -> None:
    """Write arrays so that the same arrays always give the same bytes."""
    members = {FEATURES: np.array(digest(features)), **arrays}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as file:
                np.lib.format.write_array(file, np.asarray(members[name], order="C"), allow_pickle=False)
