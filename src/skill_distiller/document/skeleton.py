"""What Markdown a text is built of, without its words: two texts of the same skeleton differ in wording alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_LABEL: Final = re.compile(r"\[[ xX]\]\s|[*_]{0,3}\d{1,9}[.)]\s")
_VERBATIM: Final = frozenset({"fence", "code_block", "html_block"})


class Piece(NamedTuple):
    """One construct: its token type, its markup (`-`, `.`, a fence), and what of it may not be reworded.

    `fixed` is the number of a list item, the checkbox of a task, a number that opens a text, a column's head, the
    whole text of code and HTML.
    """

    type: str
    markup: str
    fixed: str = ""


def skeleton(text: str) -> tuple[Piece, ...]:
    """The constructs of a Markdown text in order, tables with their head; the words of prose and cells are left out.

    >>> skeleton("1. Run it.") == skeleton("1. Run.")
    True
    >>> skeleton("1. Run it.") == skeleton("- Run it.")
    False
    """
    return tuple(_pieces(_parser().parse(text)))


def inlines(text: str) -> list[str]:
    """The texts of the paragraphs, list items, headings and cells of a Markdown text, in order."""
    return [token.content for token in _parser().parse(text) if token.type == "inline"]


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table").disable(["inline", "text_join"])


def _pieces(tokens: list[Token]) -> Iterator[Piece]:
    in_head = False
    for token in tokens:
        if token.type in ("thead_open", "thead_close"):
            in_head = token.nesting > 0
        if token.type == "inline":
            fixed = " ".join(token.content.split()) if in_head else _label(token.content)
        elif token.type in _VERBATIM:
            fixed = f"{token.info}\n{token.content.rstrip()}"
        else:
            fixed = token.info
        yield Piece(token.type + token.tag, token.markup, fixed)


def _label(content: str) -> str:
    match = _LABEL.match(content)
    return match.group().strip() if match else ""
