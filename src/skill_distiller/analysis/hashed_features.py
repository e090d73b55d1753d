"""What stands in a block and in the headings above it, as hashed bags of words, word pairs and shapes."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from skill_distiller.language.token_arrays import GOLDEN, Flags, Hashes, Places, SkillTokens, first_words
from skill_distiller.language.words import Form
from skill_distiller.skill.model import Block, BlockKind


class Group(NamedTuple):
    """A kind of bag: it has 2 ** `bits` buckets, and counts `weight`."""

    bits: int
    weight: float


BLOCK_GROUPS: Final = {
    "words": Group(14, 0.7),
    "pairs": Group(15, 0.7),
    "shape triples": Group(13, 0.3),
    "edges": Group(14, 0.6),
}
SECTION_GROUPS: Final = {
    "heading words": Group(12, 0.9),
    "heading pairs": Group(12, 0.9),
    "path words": Group(12, 0.5),
}
GROUPS: Final = (*BLOCK_GROUPS.values(), *SECTION_GROUPS.values())
OFFSETS: Final = (0, *accumulate(1 << group.bits for group in GROUPS))  # of a group's buckets; the last counts all
HASHED_DEFINITION: Final = repr((1, BLOCK_GROUPS, SECTION_GROUPS))

_Value = TypeVar("_Value", np.uint64, np.bool_)
_STEP: Final = np.uint64(1_000_003)
_NUMBER: Final = np.uint64(48)  # all numbers are one word
_SHAPES: Final = np.arange(len(Form), dtype=np.uint64) * GOLDEN
_FIRST, _LAST, _WORDS = 4, 2, 3  # tokens at the edges of a block
_EDGES: Final = _FIRST + _LAST + _WORDS + 3
_SALTS: Final = (np.arange(1, _EDGES + 1, dtype=np.uint64) * np.uint64(0xD1B54A32D192ED03))[:, None]


class Bags(NamedTuple):
    """Bags of buckets: bag i is `buckets[starts[i]:starts[i + 1]]`, and each entry counts `values[i]`.

    For each of BLOCK_GROUPS a bag a block, then for each of SECTION_GROUPS a bag a section.
    """

    buckets: Places
    starts: Places
    values: npt.NDArray[np.float32]
    blocks: int
    section_of: Places


def hashed_features(blocks: tuple[Block, ...], read: SkillTokens) -> Bags:
    """The bags of a skill."""
    tokens, count = read.tokens, read.blocks
    own, heads = count, count + read.sections
    hashes = np.where(tokens.forms == Form.NUMBER, _NUMBER, tokens.hashes)
    words, word_sizes = _chosen(hashes, read, read.words)
    pairs, pair_sizes = _chosen(_pairs(hashes), read, read.words | _before(read.words))
    ends = tokens.starts[count]
    shapes = np.where(read.words[:ends], _SHAPES.take(tokens.forms[:ends]), tokens.hashes[:ends])
    bags = (
        (words[0], word_sizes[:own]),
        (pairs[0], pair_sizes[:own]),
        (_before(_pairs(shapes)) * _STEP + shapes, tokens.lengths[:own]),
        (_edges(blocks, read, hashes), np.full(count, _EDGES)),
        (words[1], word_sizes[own:heads]),
        (pairs[1], pair_sizes[own:heads]),
        (words[2], word_sizes[heads:-1]),
    )
    sizes = np.concatenate([size for _, size in bags])
    weights = np.repeat([group.weight for group in GROUPS], [len(size) for _, size in bags])
    return Bags(
        np.concatenate([_bucket(hashes, g) for g, (hashes, _) in enumerate(bags)]),
        np.cumsum(sizes) - sizes,
        (weights / np.sqrt(sizes)).astype(np.float32),
        count,
        read.section_of,
    )


def _chosen(hashes: Hashes, read: SkillTokens, wanted: Flags) -> tuple[list[Hashes], Places]:
    """The wanted tokens and every END: those of blocks, of headings and of paths; how many each text has."""
    tokens, count = read.tokens, read.blocks
    wanted = wanted.copy()
    wanted[tokens.starts + tokens.lengths - 1] = True
    before: Places = np.cumsum(wanted) - wanted
    starts: Places = before[tokens.starts]
    sizes: Places = np.diff(starts, append=before[-1] + 1)
    chosen = hashes[wanted]
    cuts = [0, *starts[[count, count + read.sections, -1]]]
    return [chosen[low:high] for low, high in pairwise(cuts)], sizes


def _bucket(hashes: Hashes, g: int) -> Places:
    mixed = (hashes + np.uint64(g * 7919)) * GOLDEN
    return (mixed >> np.uint64(64 - GROUPS[g].bits)).astype(np.intp) + OFFSETS[g]


def _before(values: npt.NDArray[_Value]) -> npt.NDArray[_Value]:
    """For each token what stands before it; nothing before the first."""
    out = np.zeros_like(values)
    out[1:] = values[:-1]
    return out


def _pairs(hashes: Hashes) -> Hashes:
    return _before(hashes) * _STEP + hashes


def _edges(blocks: tuple[Block, ...], read: SkillTokens, hashes: Hashes) -> Hashes:
    """Block after block: its first and last tokens, its first words, its kind and its language."""
    starts, ends = read.first_tokens, read.ends
    places = np.concatenate(
        [
            np.minimum(starts + np.arange(_FIRST)[:, None], ends),
            np.maximum(ends - np.arange(1, _LAST + 1)[:, None], starts),
            first_words(read, _WORDS),
        ]
    )
    out = np.empty((_EDGES, read.blocks), dtype=np.uint64)
    out[:-3] = hashes[places]
    out[-3] = out[-6] * _STEP + out[-5]  # the first two words
    out[-2] = [_name_hash(block.kind) for block in blocks]
    out[-1] = [_name_hash(block.info[:40]) if block.kind is BlockKind.CODE else 0 for block in blocks]
    return (out + _SALTS).T.ravel()


@lru_cache(maxsize=4096)
def _name_hash(text: str) -> int:
    return crc32(text.split(maxsplit=1)[0].lower().encode("utf-8", "replace")) if text.strip() else 0
