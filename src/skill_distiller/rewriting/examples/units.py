"""The examples inside one section: each lead-in with the code, quote or list it introduces, and its output."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.analysis.cues import is_lead_in
from skill_distiller.analysis.model import Analysis, SectionType
from skill_distiller.rewriting.examples.labels import is_answer, label_of
from skill_distiller.rewriting.examples.lookups import leading_blocks
from skill_distiller.skill.model import Block, BlockKind, Section

_MOSTLY: Final = 0.5  # the share of an example's characters that the analyzer has to take for one
_TITLED: Final = re.compile(
    r"\s*(?:\*\*|__)[^*_\n]{1,120}(?:\*\*|__)|\s*[^\s:：`]{1,24}(?: [^\s:：`]{1,24}){0,2}[:：]\s*\S"
)
_ORDERED: Final = re.compile(r"\s*\d{1,9}[.)]")
_ASIDE: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})


def section_units(section: Section) -> list[tuple[int, ...]]:
    """The blocks of a section, by index, in units that each may be an example; what opens none is in none.

    A unit starts at a lead-in, at a titled paragraph or at an item of a long list, and goes on to
    the next start. A lead-in that announces an answer goes on with the unit; so does every lead-in
    between two with the same label (`Input:`, `Output:`, `Input:`, …).
    """
    starts = _starts(section)
    return [_unit(section.blocks[a:b]) for a, b in pairwise([*starts, len(section.blocks)])]


def _starts(section: Section) -> list[int]:
    blocks = section.blocks
    openings = [i for i in range(len(blocks)) if _opens(blocks, i)]
    labels = [label_of(blocks[i].text) for i in openings]
    repeated = Counter(labels)
    if openings and repeated[labels[0]] > 1 and blocks[openings[0]].kind is BlockKind.PARAGRAPH:
        return [i for i, label in zip(openings, labels, strict=True) if label == labels[0]]
    return [i for n, i in enumerate(openings) if not (n and _goes_on(blocks, openings[n - 1], i))]


def _opens(blocks: Sequence[Block], i: int) -> bool:
    block = blocks[i]
    if block.kind is BlockKind.LIST_ITEM:
        return True
    if block.kind is not BlockKind.PARAGRAPH:
        return False
    following = blocks[i + 1] if i + 1 < len(blocks) else None
    return is_lead_in(block, following) or bool(_TITLED.match(block.text))


def _goes_on(blocks: Sequence[Block], before: int, i: int) -> bool:
    """Whether an opening goes on with the unit of the one before it."""
    if blocks[i].kind is BlockKind.LIST_ITEM:
        return False
    return is_answer(blocks[i].text) or (i == before + 1 and is_lead_in(blocks[before], blocks[i]))


def _unit(blocks: Sequence[Block]) -> tuple[int, ...]:
    """The blocks of a unit, without separators at its end."""
    end = len(blocks)
    while end > 1 and blocks[end - 1].kind in _ASIDE:
        end -= 1
    return tuple(block.index for block in blocks[:end])


def is_example(analysis: Analysis, blocks: Sequence[int], *, strictly: bool = False) -> bool:
    """Whether most of some blocks is an example by verdict; `strictly`: each of them but lead-ins and separators."""
    skill, leading = analysis.skill, leading_blocks(analysis)
    content = [i for i in blocks if i not in leading and skill.blocks[i].kind not in _ASIDE]
    if not content:
        return False
    examples = [i for i in content if analysis.verdicts[i].type is SectionType.EXAMPLE]
    if strictly:
        return len(examples) == len(content)
    length = sum(len(skill.blocks[i].text) for i in content)
    return sum(len(skill.blocks[i].text) for i in examples) >= _MOSTLY * length


def is_procedure(analysis: Analysis, blocks: Sequence[int]) -> bool:
    """Whether some blocks hold numbered steps."""
    found = [analysis.skill.blocks[i] for i in blocks]
    if any(block.kind is BlockKind.LIST and len(_numbered(block.text)) > 1 for block in found):
        return True
    if any(block.kind is BlockKind.LIST_ITEM and _ORDERED.match(block.text) for block in found):
        return True
    return bool(found) and bool(re.match(r"\W*(?:(?i:step|phase)\s+)?\d{1,3}[.):]\s", found[0].text))


def _numbered(text: str) -> list[str]:
    return [line for line in text.splitlines() if _ORDERED.match(line)]
