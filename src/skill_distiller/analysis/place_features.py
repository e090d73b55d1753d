"""Where a block stands in its section and in the skill, what is next to it, and what the skill is like."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.skill_tokens import SkillTokens
from skill_distiller.analysis.token_row import Places

_BEYOND: Final = -1.0  # next to the first and the last block; no length and no flag is negative


def place_features(
    kinds: Places, colon: npt.NDArray[np.bool_], read: SkillTokens, length: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Blocks x columns, from each block's kind, whether it ends with a colon, and its length in content words."""
    count, section = read.blocks, read.section_of
    index = np.arange(count, dtype=np.float32)
    total = max(float(length.sum()), 1.0)
    members = np.bincount(section, minlength=read.sections)
    inside = index - (np.cumsum(members) - members)[section]
    behind = members[section] - 1 - inside
    size = np.bincount(section, weights=length)[section]
    share = np.bincount(kinds, minlength=4) / count
    out = np.empty((24, count), dtype=np.float32)
    out[0] = index / max(count - 1, 1)
    out[1] = np.cumsum(length, dtype=np.float64) / total
    out[2] = length / total
    out[3] = section / max(read.sections - 1, 1)
    out[4] = length / np.maximum(size, 1)
    out[5:11] = np.log1p([index, count - 1 - index, inside, behind, inside + behind, size])
    out[11:15] = _BEYOND
    out[11, 1:] = colon[:-1]
    out[12, 1:] = np.log1p(length[:-1])
    out[13, :-1] = np.log1p(length[1:])
    out[14, 1:] = inside[1:] > 0
    out[15] = behind > 0
    logs = np.log1p([count, total, np.count_nonzero(members), read.tokens.lengths[-1]])
    out[16:] = np.concatenate([logs, [total / count], share[:3]])[:, None]
    return out.T
