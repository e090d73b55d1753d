"""Pairs and sets: halves of a comparison, a branch and its else, a rule and its exception, a section's one command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from skill_distiller.language.tables import parts, texts
from skill_distiller.skill.labels import is_lead_in
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, chained, heading_of
from skill_distiller.structure.pointers import leading

_SHELL: Final = frozenset("bash sh shell zsh console fish powershell pwsh cmd bat terminal".split())
_COMMAND: Final = re.compile(r"`[\w./-]+ [^`\n]+`")
_SIGNS: Final = {"❌": "bad", "✗": "bad", "✘": "bad", "🚫": "bad", "✅": "good", "✓": "good", "✔": "good"}
_NUMBERED: Final = re.compile(r"(\D*)(\d{1,9})")
_FIRST_WORD: Final = re.compile(r"[^\w❌✗✘🚫✅✓✔]*([❌✗✘🚫✅✓✔]|[\w'’]+)")


def find_pairs(skill: Skill) -> Iterator[Edge]:
    """The edges between the halves of pairs and the members of sets."""
    yield from _contrasts(skill)
    yield from _branches(skill)
    yield from _commands(skill)


def _contrasts(skill: Skill) -> Iterator[Edge]:
    """Headings beside each other, and labels of a section one after the other, that name the sides of one thing."""
    siblings = dict[tuple[int | None, int], list[tuple[Piece, str]]]()
    for section, parent in zip(skill.sections, skill.parents, strict=True):
        siblings.setdefault((parent, section.level), []).append((heading_of(section.index), section.heading))
        following = [*section.blocks[1:], None]
        labels = [b for b, after in zip(section.blocks, following, strict=False) if is_lead_in(b, after)]
        yield from _sides([(block.index, block.text) for block in labels])
    for own in siblings.values():
        yield from _sides(own)


def _sides(pieces: Sequence[tuple[Piece, str]]) -> Iterator[Edge]:
    for (first, text), (second, other) in pairwise(pieces):
        if are_sides(text, other):
            yield Edge(EdgeKind.LABEL, first, second, f"{_side(text)}, {_side(other)}", mutual=True)


def are_sides(first: str, second: str) -> bool:
    """Whether two texts open with the sides of one thing.

    >>> are_sides("**Good:** a name", "**Bad:** a number"), are_sides("Good morning", "Good evening")
    (True, False)
    """
    one, two = _side(first), _side(second)
    return one != two and any(one in group and two in group for group in _groups())


def are_steps(first: str, second: str) -> bool:
    """Whether two texts open with steps of one scale, in words or with the next number.

    >>> are_steps("High: today", "Low: some day"), are_steps("SEV1", "SEV2 (minor)"), are_steps("v1", "w2")
    (True, True, False)
    """
    one, two = _side(first), _side(second)
    if one != two and any(one in group and two in group for group in _groups("scales")):
        return True
    low, high = _NUMBERED.fullmatch(one), _NUMBERED.fullmatch(two)
    return bool(low and high and low[1] == high[1] and int(high[2]) == int(low[2]) + 1)


def _side(text: str) -> str:
    match = _FIRST_WORD.match(text)
    word = match[1].casefold().replace("’", "'") if match else ""
    return _SIGNS.get(word, word)


@lru_cache(maxsize=2)
def _groups(table: str = "contrasts") -> list[frozenset[str]]:
    return [frozenset(group) for text in texts(table) for group in parts(text)]


def _branches(skill: Skill) -> Iterator[Edge]:
    """What opens with "otherwise" and what it is otherwise to; a block that leans on the one before it."""
    last = -1  # the block up to which the items of its list hang together already
    for blocks, at in leading(skill, "else_openings"):
        start = at - 1
        if blocks[at].kind is BlockKind.LIST_ITEM:
            while start and blocks[start].kind is blocks[start - 1].kind is BlockKind.LIST_ITEM:
                if blocks[start].index == last:
                    break
                start -= 1
            start += blocks[start].kind is not BlockKind.LIST_ITEM
            last = blocks[at].index
        own = [block.index for block in blocks[start : at + 1]]
        yield from chained(EdgeKind.LABEL, own, "a branch and its else")
    for blocks, at in leading(skill, "leaning_openings"):
        yield Edge(EdgeKind.LABEL, blocks[at].index, blocks[at - 1].index, "goes on from it")


def _commands(skill: Skill) -> Iterator[Edge]:
    """The one shell block of a section, needed by the prose beside it that names no command of its own."""
    for section in skill.sections:
        shell = [place for place, block in enumerate(section.blocks) if _is_shell(block)]
        for at in shell if len(shell) == 1 else ():
            command = section.blocks[at]
            for block in (*section.blocks[max(0, at - 1) : at], *section.blocks[at + 1 : at + 2]):
                if block.kind in PROSE and not _COMMAND.search(block.text):
                    yield Edge(EdgeKind.LABEL, block.index, command.index, "the command of the section")


def _is_shell(block: Block) -> bool:
    return block.kind is BlockKind.CODE and block.info.split(" ")[0].lower() in _SHELL
