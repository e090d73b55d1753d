"""Blocks as their authors mean them, where CommonMark cuts otherwise: comments before prose, admonitions, lone tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.skill.blocks import Lines, find_blocks
from skill_distiller.skill.containers import Tag, find_tags, pair_tags
from skill_distiller.skill.model import BlockKind

_LISTS: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM})
_COMMENT: Final = re.compile(r"\A {0,3}<!--.*-->[ \t]*(?=[^\s<|])[^\r\n]*[\r\n]*\Z", re.DOTALL)
_ADMONITION: Final = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]+\w")
_INDENTED: Final = re.compile(r"(?: {4}|\t)|[ \t]*[\r\n]*\Z")
# A line of nothing but a tag, and what names it: `<Tab title="x">`, `<details><summary>Why?</summary>`, `:::note`.
_LONE_TAG: Final = re.compile(
    r"""[ ]{0,3}(?:</?[A-Za-z][\w.:-]*+(?:[ \t]++(?:"[^"\r\n]*"|'[^'\r\n]*'|[^"'<>\r\n]++)*+)?(?<!/)>
        (?:[ \t]*<summary>[^\r\n]*</summary>)? | :::+[ \t]*[\w-]*(?:[ \t{\[][^\r\n]*)?)[ \t]*[\r\n]*\Z""",
    re.VERBOSE,
)
_SUMMARY: Final = "<summary"


def find_written_blocks(body: Sequence[str]) -> Iterator[Lines]:
    """The headings and blocks of some lines, in order.

    A comment with text behind it opens a paragraph that goes on to its blank line; `!!! note` holds the indented lines
    below it, as one quote. A tag alone on its line that is closed on another is a block of its own, wherever it stands.
    """
    text = "".join(body)
    found: Iterable[Lines] = find_blocks(text)
    if "-->" in text:
        found = _with_comments(body, found)
    if "!!!" in text or "???" in text:
        found = _with_admonitions(body, found)
    yield from _apart(body, list(found)) if "</" in text or ":::" in text else found


def _again(body: Sequence[str], start: int, end: int) -> Iterator[Lines]:
    """The blocks of a range of lines, read by themselves."""
    for block in find_blocks("".join(body[start:end])):
        items = tuple(start + item for item in block.items)
        yield block._replace(start=start + block.start, end=start + block.end, items=items)


def _with_comments(body: Sequence[str], found: Iterable[Lines]) -> Iterator[Lines]:
    joined: Lines | None = None
    for block in found:
        comment = block.kind is BlockKind.HTML and _COMMENT.match("".join(body[block.start : block.end])) is not None
        goes_on = block.kind is BlockKind.PARAGRAPH and not block.level
        if joined and joined.end == block.start and (comment or goes_on):
            joined = joined._replace(end=block.end)
            continue
        if joined:
            yield joined
        joined = Lines(block.start, block.end, BlockKind.PARAGRAPH) if comment else None
        if not comment:
            yield block
    if joined:
        yield joined


def _with_admonitions(body: Sequence[str], found: Iterable[Lines]) -> Iterator[Lines]:
    end = 0
    for block in found:
        if block.start < end < block.end:  # its first lines are of the admonition
            yield from _again(body, end, block.end)
        if block.start < end:
            continue
        if block.kind is BlockKind.PARAGRAPH and not block.level and _ADMONITION.match(body[block.start]):
            end = block.start + 1
            while end < len(body) and _INDENTED.match(body[end]):
                end += 1
            yield Lines(block.start, end, BlockKind.QUOTE)
            if end < block.end:
                yield from _again(body, end, block.end)
                end = block.end
        else:
            yield block


def _apart(body: Sequence[str], found: Sequence[Lines]) -> Iterator[Lines]:
    """The blocks, cut at each tag that stands alone on a line and has its partner on another."""
    tags: list[Tag] = []
    for block in found:
        if block.level or not (block.kind in _LISTS or block.kind in (BlockKind.PARAGRAPH, BlockKind.HTML)):
            continue
        whole = block.kind is BlockKind.HTML and not find_tags("".join(body[block.start : block.end]), markup=True)
        for line in range(block.start, block.end) if not whole else ():
            if (block.kind not in _LISTS or body[line][:1] in "<:") and _LONE_TAG.match(body[line]):
                tags += find_tags(body[line], line, markup=True)
    alone = {tag.place for pair in pair_tags(tags) for tag in pair}
    for block in found:
        cuts = [line for line in range(block.start, block.end) if line in alone] if alone and not block.level else []
        yield from _cut(body, block, cuts) if cuts else (block,)


def _cut(body: Sequence[str], block: Lines, tags: Sequence[int]) -> Iterator[Lines]:
    """A block cut at tags; a summary stays with the tag before it."""
    yield from _again(body, block.start, tags[0])
    for tag, following in pairwise((*tags, block.end)):
        end = tag + 1
        while end < following and body[end].lstrip().startswith(_SUMMARY):
            end += 1
        yield Lines(tag, end, BlockKind.HTML)
        yield from _again(body, end, following)
