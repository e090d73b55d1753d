"""What the trained model looks at: hashed bags of words and columns of numbers, for every block of a skill."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.cue_features import CUE_DEFINITION, cue_features
from skill_distiller.analysis.hashed_features import HASHED_DEFINITION, Bags, hashed_features
from skill_distiller.analysis.skill_tokens import skill_tokens
from skill_distiller.analysis.structural_features import STRUCTURAL_DEFINITION, structural_features
from skill_distiller.analysis.token_row import TOKEN_DEFINITION
from skill_distiller.document import Skill

# Weights are refused where this differs. Raise the number where code changes what it computes.
BLOCK_FEATURES: Final = "\n".join(
    ("blocks 2", TOKEN_DEFINITION, HASHED_DEFINITION, STRUCTURAL_DEFINITION, CUE_DEFINITION)
)


class BlockFeatures(NamedTuple):
    """`bags` of hashed words; `columns`, blocks x numbers."""

    bags: Bags
    columns: npt.NDArray[np.float32]


def block_features(skill: Skill) -> BlockFeatures:
    """The features of a skill that holds a block."""
    read = skill_tokens(skill)
    columns = np.concatenate([structural_features(skill.blocks, read), cue_features(skill)], axis=1)
    return BlockFeatures(hashed_features(skill.blocks, read), columns)
