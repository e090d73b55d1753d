"""What a block looks like, and what stands around it, as columns of numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.overlap_features import overlap_features
from skill_distiller.analysis.place_features import place_features
from skill_distiller.analysis.skill_tokens import SkillTokens, first_words
from skill_distiller.analysis.vocabulary import CLASSES, TRAIT
from skill_distiller.document import Block, BlockKind

Columns = npt.NDArray[np.float32]

_KINDS: Final = {kind: i for i, kind in enumerate(BlockKind)}
_FENCE_GROUPS: Final = ("bash sh shell zsh powershell console", "json yaml yml toml xml", "text markdown md")
_FENCES: Final = {language: i for i, group in enumerate(_FENCE_GROUPS) for language in group.split()} | {"": 2}
_CONTENT: Final = [TRAIT[name] for name in ("word", "foreign", "cjk", "number")]
_SHARES: Final = [*range(len(CLASSES) - 1), *(TRAIT[name] for name in ("`", "number", "upper", "title"))]
_FIRST_TOKEN: Final = [TRAIT[name] for name in ("**", "-", "`", "<", "#", "number", "[")]
_LAST_TOKEN: Final = [TRAIT[name] for name in (":", ".", "**", "?")]
STRUCTURAL_DEFINITION: Final = repr((1, list(_KINDS), _FENCES, _CONTENT, _SHARES, _FIRST_TOKEN, _LAST_TOKEN))


def structural_features(blocks: tuple[Block, ...], read: SkillTokens) -> Columns:
    """Blocks x columns; there has to be a block."""
    counts = np.add.reduceat(read.tokens.traits, read.tokens.starts, axis=0, dtype=np.float32)
    own = counts[: read.blocks]
    content = own[:, _CONTENT].sum(axis=1) - own[:, TRAIT["stop"]]
    kinds = np.array([_KINDS[block.kind] for block in blocks])
    parts = (
        np.log1p(own),
        own[:, _SHARES] / np.maximum(content, 1)[:, None],
        _sizes(blocks, read, content),
        np.eye(len(_KINDS), dtype=np.float32)[kinds],
        _fences(blocks),
        *_edges(read),
        _headings(read, counts),
        overlap_features(read),
        place_features(kinds, read, content),
    )
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _sizes(blocks: tuple[Block, ...], read: SkillTokens, content: Columns) -> Columns:
    characters = np.fromiter([len(block.text) for block in blocks], dtype=np.float32, count=len(blocks))
    items = _items(read)
    columns = (
        np.log1p(content),
        np.log1p(characters),
        np.minimum(characters / np.maximum(content, 1), 60),
        np.log1p(items),
        np.minimum(content / np.maximum(items, 1), 100),
    )
    return np.stack(columns, axis=1)


def _items(read: SkillTokens) -> Columns:
    """How many lines of each block begin with a list marker."""
    marks = read.tokens.traits[: read.tokens.starts[read.blocks]]
    starts = read.tokens.starts[: read.blocks]
    begins = np.zeros(len(marks), dtype=bool)
    begins[1:] = marks[:-1, TRAIT["\n"]]
    begins[starts] = True
    marker = marks[:, TRAIT["-"]] | marks[:, TRAIT["number"]]
    return np.add.reduceat((begins & (marker > 0)) | (marks[:, TRAIT["\n-"]] > 0), starts, dtype=np.float32)


def _fences(blocks: tuple[Block, ...]) -> Columns:
    out = np.zeros((len(blocks), len(_FENCE_GROUPS)), dtype=np.float32)
    for block in blocks:
        if block.kind is BlockKind.CODE and block.info.lower() in _FENCES:
            out[block.index, _FENCES[block.info.lower()]] = 1
    return out


def _edges(read: SkillTokens) -> tuple[npt.NDArray[np.bool_], ...]:
    """What the first token, the last one and the first word are."""
    traits, starts = read.tokens.traits, read.tokens.starts[: read.blocks]
    word = traits[first_words(read, 1)[0]]
    return (
        traits[starts][:, _FIRST_TOKEN] > 0,
        traits[read.last_tokens][:, _LAST_TOKEN] > 0,
        word[:, : len(CLASSES)] > 0,
    )


def _headings(read: SkillTokens, counts: Columns) -> Columns:
    """The word classes of the heading above, its length and its depth."""
    classes = counts[read.blocks : read.blocks + read.sections, : len(CLASSES)] > 0
    lengths = read.tokens.lengths[read.blocks : read.blocks + read.sections]
    columns = np.concatenate([classes, read.depths[:, None], lengths[:, None]], axis=1, dtype=np.float32)
    return columns[read.section_of]
