"""How much of a block stands elsewhere: in other blocks, in headings, in the description."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.characters import Form
from skill_distiller.analysis.lexicon import CLASSES
from skill_distiller.analysis.skill_tokens import SkillTokens
from skill_distiller.analysis.token_row import Flags, Hashes, Places, lexicon_sets

_STOP: Final = CLASSES.index("stop")
# A word is told by the upper bits of its hash; below stand whether it is a number, and its block.
_BLOCK_BITS: Final = np.uint64(23)
_NUMBER_BIT: Final = np.uint64(1 << 23)
_BLOCK_MASK: Final = np.uint64((1 << 23) - 1)
_LOW: Final = np.uint64((1 << 24) - 1)
_TOP_BITS: Final = 16
_TOP_SHIFT: Final = np.uint64(64 - _TOP_BITS)


def overlap_features(read: SkillTokens) -> npt.NDArray[np.float64]:
    """Blocks x columns, over the distinct content words of each block."""
    tokens, count = read.tokens, read.blocks
    ends, about = tokens.starts[count], tokens.starts[-1]
    word, block, number = _distinct(read)
    repeated = np.zeros(len(word) + 1, dtype=bool)  # the entry before is the same word, in an earlier block
    np.equal(word[1:], word[:-1], out=repeated[1:-1])
    beside = repeated.copy()
    beside[1:-1] &= block[1:] == block[:-1] + 1
    runs = np.flatnonzero(~repeated[:-1])
    spread = np.repeat(*[np.diff(runs, append=len(word))] * 2)
    novel = spread == 1
    headed, described = _standing_in(word, tokens.hashes[ends:about]), _standing_in(word, tokens.hashes[about:])
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


def _distinct(read: SkillTokens) -> tuple[Hashes, Places, Flags]:
    """Each content word with each block that holds it, sorted by word, then by block; whether it is a number."""
    tokens, count = read.tokens, read.blocks
    ends = tokens.starts[count]
    stop = lexicon_sets().members[:, _STOP] > 0
    content = np.flatnonzero(read.words[:ends] & ~stop.take(tokens.classes[:ends]))
    block_of = np.repeat(np.arange(count, dtype=np.uint64), tokens.lengths[:count])
    key = tokens.hashes[content] & ~_LOW | (tokens.forms[content] == Form.NUMBER).astype(np.uint64) << _BLOCK_BITS
    key = np.sort(key | block_of[content])
    new = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:], key[:-1], out=new[1:])
    key = key[new]
    return key & ~_LOW, (key & _BLOCK_MASK).astype(np.intp), (key & _NUMBER_BIT) > 0


def _standing_in(words: Hashes, hashes: Hashes) -> Flags:
    """Which words stand in a text, by the top bits of its tokens' hashes."""
    found = np.zeros(1 << _TOP_BITS, dtype=bool)
    found[(hashes >> _TOP_SHIFT).astype(np.intp)] = True
    return found.take((words >> _TOP_SHIFT).astype(np.intp))
