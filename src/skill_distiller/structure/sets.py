"""Sets of blocks that are alike: what most of them keep all of them keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import Block, BlockKind, Skill, once_per_skill

_FEWEST_ALIKE: Final = 3  # sections of one shape


@once_per_skill
def alike_blocks(skill: Skill) -> tuple[tuple[int, ...], ...]:
    """The blocks, by index, at each place of three sections or more beside each other that have blocks of one shape.

    A shape is two blocks or more, or one of code: one paragraph or list says little of what it is. The items of a long
    list are such a set too, and so is the code of a section that stands under several labels.
    """
    found = list[Sequence[Block]]()
    for section in skill.sections:
        code = [b for b in section.blocks if b.kind is BlockKind.CODE and b.index - 1 in lead_ins(skill)]
        found += [code] if len(code) >= _FEWEST_ALIKE else []
    lists = (groupby(section.blocks, lambda block: block.kind is BlockKind.LIST_ITEM) for section in skill.sections)
    items = [list(run) for runs in lists for is_item, run in runs if is_item]
    alike = defaultdict[tuple[object, ...], list[list[Block]]](list)
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        blocks = [block for block in section.blocks if block.kind is not BlockKind.RULE]
        kinds = [block.kind for block in blocks]
        if len(kinds) > 1 or BlockKind.CODE in kinds:
            alike[parent, section.level, *kinds].append(blocks)
    places = (zip(*group, strict=True) for group in alike.values() if len(group) >= _FEWEST_ALIKE)
    sets = (*(own for group in places for own in group), *found, *items)
    return tuple(tuple(block.index for block in own) for own in sets)


def in_most(sets: Iterable[Sequence[int]], kept: Collection[int]) -> Iterator[Sequence[int]]:
    """Those of some sets of blocks of which more than half are kept."""
    return (own for own in sets if 2 * sum(index in kept for index in own) > len(own))
