"""Cut Markdown into its top-level blocks, by line: those of a plain shape by one look, all others by markdown-it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore, normalize
from markdown_it.token import Token

from skill_distiller.skill.model import BlockKind


class Lines(NamedTuple):
    """The lines of a heading or block, half-open and counted from 0; blank lines at the end may be among them.

    `level` is the heading's, 0 for a block; `label` the heading's text, or the fence's info string;
    `items` the first lines of a list's own items.
    """

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    label: str = ""
    items: tuple[int, ...] = ()


def find_blocks(text: str) -> Iterator[Lines]:
    """The headings and blocks of a text as CommonMark with tables cuts it; link definitions are none."""
    core = StateCore(text, _parser(), {})
    if "\r" in text or "\0" in text:
        normalize(core)  # NUL and line ends as CommonMark takes them; it takes as long as the rest
    source = core.src
    state: _Shallow | None = None  # made for the first block that is not plain
    line = at = 0
    while True:
        if blank := _BLANK_LINES.match(source, at):
            line, at = line + blank.group().count("\n"), blank.end()
        if _REST.match(source, at):
            return
        plain = _PLAIN.match(source, at)
        block = _plain_lines(plain, line) if plain else None
        if plain and block:
            line, at = block.end, plain.end()
        else:
            state = state or _Shallow(source, _parser(), core.env, [])
            block = state.read_block(line)
            line, at = state.line, state.bMarks[state.line]
        if block:
            yield block


# What a shape matches is the same block to markdown-it, whose rules look at no more than the indent and the first
# characters of a line: a shape takes only lines that can't begin another block, and ends only where its block can't go
# on. What no shape matches is left to markdown-it.
_END: Final = r"(?:\n|\Z)"
_BLANKS: Final = r"(?>(?:[ \t]*+\n)*)"
_AT_BLANK: Final = rf"[ \t]*+{_END}"
_MARKER: Final = r"(?:[-*+]|\d{1,9}[.)])"
# Neither does a rule but that of a paragraph match a line that begins so, nor is it a table's second line.
_WORDS: Final = r"(?:[^\s\-+*_=|:<>#\[`~\d]|\*{1,3}+[^\s*]|_{1,3}+[^\s_]|`{1,2}+[^`\n]|\d++(?![.)]))"
_NO_DEFINITION: Final = r"\[[^\[\]\n\\]*+\](?!:)"
# What may follow a paragraph without a blank line.
_INTERRUPTS: Final = rf"\#{{1,6}}[ \t]|[-*+][ ]\S|1[.)][ ]\S|```\w*+{_END}"
# No more than one list begins in a line: with the indents below, never so many as markdown-it gives up at.
_ITEM_TEXT: Final = rf"(?!>|{_MARKER}(?:[ \t]|{_END}))[^\n]*+{_END}"
# Of a bullet; other than a rule, which is made of dashes or stars and blanks.
_BULLET_TEXT: Final = rf"(?=[^\s\-*+_]|\*{{1,3}}+[^\s*]|_{{1,3}}+[^\s_]|-{{1,2}}+[^\s\-]){_ITEM_TEXT}"


def _more(indent: int) -> str:
    """The further lines of a list item: indented at least as its text is, so that none of them is lazy."""
    return rf"(?>(?:{_BLANKS}(?:[ ]{{{indent},15}}+|\t{{1,3}}+)(?=\S)(?>(?:{_MARKER}[ \t]++)?){_ITEM_TEXT})*)"


# The rule of tables is the first: a line with a bar is a table's head where such a line follows.
_NO_TABLE: Final = r"(?![^\n|]*+\|[^\n]*+\n[ \t]*+(?:[|:]|-[^ \t]))"
_LIST_END: Final = rf"(?=(?>(?:[ \t]*+\n)+)(?!%s)\S|{_BLANKS}[ \t]*+\Z)"
_BULLETS_END: Final = _LIST_END % rf"[-*+](?:[ \t]|{_END})"
_NUMBERS_END: Final = _LIST_END % r"\d"
_NUMBERED: Final = rf"(?:\d\.[ ](?=\S){_ITEM_TEXT}{_more(3)}|\d\d\.[ ](?=\S){_ITEM_TEXT}{_more(4)})"
_PLAIN: Final = re.compile(
    rf"""(?P<heading>(?P<marks>\#{{1,6}})[ \t]++(?P<title>[^\n\#|]++){_END})
    | (?P<paragraph>(?:{_WORDS}|{_NO_DEFINITION})[^\n]*+{_END}(?>(?:[ \t]*+(?:{_WORDS}|\[)[^\n]*+{_END})*)
        (?={_AT_BLANK}|{_INTERRUPTS}))
    | (?P<bullets>{_NO_TABLE}(?P<bullet>[-*+])[ ]{_BULLET_TEXT}{_more(2)}
        (?>(?:{_BLANKS}(?P=bullet)[ ]{_BULLET_TEXT}{_more(2)})*){_BULLETS_END})
    | (?P<code>(?P<ticks>`{{3,}}+)(?P<info>[^`\n|]*+)\n
        (?>(?:(?![ ]{{0,3}}(?P=ticks))[^\n]*+\n)*)[ ]{{0,3}}(?P=ticks)`*+{_AT_BLANK})
    | (?P<rule>(?:-{{3,}}+|\*{{3,}}+|_{{3,}}+){_AT_BLANK})
    | (?P<numbers>{_NO_TABLE}{_NUMBERED}(?>(?:{_BLANKS}{_NUMBERED})*){_NUMBERS_END})
    | (?P<table>(?P<head>\|[^\n\\]*\|)[ \t]*+\n(?P<line>\|(?>(?:[ \t]*+:?-++:?[ \t]*+\|)+)){_AT_BLANK}
        (?>(?:\|[^\n]*+{_END})*)(?={_AT_BLANK}))
    | (?P<quote>(?>(?:>[^\n]*+{_END})+)(?={_AT_BLANK}))""",
    re.VERBOSE,
)
_PLAIN_KINDS: Final = {
    "heading": BlockKind.PARAGRAPH,
    "paragraph": BlockKind.PARAGRAPH,
    "bullets": BlockKind.LIST,
    "numbers": BlockKind.LIST,
    "code": BlockKind.CODE,
    "rule": BlockKind.RULE,
    "table": BlockKind.TABLE,
    "quote": BlockKind.QUOTE,
}
_BLANK_LINES: Final = re.compile(r"(?>(?:[ \t]*+\n)+)")
_REST: Final = re.compile(r"[ \t]*+\Z")  # markdown-it takes no blanks at the end for a line
_MAX_CELLS: Final = 0x10000  # of a table; markdown-it may stop at so many


def _plain_lines(block: re.Match[str], start: int) -> Lines | None:
    """The lines of a block of a plain shape, None for a table that is none, or too large."""
    shape, text = block.lastgroup or "paragraph", block.group()
    ends = text.count("\n")
    end = start + ends + (text[-1] != "\n")
    if shape == "heading":
        return Lines(start, end, BlockKind.PARAGRAPH, len(block.group("marks")), " ".join(block.group("title").split()))
    if shape == "code":
        return Lines(start, end, BlockKind.CODE, label=block.group("info").strip())
    if shape in ("bullets", "numbers"):
        # Line by line: to count line ends up to each item would take the square of the time in a long list.
        items = [number for number, line in enumerate(text.split("\n"), start) if line and line[0] not in " \t"]
        return Lines(start, end, BlockKind.LIST, items=tuple(items))
    if shape == "table":
        cells = block.group("head").count("|")
        if cells != block.group("line").count("|") or cells * ends > _MAX_CELLS:
            return None
    return Lines(start, end, _PLAIN_KINDS[shape])


_DEPTH: Final = 2
_KINDS: Final = {
    "heading_open": BlockKind.PARAGRAPH,
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "table_open": BlockKind.TABLE,
    "blockquote_open": BlockKind.QUOTE,
    "html_block": BlockKind.HTML,
    "hr": BlockKind.RULE,
}


_MAX_NESTING: Final = 100  # lists, items and quotes in one another; what is deeper is not seen


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


@lru_cache(maxsize=1)
def block_parser() -> MarkdownIt:
    """What reads the constructs inside of a block, with tables, and leaves the words alone."""
    return MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table").disable(["inline", "text_join"])


class _Shallow(StateBlock):
    """A state that keeps no token below level 1: whatever a rule writes on one of those is thrown away."""

    _scrap = Token("", "", 0)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """The new token."""
        if self.level - (nesting < 0) < _DEPTH:
            return super().push(ttype, tag, nesting)
        self.level += nesting
        return self._scrap

    def read_block(self, line: int) -> Lines | None:
        """The block that begins at a line, None for link definitions; `line` is then the line behind it."""
        self.tokens.clear()
        self.line = line
        for rule in self.md.block.ruler.getRules(""):
            if rule(self, line, self.lineMax, False):
                break
        if not self.tokens:
            return None
        block = self.tokens[0]
        level = int(block.tag[1]) if block.type == "heading_open" else 0
        label = " ".join(self.tokens[1].content.split()) if level else block.info.strip()
        items = tuple(t.map[0] for t in self.tokens if t.type == "list_item_open" and t.level == 1 and t.map)
        return Lines(line, self.line, _KINDS[block.type], level, label, items)
