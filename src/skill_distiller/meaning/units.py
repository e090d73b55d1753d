"""A skill as units: every sentence, item, cell, line of code and heading, with what it stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token as MarkdownToken

from skill_distiller.language.facts import FactKind, find_facts
from skill_distiller.language.lexicon import abbreviations
from skill_distiller.skill.model import Block, BlockKind, Skill


class UnitKind(StrEnum):
    """What a unit is; the value is the word used in reports and JSON."""

    HEADING = "heading"
    SENTENCE = "sentence"
    ITEM = "list item"
    CELL = "table cell"
    CODE = "code line"
    FENCE = "code fence"
    MARKUP = "markup"  # a line of HTML, a link definition: it stays letter by letter


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A piece of a skill that says something by itself.

    `line` counts from 1 in the file, `block` is the index of its block (-1 for a heading), `section` of its section.
    `under` are the units of its own block, or the label before it, that it hangs on: the item above, the first
    cell of its row and the head of its column. `number` is that of a numbered item, as written and as shown by Markdown,
    which counts for itself ("1 3"); "" for all else.
    `group` names what it has an order in: its list, table, paragraph, code block.
    """

    kind: UnitKind
    text: str
    line: int
    section: int
    block: int
    under: tuple[Unit, ...] = ()
    number: str = ""
    group: int = 0
    depth: int = 0


_SENTENCE_END: Final = re.compile(r"[.!?;][*_\"”'’)\]»]*(?=\s|\Z)|[。！？；][”」』）]*|\n(?=[ \t]*\r?\n)")
_MASKED: Final = frozenset({FactKind.CODE_SPAN, FactKind.LINK, FactKind.URL, FactKind.QUOTED, FactKind.PATH})
_NUMBERED: Final = re.compile(r"[*_]{0,3}(?:\d{1,9}|[a-z])[.)]\s")


def split_sentences(text: str) -> list[str]:
    """The sentences of a text without blank lines, white space around them cut off."""
    if not _SENTENCE_END.search(text):
        return [text.strip()] if text.strip() else []
    masked = _masked(text)
    found, at = [], 0
    for match in _SENTENCE_END.finditer(masked):
        if match.group()[0] == "." and (
            _ends_in_abbreviation(masked, match.start()) or _NUMBERED.fullmatch(masked[at : match.end()].lstrip() + " ")
        ):
            continue
        found.append(text[at : match.end()].strip())
        at = match.end()
    found.append(text[at:].strip())
    return [sentence for sentence in found if sentence]


def _masked(text: str) -> str:
    """The text with the inside of code, links and quotations blanked: a full stop in them ends nothing."""
    pieces, at = [], 0
    for fact in find_facts(text):
        if fact.kind in _MASKED and fact.start >= at:
            pieces += (text[at : fact.start], "`" * (fact.end - fact.start))
            at = fact.end
    return "".join([*pieces, text[at:]])


def _ends_in_abbreviation(text: str, stop: int) -> bool:
    word = re.search(r"[^\s(]*\Z", text[:stop])
    return word is not None and word.group().lower().strip("*_") in abbreviations()


def heading_units(skill: Skill) -> list[Unit | None]:
    """The heading of each section; None for section 0."""
    return [
        Unit(UnitKind.HEADING, section.heading, section.line, section.index, -1, depth=section.level)
        if section.level
        else None
        for section in skill.sections
    ]


def block_units(block: Block, section: int, above: tuple[Unit, ...] = (), place: int = 0) -> list[Unit]:
    """The units of a block, in order; `above` is what the whole block stands under, `place` where it stands in a list."""
    if block.kind is BlockKind.PARAGRAPH:
        return _sentences(block.text, block, section, block.line, above)
    if block.kind is BlockKind.CODE:
        return list(_code(block.text.splitlines(), block, section, block.line, above, fenced=True))
    if block.kind in (BlockKind.HTML, BlockKind.DEFINITION):
        return [
            Unit(UnitKind.MARKUP, line.strip(), block.line + i, section, block.index, above)
            for i, line in enumerate(block.text.splitlines())
            if line.strip()
        ]
    if block.kind is BlockKind.RULE:
        return []
    return list(_Walk(block, section, above, place).units())


def _sentences(
    text: str, block: Block, section: int, line: int, under: tuple[Unit, ...], kind: UnitKind = UnitKind.SENTENCE
) -> list[Unit]:
    units, at = [], 0
    for sentence in split_sentences(text):
        at = max(at, text.find(sentence[:40], at))
        units.append(Unit(kind, sentence, line + text.count("\n", 0, at), section, block.index, under))
    return units


def _code(
    lines: Sequence[str],
    block: Block,
    section: int,
    line: int,
    under: tuple[Unit, ...],
    *,
    fenced: bool,
    group: int = 0,
) -> Iterator[Unit]:
    for number, text in enumerate(lines):
        if text.strip():
            fence = fenced and text.lstrip().startswith(("```", "~~~"))
            kind = UnitKind.FENCE if fence else UnitKind.CODE
            shown = text.strip().strip("`~ ") if fence else text.rstrip()
            if shown or not fence:
                yield Unit(kind, shown, line + number, section, block.index, under, group=group)


class _Walk:
    """A walk over the Markdown tokens of a list, table or quote."""

    def __init__(self, block: Block, section: int, above: tuple[Unit, ...], place: int) -> None:
        self._block, self._section, self._above = block, section, above
        self._items: list[Unit | None] = []  # the first unit of each open item
        self._lists: list[tuple[int, bool]] = []  # the group of each open list, and whether it has numbers
        self._groups = 0
        self._number = ""
        self._counts: list[int] = []  # for each open list the number that its next item is shown with
        self._place = place
        self._head: list[Unit] = []
        self._row: list[Unit] = []
        self._in_head = False
        self._column = 0

    def units(self) -> Iterator[Unit]:
        for token in _parser().parse(self._block.text):
            yield from self._token(token)

    def _token(self, token: MarkdownToken) -> Iterator[Unit]:
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            self._groups += 1
            self._lists.append((self._groups, kind == "ordered_list_open"))
            self._counts.append(-1)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self._lists.pop()
            self._counts.pop()
        elif kind == "list_item_open":
            self._items.append(None)
            self._number = ""
            if self._lists[-1][1]:
                first = self._counts[-1] < 0
                self._counts[-1] = (
                    int(token.info) + (self._place if len(self._lists) == 1 else 0) if first else self._counts[-1] + 1
                )
                self._number = f"{token.info} {self._counts[-1]}"
        elif kind == "list_item_close":
            self._items.pop()
        elif kind in ("thead_open", "thead_close"):
            self._in_head = token.nesting > 0
        elif kind == "tr_open":
            self._row, self._column = [], 0
        elif kind == "inline":
            yield from self._inline(token)
        elif kind in ("fence", "code_block"):
            yield from self._nested_code(token)
        elif kind == "html_block":
            for number, line in enumerate(token.content.splitlines()):
                if line.strip():
                    yield self._unit(UnitKind.MARKUP, line.strip(), self._line(token) + number)

    def _line(self, token: MarkdownToken) -> int:
        return self._block.line + (token.map[0] if token.map else 0)

    def _under(self) -> tuple[Unit, ...]:
        open_items = [item for item in self._items if item]
        return (open_items[-1],) if open_items else self._above

    def _unit(self, kind: UnitKind, text: str, line: int) -> Unit:
        group = self._lists[-1][0] if self._lists else 0
        return Unit(
            kind, text, line, self._section, self._block.index, self._under(), group=group, depth=len(self._lists)
        )

    def _nested_code(self, token: MarkdownToken) -> Iterator[Unit]:
        if token.info.strip():
            yield self._unit(UnitKind.FENCE, token.info.strip(), self._line(token))
        self._groups += 1
        yield from _code(
            token.content.splitlines(), self._block, self._section, self._line(token) + bool(token.markup), self._under(),
            fenced=False, group=self._groups,
        )  # fmt: skip

    def _inline(self, token: MarkdownToken) -> Iterator[Unit]:
        if self._block.kind is BlockKind.TABLE or token.map is None or self._in_head or self._row or self._head:
            yield from self._cell(token)
            return
        if self._items and self._items[-1] is None:
            parent = next((item for item in reversed(self._items) if item), None)
            under = (parent,) if parent else self._above
            group, _ = self._lists[-1]
            first, *rest = split_sentences(token.content) or [""]
            unit = Unit(
                UnitKind.ITEM, first, self._line(token), self._section, self._block.index, under, self._number, group,
                len(self._lists),
            )  # fmt: skip
            self._items[-1] = unit
            yield unit
            for text in rest:
                yield Unit(UnitKind.SENTENCE, text, self._line(token), self._section, self._block.index, (unit,))
        else:
            yield from _sentences(token.content, self._block, self._section, self._line(token), self._under())

    def _cell(self, token: MarkdownToken) -> Iterator[Unit]:
        head = self._head[self._column : self._column + 1] if not self._in_head else []
        under = (*self._above, *self._row[:1], *head)
        unit = Unit(
            UnitKind.CELL, token.content, self._line(token), self._section, self._block.index, under, depth=self._column
        )
        if self._in_head:
            self._head.append(unit)
        self._row.append(unit)
        self._column += 1
        if token.content.strip():
            yield unit


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])
