"""What is shown with what is said of it: text below a fence, a table or a quote, and the code of a side of two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from skill_distiller.language.words import small, words_in
from skill_distiller.skill.containers import ends_in_colon, find_containers, opening_tag
from skill_distiller.skill.model import PROSE, BlockKind, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, heading_of
from skill_distiller.structure.pairs import are_sides, names_side
from skill_distiller.structure.pointers import leading

_SHOWN: Final = frozenset({BlockKind.CODE, BlockKind.TABLE, BlockKind.QUOTE})
_OPENING_CHARS: Final = 120  # of a text, where what it speaks of is named
_SIGN: Final = re.compile("[❌✗✘🚫✅✓✔]")
_SPAN: Final = re.compile(r"`([A-Za-z_][\w.-]{2,40})`")


def find_shown(skill: Skill) -> Iterator[Edge]:
    """The edges from what speaks of what is shown to that, and between the name of a side and its code."""
    for blocks, at in leading(skill, "speaking_openings"):
        if blocks[at - 1].kind in _SHOWN:
            yield Edge(EdgeKind.LABEL, blocks[at].index, blocks[at - 1].index, "speaks of what is shown above it")
    for section in skill.sections:
        for above, block in pairwise(section.blocks):
            speaks = above.kind is BlockKind.CODE and block.kind in PROSE and not ends_in_colon(block)
            if speaks and (part := _part_told(block.text, above.text)):
                yield Edge(EdgeKind.LABEL, block.index, above.index, f"speaks of {part} above it")
    yield from _sides_shown(skill)


def _part_told(text: str, code: str) -> str:
    """What of the code right above it a text opens with: "The key is ...", or the name of a key in back-ticks."""
    opening = text[:_OPENING_CHARS]
    if match := _subject().match(small(opening)):
        return match[1].strip()
    keys = (span for span in _SPAN.findall(opening) if _is_key(span, code))
    return next(keys, "")


def _is_key(name: str, code: str) -> bool:
    """Whether code has a name as a key or as a text in quotes: `name: 1`, `"name"`."""
    if name not in code:
        return False
    escaped = re.escape(name)
    return re.search(rf"(?<![\w.-]){escaped}[ ]?[:=](?!=)|[\"']{escaped}[\"']", code) is not None


@lru_cache(maxsize=1)
def _subject() -> re.Pattern[str]:
    """A subject that is known already, of three words at most, and what is said of it: "the first key is"."""
    known, verbs = ("|".join(map(re.escape, sorted(words_in(table)))) for table in ("definite_articles", "copulas"))
    return re.compile(rf"\W{{0,9}}((?:{known})[ ](?:[^\W\d_]+[ ]){{1,3}}?)(?:{verbs})\b")


def _sides_shown(skill: Skill) -> Iterator[Edge]:
    """Between a tag or heading that names a side ("<Bad>") and its code: a remark on code that is gone says nothing.

    Of headings those that open with a sign, or have the other side right behind or before them.
    """
    around = find_containers(skill).around
    for block in skill.blocks:
        start = around[block.index] if block.kind is BlockKind.CODE else -1
        if start >= 0 and names_side(tag := opening_tag(skill.blocks[start])):
            yield Edge(EdgeKind.LABEL, start, block.index, f"shows {tag.casefold()}", mutual=True)
    two = [(one, other) for one, other in pairwise(skill.sections) if are_sides(one.heading, other.heading)]
    sides = {section.index for pair in two if pair[0].level == pair[1].level for section in pair}
    for section in skill.sections:
        code = next((block for block in section.blocks[:1] if block.kind is BlockKind.CODE), None)
        if code and (section.index in sides or _SIGN.match(section.heading)):
            yield Edge(EdgeKind.LABEL, heading_of(section.index), code.index, "shows a side", mutual=True)
