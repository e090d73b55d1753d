"""What a block looks like, and what stands around it, as columns of numbers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.analysis.characters import COUNTED, Form
from skill_distiller.analysis.lexicon import CLASSES
from skill_distiller.analysis.overlap_features import overlap_features
from skill_distiller.analysis.place_features import place_features
from skill_distiller.analysis.skill_tokens import SkillTokens, first_words
from skill_distiller.analysis.token_row import lexicon_sets
from skill_distiller.document import Block, BlockKind

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
STRUCTURAL_DEFINITION: Final = repr((2, list(_KINDS), _FENCES, _MARKS, list(_FIRST), list(_LAST)))


def structural_features(blocks: tuple[Block, ...], read: SkillTokens) -> Columns:
    """Blocks x columns; there has to be a block."""
    classes, forms = _counts(read)
    words = np.concatenate([classes[: read.blocks], forms[: read.blocks]], axis=1)
    marks = read.tokens.marks[: read.blocks]
    content = forms[: read.blocks, :4].sum(axis=1) - words[:, CLASSES.index("stop")]
    kinds = np.array([_KINDS[block.kind] for block in blocks])
    first, last, word = _edges(read)
    parts = (
        np.log1p(words),
        np.log1p(marks[:, _MARKS]),
        np.log1p(read.tokens.pairs[: read.blocks]),
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
    items = read.tokens.items[: read.blocks]
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
        (tokens.heads[: read.blocks, :, None] == _FIRST).any(axis=1),
        (tokens.tails[: read.blocks, :, None] == _LAST).any(axis=1),
        lexicon_sets().members[tokens.classes[first_words(read, 1)[0]]],
    )


def _headings(read: SkillTokens, classes: Columns) -> Columns:
    """The word classes of the heading above, its length and its depth."""
    headings = slice(read.blocks, read.blocks + read.sections)
    lengths = read.tokens.lengths[headings]
    columns = np.concatenate([classes[headings] > 0, read.depths[:, None], lengths[:, None]], axis=1, dtype=np.float32)
    return columns[read.section_of]
