"""What the trained model of blocks sees: numbers for every block, and what stands in it as hashed bags of words."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.reading import SectionType
from skill_distiller.analysis.safeguards import CUES, place_points, places
from skill_distiller.language.token_arrays import (
    GOLDEN,
    TOKEN_DEFINITION,
    Flags,
    Hashes,
    Places,
    SkillTokens,
    first_words,
    lexicon_sets,
    skill_tokens,
)
from skill_distiller.language.words import CLASSES, COUNTED, Form
from skill_distiller.skill.model import Block, BlockKind, Skill


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
_FIRST_TOKENS, _LAST_TOKENS, _EDGE_WORDS = 4, 2, 3  # tokens at the edges of a block
_EDGES: Final = _FIRST_TOKENS + _LAST_TOKENS + _EDGE_WORDS + 3
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
        (_edge_hashes(blocks, read, hashes), np.full(count, _EDGES)),
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


def _edge_hashes(blocks: tuple[Block, ...], read: SkillTokens, hashes: Hashes) -> Hashes:
    """Block after block: its first and last tokens, its first words, its kind and its language."""
    starts, ends = read.first_tokens, read.ends
    places = np.concatenate(
        [
            np.minimum(starts + np.arange(_FIRST_TOKENS)[:, None], ends),
            np.maximum(ends - np.arange(1, _LAST_TOKENS + 1)[:, None], starts),
            first_words(read, _EDGE_WORDS),
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


Columns = npt.NDArray[np.float32]

_KINDS: Final = {kind: i for i, kind in enumerate(BlockKind)}
_FENCE_GROUPS: Final = ("bash sh shell zsh powershell console", "json yaml yml toml xml", "text markdown md")
_FENCES: Final = {language: i for i, group in enumerate(_FENCE_GROUPS) for language in group.split()} | {"": 2}
_CASES: Final = 3  # no capital, a capital, all capitals
_FORMS: Final = len(Form) * _CASES
# Tokens by form and case, added up to words, foreign words, CJK characters, numbers; capitalized, in capitals.
_SUMS: Final = np.array(
    [
        [form == wanted for wanted in (Form.WORD, Form.FOREIGN, Form.CJK, Form.NUMBER)] + [case == 1, case == 2]
        for form in Form
        for case in range(_CASES)
    ],
    dtype=np.float32,
)
_MARKS: Final = [COUNTED.index(mark) + 1 for mark in '`(*|→>?!"✅❌#=—:;{<[-/.$@_\n']
_FIRST: Final = np.array([COUNTED.index(mark) + 1 for mark in "*-`<#["])
_LAST: Final = np.array([COUNTED.index(mark) + 1 for mark in ":.*?：。|"])
_COLON: Final = [0, 4]  # of these
STRUCTURAL_DEFINITION: Final = repr((2, list(_KINDS), _FENCES, _MARKS, _FIRST.tolist(), _LAST.tolist()))


def structural_features(blocks: tuple[Block, ...], read: SkillTokens) -> Columns:
    """Blocks x columns; there has to be a block."""
    classes, forms = _counts(read)
    words = np.concatenate([classes[: read.blocks], forms[: read.blocks]], axis=1)
    marks = read.tokens.looks.marks[: read.blocks]
    content = forms[: read.blocks, :4].sum(axis=1) - words[:, CLASSES.index("stop")]
    kinds = np.array([_KINDS[block.kind] for block in blocks])
    first, last, word = _edges(read)
    parts = (
        np.log1p(words),
        np.log1p(marks[:, _MARKS]),
        np.log1p(read.tokens.looks.pairs[: read.blocks]),
        _sizes(blocks, read, content),
        np.eye(len(_KINDS), dtype=np.float32)[kinds],
        _fences(blocks),
        first,
        last,
        word,
        _headings(read, classes),
        overlap_features(read),
        place_features(kinds, np.asarray(last[:, _COLON].any(axis=1)), read, content),
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _counts(read: SkillTokens) -> tuple[Columns, Columns]:
    """For each text how many words each class of the lexicon has, and how many tokens each of _SUMS."""
    tokens = read.tokens
    members = lexicon_sets().members
    text_of = np.repeat(np.arange(len(tokens.lengths)), tokens.lengths)
    sets = np.bincount(text_of * len(members) + tokens.classes, minlength=len(members) * len(tokens.lengths))
    forms = np.bincount(
        text_of * _FORMS + tokens.forms.astype(np.intp) * _CASES + tokens.cases, minlength=_FORMS * len(tokens.lengths)
    )
    return sets.reshape(-1, len(members)).astype(np.float32) @ members, forms.reshape(-1, _FORMS).astype(
        np.float32
    ) @ _SUMS


def _sizes(blocks: tuple[Block, ...], read: SkillTokens, content: Columns) -> Columns:
    characters = np.fromiter([len(block.text) for block in blocks], dtype=np.float32, count=len(blocks))
    items = read.tokens.looks.items[: read.blocks]
    columns = (
        np.log1p(content),
        np.log1p(characters),
        np.minimum(characters / np.maximum(content, 1), 60),
        np.log1p(items),
        np.minimum(content / np.maximum(items, 1), 100),
    )
    return np.stack(columns, axis=1)


def _fences(blocks: tuple[Block, ...]) -> Columns:
    out = np.zeros((len(blocks), len(_FENCE_GROUPS)), dtype=np.float32)
    for block in blocks:
        if block.kind is BlockKind.CODE and block.info.lower() in _FENCES:
            out[block.index, _FENCES[block.info.lower()]] = 1
    return out


def _edges(read: SkillTokens) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Columns]:
    """The marks each block begins with and those it ends with, and the classes of its first word."""
    tokens = read.tokens
    return (
        (tokens.looks.heads[: read.blocks, :, None] == _FIRST).any(axis=1),
        (tokens.looks.tails[: read.blocks, :, None] == _LAST).any(axis=1),
        lexicon_sets().members[tokens.classes[first_words(read, 1)[0]]],
    )


def _headings(read: SkillTokens, classes: Columns) -> Columns:
    """The word classes of the heading above, its length and its depth."""
    headings = slice(read.blocks, read.blocks + read.sections)
    lengths = read.tokens.lengths[headings]
    columns = np.concatenate([classes[headings] > 0, read.depths[:, None], lengths[:, None]], axis=1, dtype=np.float32)
    return columns[read.section_of]


_COLUMNS: Final = {kind: i for i, kind in enumerate(SectionType)}
CUE_DEFINITION: Final = repr((1, [cue.__name__ for cue in CUES], list(_COLUMNS)))


def cue_features(skill: Skill) -> npt.NDArray[np.float32]:
    """Blocks x section types: the points that rules give each type."""
    out = np.zeros((len(skill.blocks), len(_COLUMNS)), dtype=np.float32)
    for place in places(skill):
        for kind, points in place_points(place).items():
            out[place.block.index, _COLUMNS[kind]] = points
    return out


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
