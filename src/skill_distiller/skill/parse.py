"""Take a skill apart along markdown-it's line maps, so that joining the parts gives the source back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore, normalize
from markdown_it.token import Token

from skill_distiller.skill.frontmatter import BOM, split_frontmatter
from skill_distiller.skill.model import Block, BlockKind, Section, Skill

# What a line must begin with for a rule to match; the rules that are not named match any beginning.
_BEGINNINGS: Final = {
    "fence": "`~",
    "blockquote": ">",
    "hr": "*-_",
    "list": "*-+0123456789",
    "reference": "[",
    "html_block": "<",
    "heading": "#",
}
# A line that may underline a heading; without one in a text, and few have one, the rule for these is not needed.
_UNDERLINE: Final = re.compile(r"\n(?<=[^\n]\n)[ \t>]*(?:-+|=+)[ \t]*(?:\n|\Z)")
_DEPTH: Final = 2
_CHAINS: Final = ("paragraph", "reference", "blockquote", "list")  # of rules that end such a block
Rule = Any  # (state, first line, end line, silent) -> bool


def parse_blocks(text: str) -> list[Token]:
    """The block tokens of a CommonMark text with tables, levels 0 and 1; NUL and line ends as CommonMark takes them."""
    core = StateCore(text, _parser(underlined=True), {})
    normalize(core)
    parser = _parser(underlined=_UNDERLINE.search(core.src) is not None)
    state = _Shallow(core.src, parser, core.env, core.tokens)
    parser.block.tokenize(state, 0, state.lineMax)
    return core.tokens


@lru_cache(maxsize=2)
def _parser(*, underlined: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    if not underlined:
        parser.disable("lheading")
    ruler = parser.block.ruler
    ended_by = {chain: ruler.getRules(chain) for chain in _CHAINS}
    rules = dict(zip(ruler.get_active_rules(), ruler.getRules(), strict=True))
    for name, characters in _BEGINNINGS.items():
        rule = rules[name]
        chains = [chain for chain, members in ended_by.items() if rule in members]
        ruler.at(name, _guarded(rule, frozenset(characters)), {"alt": chains})
    return parser


def _guarded(rule: Rule, characters: frozenset[str]) -> Rule:
    """A rule that is tried only where a line begins with one of some characters."""

    def try_rule(state: StateBlock, line: int, end: int, silent: bool) -> bool:
        start = state.bMarks[line] + state.tShift[line]
        return start < state.eMarks[line] and state.src[start] in characters and rule(state, line, end, silent)

    return try_rule


class _Shallow(StateBlock):
    """A state that keeps no token below level 1: whatever a rule writes on one of those is thrown away."""

    _scrap = Token("", "", 0)

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """The new token."""
        if self.level - (nesting < 0) < _DEPTH:
            return super().push(ttype, tag, nesting)
        self.level += nesting
        return self._scrap


LONG_LIST: Final = 800  # characters; a longer list is cut into its items
# The line ends of CommonMark. str.splitlines() also breaks at form feed and U+2028: the maps would drift.
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_KINDS: Final = {
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


class _Span(NamedTuple):
    """A piece of the body: `level` is the heading's, 0 for a block; lines are counted in the body."""

    start: int
    end: int
    kind: BlockKind
    level: int = 0
    label: str = ""  # the heading's text, or the fence's info string


def split_lines(text: str) -> list[str]:
    """The lines of a text with their ends; joined they are the text."""
    return _LINE.findall(text)


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
    spans = list(_cover(body, list(_spans(body))))
    blocks: list[Block] = []
    count = 0
    lead = "".join(lines[start : start + (spans[0].start if spans else len(body))])
    section = Section(0, 0, "", lead, start + 1, ())
    for i, span in enumerate(spans):
        stop = spans[i + 1].start if i + 1 < len(spans) else len(body)
        own = "".join(lines[start + span.start : start + span.end])
        gap = "".join(lines[start + span.end : start + stop])
        line = start + span.start + 1
        if span.level:
            yield _with_blocks(section, blocks)
            section = Section(section.index + 1, span.level, span.label, own + gap, line, ())
            blocks = []
        else:
            blocks.append(Block(count, span.kind, own, gap, line, span.label))
            count += 1
    yield _with_blocks(section, blocks)


def _with_blocks(section: Section, blocks: Sequence[Block]) -> Section:
    return Section(section.index, section.level, section.heading, section.heading_source, section.line, tuple(blocks))


def _spans(body: Sequence[str]) -> Iterator[_Span]:
    """Headings and blocks as markdown-it maps them, trailing blank lines cut off."""
    tokens = parse_blocks("".join(body))
    for i, token in enumerate(tokens):
        if token.level or not token.map or token.nesting < 0:
            continue
        start, end = token.map
        if token.type == "heading_open":
            label = re.sub(r"\s+", " ", tokens[i + 1].content).strip()
            yield _trim(body, _Span(start, end, BlockKind.PARAGRAPH, int(token.tag[1]), label))
        elif token.type.endswith("list_open") and _length(body[start:end]) > LONG_LIST:
            yield from (_trim(body, _Span(first, last, BlockKind.LIST_ITEM)) for first, last in _items(tokens, i))
        else:
            yield _trim(body, _Span(start, end, _KINDS[token.type], label=token.info.strip()))


def _items(tokens: Sequence[Token], i: int) -> Iterator[list[int]]:
    """The line ranges of a list's own items; together they cover the list from its first line."""
    j = i + 1
    while tokens[j].level:
        item = tokens[j]
        if item.type == "list_item_open" and item.level == 1 and item.map:
            yield item.map
        j += 1


def _length(lines: Sequence[str]) -> int:
    return sum(len(line) for line in lines)


def _trim(body: Sequence[str], span: _Span) -> _Span:
    end = span.end
    while end > span.start + 1 and _blank(body[end - 1]):
        end -= 1
    return span if end == span.end else _Span(span.start, end, span.kind, span.level, span.label)


def _cover(body: Sequence[str], spans: Sequence[_Span]) -> Iterator[_Span]:
    """The spans, with link definitions (which make no token) as spans of their own where they stand."""
    at = 0
    for span in [*spans, _Span(len(body), len(body), BlockKind.RULE)]:
        loose = [i for i in range(at, span.start) if not _blank(body[i])]
        if loose:
            yield _Span(loose[0], loose[-1] + 1, BlockKind.DEFINITION)
        if span.start < len(body):
            yield span
        at = max(at, span.end)


def _blank(line: str) -> bool:
    return not line.strip(" \t\r\n")


# For expressions; CommonMark allows nine digits.
LIST_MARKER: Final = r"(?:[-*+]|\d{1,9}[.)])"
