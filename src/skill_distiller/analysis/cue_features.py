"""What the place of a block says of its type, as columns of points."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.cues import CUES, place_points, places
from skill_distiller.analysis.taxonomy import SectionType
from skill_distiller.document import Skill

_COLUMNS: Final = {kind: i for i, kind in enumerate(SectionType)}
CUE_DEFINITION: Final = repr((1, [cue.__name__ for cue in CUES], list(_COLUMNS)))


def cue_features(skill: Skill) -> npt.NDArray[np.float32]:
    """Blocks x section types: the points that rules give each type."""
    out = np.zeros((len(skill.blocks), len(_COLUMNS)), dtype=np.float32)
    for place in places(skill):
        for kind, points in place_points(place).items():
            out[place.block.index, _COLUMNS[kind]] = points
    return out
