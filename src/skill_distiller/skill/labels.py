"""Labels: paragraphs that name or introduce the blocks after them, and which block stands under which."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

_MAX_CHARS: Final = 160  # of a line that is a heading in all but name
# A line of emphasis alone, or one that ends in a dash: "**On macOS**", "*On Windows*:", "Windows —".
_LABEL: Final = re.compile(
    r"(?:\*\*[^*\n]+\*\*|\*[^*\n]+\*|__[^_\n]+__|_[^_\n]+_|\*\*\*[^*\n]+\*\*\*)\s*[:：]?|[^.\n]{1,60}\s[—–-]"
)
FORMULA: Final = re.compile(r"(?P<formula>\$\$[^$]{1,4000}\$\$|\\\[(?:[^\\]|\\[^\[\]]){1,4000}\\\])")
_ENDS: Final = tuple(".!?。！？")
_NEVER_INTRODUCED: Final = frozenset({BlockKind.RULE, BlockKind.HTML, BlockKind.DEFINITION})


def is_label(block: Block) -> bool:
    """Whether a paragraph is a heading in all but name: whatever follows stands under it, up to the next one."""
    if block.kind is not BlockKind.PARAGRAPH or len(block.text) > _MAX_CHARS + 2:
        return False
    text = " ".join(block.text.split())  # where its line breaks says nothing
    return len(text) <= _MAX_CHARS and _LABEL.fullmatch(text) is not None


def ends_in_colon(block: Block) -> bool:
    """Whether a paragraph ends in a colon, emphasis apart."""
    return block.kind is BlockKind.PARAGRAPH and block.text.rstrip("*_ \t\r\n").endswith((":", "："))


def is_lead_in(block: Block, following: Block | None) -> bool:
    """Whether a block introduces the one after it: `Run:`, `**Example:**`, half a sentence before or in a formula."""
    if following is None or following.kind in _NEVER_INTRODUCED:
        return False
    return ends_in_colon(block) or is_label(block) or _is_half_a_sentence(block, following)


def _is_half_a_sentence(block: Block, following: Block) -> bool:
    """Whether a sentence goes on over a formula: "is computed as", the formula, "where x is ..."."""
    if is_formula(following):
        return block.kind is BlockKind.PARAGRAPH and not block.text.rstrip("*_ \t\r\n").endswith(_ENDS)
    return is_formula(block) and following.kind is BlockKind.PARAGRAPH and following.text.lstrip()[:1].islower()


def is_formula(block: Block) -> bool:
    """Whether a block is a formula and nothing else."""
    if block.kind is BlockKind.CODE:
        return block.info == "math"
    text = block.text.strip()
    return block.kind is BlockKind.PARAGRAPH and text.startswith(("$$", "\\[")) and FORMULA.fullmatch(text) is not None


@once_per_skill
def lead_ins(skill: Skill) -> frozenset[int]:
    """The indices of the blocks that are lead-ins."""
    return frozenset(
        block.index
        for section in skill.sections
        for block, following in pairwise(section.blocks)
        if is_lead_in(block, following)
    )


def _is_comment(block: Block) -> bool:
    text = block.text.strip()
    return block.kind is BlockKind.HTML and text.startswith("<!--") and text.endswith("-->")


def labels_of(blocks: Sequence[Block], partners: Mapping[int, int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """For each block of a section that stands under labels, its index and theirs, the outer one first.

    A lead-in is the label of the block behind it, or of all items of the list behind it; a label is one of all blocks
    up to the next, or up to the end of the container that it stands in: `partners` has each of two tags by the other.
    Comments stand between nothing.
    """
    blocks = [block for block in blocks if not _is_comment(block)]
    outside: dict[int, int] = {}  # by opening tag the label that it stands under, which goes on behind the closing one
    lasting = lead = -1
    fresh = False  # whether the lead-in stands right before
    previous: Block | None = None
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        goes_on = block.kind is BlockKind.LIST_ITEM and previous is not None and previous.kind is block.kind
        lead = lead if fresh or goes_on else -1
        partner = partners.get(block.index, -1)
        if partner > block.index:
            outside[block.index] = lasting
        elif partner >= 0:
            lasting = outside.get(partner, -1)
        label = is_label(block)
        own = tuple(index for index in (lasting, lead) if index >= 0 and not label)
        if own:
            yield block.index, own
        fresh = not label and is_lead_in(block, following)
        if label:
            lasting, lead = block.index, -1
        elif fresh:
            lead = block.index
        previous = block
