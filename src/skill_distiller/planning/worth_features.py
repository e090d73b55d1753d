"""What tells how much a block is worth: its size, what stands nowhere else, its importance, place and type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from math import log
from typing import Final
from zlib import crc32

from skill_distiller.analysis import Analysis, FactKind, SectionType
from skill_distiller.analysis.words import content_words, unique_words
from skill_distiller.document import BlockKind

FEATURES: Final = (
    "log characters",
    "log words that stand in no other block, heading or description",
    "log numbers that stand in no other block",
    "log importance",
    "importance",
    "place in the skill, 0-1",
    "is an edge case",
    "is a constraint",
    "is a table",
    "is code",
    "log words that stand nowhere else and are rare in skills",
    "is among the first tenth of the blocks",
)
_CHARACTERS: Final = 8  # added before the logarithm: the shortest blocks are much alike
_IMPORTANCE: Final = 0.05
_OPENING: Final = 0.1  # the part of a skill, in blocks, that opens it
_STOP: Final = frozenset(
    "the and for with that this from into than then such via your you they will can are not".split()
)


def word_number(word: str) -> int:
    """The number by which a word is known to the weights: a hash of 32 bits."""
    return crc32(word.encode())


def worth_features(analysis: Analysis, common: Set[int] = frozenset()) -> list[tuple[float, ...]]:
    """One row a block, one value for each of FEATURES; `common` are the numbers of the words that are not rare."""
    skill = analysis.skill
    words = [content_words(block.text) for block in skill.blocks]
    known = _STOP | content_words("\n".join([skill.description, *(section.heading for section in skill.sections)]))
    novel = unique_words(words) - known
    rare = frozenset(word for word in novel if word_number(word) not in common)
    numbers = [{fact.key for fact in facts if fact.kind is FactKind.NUMBER} for facts in analysis.facts]
    spread = Counter(key for keys in numbers for key in keys)
    last = max(1, len(words) - 1)
    return [
        (
            log(len(block.text) + _CHARACTERS),
            log(len(own & novel) + 1),
            log(sum(spread[key] == 1 for key in keys) + 1),
            log(verdict.importance + _IMPORTANCE),
            verdict.importance,
            block.index / last,
            float(verdict.type is SectionType.EDGE_CASE),
            float(verdict.type is SectionType.CONSTRAINT),
            float(block.kind is BlockKind.TABLE),
            float(block.kind is BlockKind.CODE),
            log(len(own & rare) + 1),
            float(block.index < _OPENING * len(words)),
        )
        for verdict, own, keys, block in zip(analysis.verdicts, words, numbers, skill.blocks, strict=True)
    ]
