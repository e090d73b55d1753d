"""How much of a block stands elsewhere: in other blocks, in headings, in the description."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.skill_tokens import SkillTokens
from skill_distiller.analysis.vocabulary import TRAIT, Flags, Places


def overlap_features(read: SkillTokens) -> npt.NDArray[np.float64]:
    """Blocks x columns, over the distinct content words of each block."""
    tokens, count = read.tokens, read.blocks
    ends, about = tokens.starts[count], tokens.starts[-1]
    word, block = _distinct(read)
    repeated = np.zeros(len(word) + 1, dtype=bool)  # the entry before is the same word, in an earlier block
    np.equal(word[1:], word[:-1], out=repeated[1:-1])
    beside = repeated.copy()
    beside[1:-1] &= block[1:] == block[:-1] + 1
    spread = np.bincount(word, minlength=1)[word]
    novel = spread == 1
    headed, described = (_standing_in(same, ends)[word] for same in (tokens.same[ends:about], tokens.same[about:]))
    number = tokens.traits[word, TRAIT["number"]] > 0
    flags = (
        novel,
        novel & number,
        novel & ~(headed | described),
        repeated[:-1],
        headed,
        described,
        beside[:-1],
        beside[1:],
        np.log(spread),
    )
    sums = np.stack([np.bincount(block, weights=values, minlength=count) for values in flags], axis=1)
    size = np.maximum(np.bincount(block, minlength=count), 1)
    return np.concatenate([sums / size[:, None], np.log1p(sums[:, [0, 1, 5]])], axis=1)


def _distinct(read: SkillTokens) -> tuple[Places, Places]:
    """Each content word with each block that holds it, sorted by word, then by block."""
    tokens, count = read.tokens, read.blocks
    ends = tokens.starts[count]
    content = tokens.words[:ends] & (tokens.traits[:ends, TRAIT["stop"]] == 0)
    block_of = np.repeat(np.arange(count), tokens.lengths[:count])
    key = np.sort((tokens.same[:ends] * count + block_of)[content])
    word, block = np.divmod(key[np.diff(key, prepend=-1) != 0], count)
    return word, block


def _standing_in(same: Places, ends: int) -> Flags:
    """Which words of the blocks stand in another text, whose tokens these are."""
    found = np.zeros(ends, dtype=bool)
    found[same[same < ends]] = True
    return found
