"""Sets of blocks of which some say little without the others: what is alike, and the entries of an index."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from skill_distiller.skill.containers import lead_ins
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill, once_per_skill

_FEWEST_ALIKE: Final = 3  # sections of one shape, entries of an index
_ENTRY: Final = re.compile(r"^[ \t]*(?:[-*+]|\d{1,3}[.)])[ ]", re.MULTILINE)
_POINTER: Final = re.compile(r"\]\((?!\w+:)[^()\s]+\)|(?<!\[)`[\w./-]+\.[a-z]{1,4}`")
_ENTRY_CHARS: Final = 240  # with its link


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


@once_per_skill
def index_blocks(skill: Skill) -> tuple[tuple[int, ...], ...]:
    """The blocks, by index, of each index: places beside each other that do nothing but name a file or section each.

    These are three sections or more ("How do I ring it?", and a link), or three paragraphs or lists of one section that
    has little else. Half an index is a wrong one: who finds nothing in it looks no further.
    """
    found = list[list[int]]()
    beside = defaultdict[tuple[int | None, int], list[list[int]]](list)  # of each section, if it is of an index
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        blocks = [block for block in section.blocks if block.kind is not BlockKind.RULE]
        said = [block for block in blocks if block.index not in lead_ins(skill)]
        pointing = [block.index for block in said if _only_points(block)]
        alone = section.level > 0 and len(pointing) == len(said)
        beside[parent, section.level].append([block.index for block in blocks] if alone and pointing else [])
        if len(pointing) >= _FEWEST_ALIKE and 2 * len(pointing) > len(said):
            found.append(pointing)
    for group in beside.values():
        runs = (list(run) for points, run in groupby(group, bool) if points)
        found += [[index for own in run for index in own] for run in runs if len(run) >= _FEWEST_ALIKE]
    return tuple(map(tuple, found))


def _only_points(block: Block) -> bool:
    """Whether a text is links, or names of files, with a few words on each."""
    if block.kind not in PROSE:
        return False
    entries = len(_ENTRY.findall(block.text)) or 1
    return len(_POINTER.findall(block.text)) >= entries and len(block.text) <= entries * _ENTRY_CHARS
