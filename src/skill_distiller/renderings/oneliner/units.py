"""What a block is made of: the items of a list, the sentences of a paragraph, the rows of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from skill_distiller.document import Block, BlockKind
from skill_distiller.renderings.oneliner.plain import LONGEST, plain
from skill_distiller.renderings.oneliner.sentences import sentences

_MOST: Final = 60  # units of a block that are looked at: three lines hold far fewer
_MARKER: Final = re.compile(r"([ \t>]*)(?:[-*+•]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_QUOTE: Final = re.compile(r"^[ \t]*>[ \t]?(?:\[![A-Z]+\])?", re.MULTILINE)
_ORDERED: Final = re.compile(r"[ \t>]*\d{1,9}[.)][ \t]")


def units(block: Block) -> list[str]:
    """Plain texts, one for each item, sentence or row, in order; none for code, HTML and rules."""
    return [text for text in islice(_units(block), _MOST) if text]


def is_ordered(block: Block) -> bool:
    """Whether a list counts its items."""
    return block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM) and bool(_ORDERED.match(block.text))


def _units(block: Block) -> Iterator[str]:
    if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM):
        yield from map(plain, items(block.text))
    elif block.kind is BlockKind.PARAGRAPH:
        yield from text_sentences(block.text)
    elif block.kind is BlockKind.QUOTE:
        yield from text_sentences(_QUOTE.sub("", block.text))
    elif block.kind is BlockKind.TABLE:
        yield from table_column(block)


def table_column(block: Block, heading: re.Pattern[str] | None = None) -> Iterator[str]:
    """The cells, plain, of the first column of a table, or of the one with a heading that matches."""
    head, *rows = (line.strip().removeprefix("|") for line in block.text.split("\n"))
    columns = head.split("|")
    column = next((i for i, cell in enumerate(columns) if heading and heading.search(cell)), 0)
    for row in rows[1 : _MOST + 1]:
        cells = row.split("|")  # a cell with an escaped bar is left out below: it has an odd number of marks
        if len(cells) > column and cells[column].count("`") % 2 == 0:
            yield plain(cells[column])


def text_sentences(text: str) -> Iterator[str]:
    """The sentences and list items of a text, plain, in order."""
    for part in items(text):
        if len(part) <= 10 * LONGEST:
            # Sentences first: a long text is plain sentence by sentence.
            for sentence in sentences(" ".join(part.split())):
                if own := plain(sentence):
                    yield own


def items(text: str) -> Iterator[str]:
    """The top items of a list without their markers and nested items; of other text its parts between blank lines."""
    held: list[str] = []
    indent: int | None = None  # of the items; deeper ones are nested
    nested = False
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        deeper = marker is not None and indent is not None and len(marker[1].expandtabs(4)) > indent + 1
        if deeper:
            nested = True
        elif marker or not line.strip():
            if held:
                yield "\n".join(held)
            held, nested = [], bool(nested and not marker)
            if marker:
                indent = len(marker[1].expandtabs(4)) if indent is None else indent
                held = [line[marker.end() :]]
        elif line.lstrip().startswith(("```", "~~~")):
            nested = True
        elif not nested:
            held.append(line)
    if held:
        yield "\n".join(held)
