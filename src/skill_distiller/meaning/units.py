"""A skill as units: every sentence, item, cell, line of code and heading, with what it stands under."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple, TypeVar

from markdown_it.token import Token as MarkdownToken

from skill_distiller.language.facts import marked_facts
from skill_distiller.language.lexicon import abbreviations
from skill_distiller.language.words import CJK
from skill_distiller.skill.blocks import block_parser
from skill_distiller.skill.model import Block, BlockKind, Skill, split_lines

_T = TypeVar("_T")


class UnitKind(StrEnum):
    """What a unit is; the value is the word used in reports and JSON."""

    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "list item"
    CELL = "table cell"
    CODE = "code line"
    FENCE = "code fence"
    MARKUP = "markup"  # a line of HTML, a link definition


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A piece of a skill that says something by itself.

    `line` counts from 1 in the file; `section` and `block` are indices (-1 for the block of a heading). `under` is
    what it hangs on besides its heading: labels before its block, the item above, the first cell of its row and the
    head of its column. `number` is that of a numbered item, as written and as Markdown shows it ("1 3"). `depth` counts
    the lists around it, for a cell its column, for a heading its level.
    """

    kind: UnitKind
    text: str
    line: int
    section: int
    block: int
    under: tuple[Unit, ...] = ()
    number: str = ""
    depth: int = 0


VERBATIM: Final = frozenset({UnitKind.CODE, UnitKind.FENCE})  # kinds that stay letter by letter
_SENTENCE_END: Final = re.compile(
    rf"[.!?;][*_\"”'’)\]»]*(?=\s|\Z|—)|[。！？；][”」』）]*|(?<=[{CJK}])[;!?](?=[{CJK}])|\n(?=[ \t]*\r?\n)"
)
_NO_BLANK_LINE: Final = re.compile(r"(?<!\n)\n(?![ \t]*\r?\n)")
_MAX_WORD: Final = 80  # characters before a full stop that may be an abbreviation
_NUMBER: Final = re.compile(r"[*_]{0,3}(?:\d{1,9}|[a-z])")
_ENTITY: Final = re.compile(r"&#?\w{2,31}\Z")
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


_BY_LINE: Final = {
    BlockKind.CODE: UnitKind.CODE,
    BlockKind.HTML: UnitKind.MARKUP,
    BlockKind.DEFINITION: UnitKind.MARKUP,
}


_INDENTS: Final = ("    ", "\t")  # one of them makes code of a line


def split_sentences(text: str) -> list[str]:
    """The sentences of a text without blank lines, white space around them cut off."""
    text = text.strip()
    first = _SENTENCE_END.search(text)
    if not first or first.end() == len(text):
        return [text] if text else []
    masked = _masked(_NO_BLANK_LINE.sub(" ", text))  # a quotation may go on in the next line
    found, at = [], 0
    for match in _SENTENCE_END.finditer(masked):
        if match.group()[0] in ".;" and _goes_on(masked[max(at, match.start() - _MAX_WORD) : match.start()]):
            continue
        found.append(text[at : match.end()].strip())
        at = match.end()
    found.append(text[at:].strip())
    return [sentence for sentence in found if sentence]


def _goes_on(before: str) -> bool:
    """Whether the mark behind a text is that of an abbreviation, of a number that opens it, or of an entity."""
    words = before.split()
    if not words or _ENTITY.search(words[-1]):
        return bool(words)
    return words[-1].lower().strip("*_(") in abbreviations() or (len(words) == 1 and bool(_NUMBER.fullmatch(words[0])))


def _masked(text: str) -> str:
    """The text with the inside of code, links, quotations and comments blanked: a full stop in them ends nothing."""
    pieces: list[str] = []
    at = 0
    spans = [(fact.start, fact.end) for fact in marked_facts(text)]
    for start, end in sorted([*spans, *(match.span() for match in _COMMENT.finditer(text))]):
        if start >= at:
            pieces += (text[at:start], "`" * (end - start))
            at = end
    return "".join([*pieces, text[at:]])


def heading_units(skill: Skill) -> list[Unit | None]:
    """The heading of each section; None for section 0."""
    return [
        Unit(UnitKind.HEADING, section.heading, section.line, section.index, -1, depth=section.level)
        if section.level
        else None
        for section in skill.sections
    ]


def block_units(block: Block, section: int, above: tuple[Unit, ...] = (), place: int = 0) -> list[Unit]:
    """The units of a block, in order.

    `above` is what the whole block stands under, `place` that of an item of a long list, which is a block by itself.
    """
    if block.kind is BlockKind.PARAGRAPH:
        return list(_sentences(block.text, block, section, block.line, above))
    if block.kind is BlockKind.RULE:
        return []
    if block.kind in _BY_LINE or _TOO_DEEP.search(block.text):
        return list(_by_line(block, section, above))
    return list(_Walk(block, section, above, place).units())


def _sentences(text: str, block: Block, section: int, line: int, under: tuple[Unit, ...]) -> Iterator[Unit]:
    at = 0
    for sentence in split_sentences(text):
        found = max(at, text.find(sentence, at))
        line += text.count("\n", at, found)
        at = found
        yield Unit(UnitKind.SENTENCE, sentence, line, section, block.index, under)


def _by_line(block: Block, section: int, under: tuple[Unit, ...]) -> Iterator[Unit]:
    """The lines of code and markup; of a fence its info string, of indented code what Markdown shows of it."""
    indented = block.kind is BlockKind.CODE and block.text.startswith(_INDENTS)
    for line, text in enumerate(split_lines(block.text), block.line):
        if indented:
            text = next((text.removeprefix(one) for one in _INDENTS if text.startswith(one)), text)
        fence = block.kind is BlockKind.CODE and not indented and text.lstrip().startswith(("```", "~~~"))
        kind = UnitKind.FENCE if fence else _BY_LINE.get(block.kind, UnitKind.MARKUP)
        shown = text.strip("`~ \t\r\n") if fence else text.rstrip() if kind is UnitKind.CODE else text.strip()
        if shown.strip():
            yield Unit(kind, shown, line, section, block.index, under)


_CELL_END: Final = re.compile(r"(?<!\\)\|")
# So many marks before a text, or so many blanks, that Markdown may see none of it.
_TOO_DEEP: Final = re.compile(r"^(?:[ \t]{60}|(?:[ \t]*(?:[>*+-]|\d{1,9}[.)])(?=[ \t>])){12})", re.MULTILINE)


class _List:
    """An open list: the group of its items, whether they are numbered, the number of the last, its unit."""

    def __init__(self, group: int, *, numbered: bool, place: int) -> None:
        self.group, self.numbered, self._place = group, numbered, place
        self._shown = -1
        self.item: Unit | None = None
        self.number = ""

    def open_item(self, written: str) -> None:
        """A new item; Markdown shows it with the number after the last one's, whatever is written."""
        self.item = None
        if self.numbered:
            self._shown = int(written) + self._place if self._shown < 0 else self._shown + 1
            self.number = f"{written} {self._shown}"


class _Item(NamedTuple):
    """An item of a flat list: its line in the block, counted from 0, its number as written, its text."""

    line: int
    number: str
    text: str


# What can't open another block: no list, heading, quote, fence, table, rule, tag or definition.
_PLAIN_TEXT: Final = r"(?![-+*](?:[ \t]|\Z)|\d{1,9}[.)]|[#>|<=~_]|```|---|\*\*\*|\[[^\]\n]*\]:)[^\s|][^\n|]*"
_FLAT_ITEM: Final = re.compile(rf"(?P<mark> {{0,3}}(?:[-*+]|(?P<number>\d{{1,9}})[.)])) {{1,4}}(?P<text>{_PLAIN_TEXT})")
_GOES_ON: Final = re.compile(rf"[ ]*{_PLAIN_TEXT}")


def _flat_items(text: str) -> list[_Item]:
    """The items of a list that holds nothing but lines of text; [] for any other, which markdown-it reads."""
    found: list[_Item] = []
    mark = ""
    for line, content in enumerate(text.rstrip("\r\n").split("\n")):
        match = _FLAT_ITEM.fullmatch(content)
        if match:
            own = match["mark"].replace(match["number"] or "", "")
            if found and own != mark:
                return []
            mark = own
            found.append(_Item(line, match["number"] or "", match["text"].rstrip()))
        elif found and _GOES_ON.fullmatch(content):
            last = found[-1]
            found[-1] = last._replace(text=f"{last.text}\n{content.strip()}")
        else:
            return []
    return found


_ROW: Final = re.compile(r"\|[^\\\r\v\f\0]*\|[ \t]*")
_RULE_CELL: Final = re.compile(r"[ \t]*:?-+:?[ \t]*")


def _flat_rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows of a table of whole rows without escapes, each with its line; [] for any other, as of a list."""
    lines = text.rstrip("\r\n").split("\n")
    if len(lines) < 2 or not all(map(_ROW.fullmatch, lines)):
        return []
    head, rule, *rows = [line.rstrip(" \t")[1:-1].split("|") for line in lines]
    if len(head) != len(rule) or not all(map(_RULE_CELL.fullmatch, rule)) or any(len(row) < len(head) for row in rows):
        return []
    return [(0, head), *enumerate(rows, 2)]


class _Walk:
    """A walk over the Markdown tokens of a list, table or quote."""

    def __init__(self, block: Block, section: int, above: tuple[Unit, ...], place: int) -> None:
        self._block, self._section, self._above, self._place = block, section, above, place
        self._lists: list[_List] = []
        self._groups = 0
        self._table: list[Unit] | None = None  # the heads of its columns
        self._row: list[Unit] = []
        self._in_head = False
        self._source = block.text.split("\n")
        self._surplus: list[Unit] = []  # what a row has behind the last column, which Markdown does not show

    def units(self) -> Iterator[Unit]:
        """The units in order."""
        if flat := _flat_items(self._block.text):
            self._lists.append(_List(1, numbered=bool(flat[0].number), place=self._place))
            for line, number, text in flat:
                self._lists[-1].open_item(number)
                yield from self._item(text, self._block.line + line)
        elif rows := _flat_rows(self._block.text):
            yield from self._rows(rows)
        else:
            yield from self._tokens()

    def _rows(self, rows: Sequence[tuple[int, list[str]]]) -> Iterator[Unit]:
        heads = self._table = list[Unit]()
        columns = len(rows[0][1])
        for at, cells in rows:
            self._in_head = not at
            self._open_row(at)
            units = [self._cell(cell.strip(), self._block.line + at, heads) for cell in cells[:columns]]
            yield from (unit for unit in units if unit.text.strip())
            yield from self._surplus

    def _tokens(self) -> Iterator[Unit]:
        for token in block_parser().parse(self._block.text):
            if token.type == "inline":
                yield from self._inline(token)
            elif token.type in ("fence", "code_block"):
                yield from self._code(token)
            elif token.type == "html_block":
                yield from self._lines(token)
            else:
                self._step(token)
                if token.type == "tr_close":
                    yield from self._surplus

    def _open_row(self, at: int) -> None:
        self._row = []
        self._surplus = self._beyond(at)

    def _beyond(self, at: int) -> list[Unit]:
        row = self._source[at].strip().strip("|")
        cells = _CELL_END.split(row)[len(self._table or ()) :] if self._table else []
        return [self._unit(UnitKind.MARKUP, cell.strip(), self._block.line + at) for cell in cells if cell.strip()]

    def _step(self, token: MarkdownToken) -> None:
        """Go into or out of a list, an item or a table."""
        if token.type.endswith("_list_open"):
            self._groups += 1
            place = 0 if self._lists else self._place
            self._lists.append(_List(self._groups, numbered=token.type.startswith("ordered"), place=place))
        elif token.type.endswith("_list_close"):
            self._lists.pop()
        elif token.type == "list_item_open":
            self._lists[-1].open_item(token.info)
        elif token.type in ("table_open", "table_close"):
            self._table = [] if token.nesting > 0 else None
        elif token.type in ("thead_open", "thead_close"):
            self._in_head = token.nesting > 0
        elif token.type == "tr_open":
            self._open_row(token.map[0] if token.map else 0)

    def _inline(self, token: MarkdownToken) -> Iterator[Unit]:
        line = self._block.line + (token.map[0] if token.map else 0)
        if self._table is not None:
            unit = self._cell(token.content, line, self._table)
            if unit.text.strip():
                yield unit
        elif self._lists and self._lists[-1].item is None:
            yield from self._item(token.content, line)
        else:
            yield from _sentences(token.content, self._block, self._section, line, self._under())

    def _item(self, text: str, line: int) -> Iterator[Unit]:
        first, *rest = split_sentences(text) or [""]
        own = self._lists[-1]
        unit = self._unit(UnitKind.ITEM, first, line, number=own.number)
        own.item = unit
        yield unit
        for sentence in rest:
            yield Unit(UnitKind.SENTENCE, sentence, line, self._section, self._block.index, (unit,))

    def _cell(self, text: str, line: int, heads: list[Unit]) -> Unit:
        column = len(self._row)
        head = () if self._in_head else tuple(heads[column : column + 1])
        under = (*self._above, *self._row[:1], *head)
        unit = Unit(UnitKind.CELL, text, line, self._section, self._block.index, under, depth=column)
        if self._in_head:
            heads.append(unit)
        self._row.append(unit)
        return unit

    def _code(self, token: MarkdownToken) -> Iterator[Unit]:
        line = self._block.line + (token.map[0] if token.map else 0)
        if token.info.strip():
            yield self._unit(UnitKind.FENCE, token.info.strip(), line)
        for number, text in enumerate(token.content.split("\n"), line + bool(token.markup)):
            if text.strip():
                yield self._unit(UnitKind.CODE, text.rstrip(), number)

    def _lines(self, token: MarkdownToken) -> Iterator[Unit]:
        line = self._block.line + (token.map[0] if token.map else 0)
        for number, text in enumerate(token.content.split("\n"), line):
            if text.strip():
                yield self._unit(UnitKind.MARKUP, text.strip(), number)

    def _under(self) -> tuple[Unit, ...]:
        """The nearest open item, else what the block stands under."""
        item = next((one.item for one in reversed(self._lists) if one.item), None)
        return (item,) if item else self._above

    def _unit(self, kind: UnitKind, text: str, line: int, number: str = "") -> Unit:
        depth = len(self._lists)
        return Unit(kind, text, line, self._section, self._block.index, self._under(), number, depth)


def anchors(old: Sequence[_T], new: Sequence[_T], key: Callable[[_T], Hashable]) -> dict[int, Hashable]:
    """For each thing of two texts, by `id`, the key of the nearest one above it that there is once on both sides."""
    keys = [[key(thing) for thing in side] for side in (old, new)]
    once = set.intersection(*({name for name, count in Counter(side).items() if count == 1} for side in keys))
    found: dict[int, Hashable] = {}
    for things, names in zip((old, new), keys, strict=True):
        above: Hashable = None
        for thing, name in zip(things, names, strict=True):
            found[id(thing)] = above
            above = name if name in once else above
    return found
