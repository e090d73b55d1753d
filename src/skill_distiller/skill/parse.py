"""Take a skill apart along markdown-it's line maps, so that joining the parts gives the source back.

Where CommonMark cuts otherwise than authors mean it, their way is taken: comments before prose, admonitions, lone tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

from skill_distiller.skill.blocks import Lines, find_blocks
from skill_distiller.skill.containers import Tag, find_tags, pair_tags
from skill_distiller.skill.frontmatter import BOM, split_frontmatter
from skill_distiller.skill.model import LISTS, Block, BlockKind, Section, Skill, split_lines

LONG_LIST: Final = 800  # characters; a longer list is cut into its items
# The line ends of CommonMark. str.splitlines() also breaks at form feed and U+2028: the maps would drift.

_COMMENT: Final = re.compile(r"\A {0,3}<!--.*-->[ \t]*(?=[^\s<|])[^\r\n]*[\r\n]*\Z", re.DOTALL)
_ADMONITION: Final = re.compile(r"(?:!!!|\?\?\?\+?)[ \t]+\w")
_INDENTED: Final = re.compile(r"(?: {4}|\t)|[ \t]*[\r\n]*\Z")
# A line of nothing but a tag, and what names it: `<Tab title="x">`, `<details><summary>Why?</summary>`, `:::note`.
_LONE_TAG: Final = re.compile(
    r"""[ ]{0,3}(?:</?[A-Za-z][\w.:-]*+(?:[ \t]++(?>(?:"[^"\r\n]*"|'[^'\r\n]*'|[^"'<>\r\n]++)*))?(?<!/)>
        (?:[ \t]*<summary>[^\r\n]*</summary>)? | :::+[ \t]*[\w-]*(?:[ \t{\[][^\r\n]*)?)[ \t]*[\r\n]*\Z""",
    re.VERBOSE,
)
_TEMPLATES: Final = frozenset({"markdown", "md", "mdx", "text", "txt", "plaintext"})
_TEMPLATE: Final = re.compile(
    r"^ {0,3}(?:`{3,}|~{3,})[ \t]*(?:markdown|md|mdx|text|txt|plaintext)[ \t]*\r?$", re.MULTILINE
)
_FENCE_LINE: Final = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^`\r\n]*)[\r\n]*\Z")
_TAGGED_FENCE: Final = re.compile(r">[ \t]*\r?\n {0,3}(?:```|~~~)")
_SUMMARY: Final = "<summary"


def parse_skill(text: str, path: Path | None = None) -> Skill:
    """Parse a SKILL.md. Never fails: whatever is not Markdown is a paragraph.

    `render_skill(parse_skill(text)) == text` for every text.
    """
    lines = split_lines(text)
    frontmatter, start = split_frontmatter(lines)
    return Skill(frontmatter, tuple(_sections(lines, start)), path)


def _sections(lines: Sequence[str], start: int) -> Iterator[Section]:
    body = lines[start:]
    if body and start == 0 and body[0].startswith(BOM):
        body = [" " + body[0][1:], *body[1:]]  # else the mark hides a heading on the first line
    spans = list(_cover(body, _spans(body)))
    blocks: list[Block] = []
    count = 0
    lead = "".join(lines[start : start + (spans[0].start if spans else len(body))])
    # Index, level, heading, source and line of the section whose blocks are read.
    above = (0, 0, "", lead, start + 1)
    for span, stop in zip(spans, [*(span.start for span in spans[1:]), len(body)], strict=False):
        own = "".join(lines[start + span.start : start + span.end])
        gap = "".join(lines[start + span.end : start + stop])
        line = start + span.start + 1
        if span.level:
            yield Section(*above, tuple(blocks))
            above = (above[0] + 1, span.level, span.label, own + gap, line)
            blocks = []
        else:
            blocks.append(Block(count, span.kind, own, gap, line, span.label))
            count += 1
    yield Section(*above, tuple(blocks))


def _spans(body: Sequence[str]) -> Iterator[Lines]:
    """Headings and blocks, long lists in items, trailing blank lines cut off."""
    for found in _find_blocks(body):
        if found.items and sum(map(len, body[found.start : found.end])) > LONG_LIST:
            spans = [Lines(first, last, BlockKind.LIST_ITEM) for first, last in pairwise((*found.items, found.end))]
        else:
            spans = [found]
        for span in spans:
            end = span.end
            while end > span.start + 1 and _blank(body[end - 1]):
                end -= 1
            yield span if end == span.end else span._replace(end=end)


def _find_blocks(body: Sequence[str]) -> Iterator[Lines]:
    """The headings and blocks of some lines, in order.

    A comment with text behind it opens a paragraph that goes on to its blank line; `!!! note` holds the indented lines
    below it, as one quote. A tag alone on its line that is closed on another is a block of its own, wherever it stands,
    and a fence right below a tag is one. A template in a fence holds fences as long as its own where that leaves none
    open in the end.
    """
    text = "".join(body)
    found: Iterable[Lines] = find_blocks(text)
    if _TEMPLATE.search(text) and (templates := _templates(body)):
        found = _with_templates(body, templates)
    elif _TAGGED_FENCE.search(text) and (cuts := list(_fences_below_tags(body))):
        found = chain.from_iterable(_again(body, start, end) for start, end in pairwise((0, *cuts, len(body))))
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


def _templates(body: Sequence[str]) -> list[Lines]:
    """The templates that hold fences as long as their own, as their authors count them; none unless that closes all.

    CommonMark ends such a template at the first inner fence that is closed, and from there on has code for prose.
    """
    found: list[Lines] = []
    outer, start, label, nested = "", 0, "", False
    depth = 0
    mark, left_open = "", False  # as CommonMark has it
    for line, text in enumerate(body):
        match = _FENCE_LINE.match(text)
        if match is None:
            continue
        fence, info = match["fence"], match["info"].strip()
        if mark:
            left_open = not (fence.startswith(mark) and not info)
            mark = mark if left_open else ""
        else:
            mark, left_open = fence, True
        if not depth:
            outer, start, label, nested, depth = fence, line, info, False, 1
        elif fence == outer and info and label in _TEMPLATES:
            depth, nested = depth + 1, True
        elif fence.startswith(outer) and not info:
            depth -= 1
            if not depth and nested:
                found.append(Lines(start, line + 1, BlockKind.CODE, label=label))
    return found if left_open and not depth else []


def _fences_below_tags(body: Sequence[str]) -> Iterator[int]:
    """The lines of fences that stand right below a lone tag; to CommonMark they are HTML up to the next blank line."""
    fence = ""
    tag = False
    for line, text in enumerate(body):
        match = _FENCE_LINE.match(text)
        if match and not fence:
            fence = match["fence"]
            if tag:
                yield line
        elif match and match["fence"].startswith(fence) and not match["info"].strip():
            fence = ""
        if match or fence or not (tag and text.lstrip().startswith(_SUMMARY)):
            tag = not match and not fence and _LONE_TAG.match(text) is not None


def _with_templates(body: Sequence[str], templates: Sequence[Lines]) -> Iterator[Lines]:
    at = 0
    for template in templates:
        yield from _again(body, at, template.start)
        yield template
        at = template.end
    yield from _again(body, at, len(body))


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
        if block.level or not (block.kind in LISTS or block.kind in (BlockKind.PARAGRAPH, BlockKind.HTML)):
            continue
        whole = block.kind is BlockKind.HTML and not find_tags("".join(body[block.start : block.end]), markup=True)
        for line in range(block.start, block.end) if not whole else ():
            if (block.kind not in LISTS or body[line][:1] in "<:") and _LONE_TAG.match(body[line]):
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


def _cover(body: Sequence[str], spans: Iterable[Lines]) -> Iterator[Lines]:
    """The spans, with link definitions (which make no token) as spans of their own where they stand."""
    at = 0
    for span in (*spans, Lines(len(body), len(body), BlockKind.RULE)):
        loose = [i for i in range(at, span.start) if not _blank(body[i])]
        if loose:
            yield Lines(loose[0], loose[-1] + 1, BlockKind.DEFINITION)
        if span.start < len(body):
            yield span
        at = max(at, span.end)


def _blank(line: str) -> bool:
    return not line.strip(" \t\r\n")


# For expressions; CommonMark allows nine digits.
LIST_MARKER: Final = r"(?:[-*+]|\d{1,9}[.)])"
