"""The list items and sentences of a block, and which sentences may not be parted."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from skill_distiller.language.facts import Span, overlaps
from skill_distiller.language.words import small
from skill_distiller.skill.model import Block, BlockKind

_MARKER: Final = re.compile(r"(?P<indent>[ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_FENCE: Final = re.compile(r"^[ \t>]*(?:`{3}|~{3})", re.MULTILINE)
# The end of a sentence with the white space after it; not an abbreviation inside one.
_SENTENCE_END: Final = re.compile(r"""[.!?]["”'*_)\]]*\s+(?![a-z])|[。！？]["”』」）*_]*\s*""")
# What is opened and closed: no cut in between.
_MARK: Final = re.compile(r"""\*\*|__|["()\[\]“”「」（）]|</?[A-Za-z][^<>\n]{0,200}>""")
_CLOSING: Final = {")": "(", "]": "[", "”": "“", "」": "「", "）": "（"}
_PAIRED: Final = frozenset({"**", "__", '"'})


class Item(NamedTuple):
    """A list item without those nested in it, or a paragraph; `above` is the place of the item it is nested in, or -1.

    The first sentence holds the marker; joined, the sentences are the text.
    """

    sentences: tuple[str, ...]
    above: int = -1


def items_of(block: Block, locked: Sequence[Span]) -> list[Item]:
    """The items of a block in order; one with code in it, or a paragraph, is one item.

    No sentence ends inside a locked span, quotation marks, brackets, strong emphasis or a tag.
    """
    text = block.text
    if _FENCE.search(text):
        return [Item((text,))]
    if block.kind is BlockKind.PARAGRAPH:
        return [Item(tuple(_sentences(text, 0, locked, 0)))]
    items: list[Item] = []
    open_items: list[tuple[int, int]] = []  # (indent, place) of the items that the next one may be nested in
    for start, line in _lines(text):
        marker = _MARKER.match(line)
        indent = len(marker["indent"].expandtabs(4)) if marker else 0
        while open_items and open_items[-1][0] >= indent:
            open_items.pop()
        above = open_items[-1][1] if open_items else -1
        open_items.append((indent, len(items)))
        items.append(Item(tuple(_sentences(line, start, locked, marker.end() if marker else 0)), above))
    return items


def without_marker(sentence: str) -> str:
    """The first sentence of an item without the marker of the list."""
    marker = _MARKER.match(sentence)
    return sentence[marker.end() :] if marker else sentence


def _sentences(text: str, start: int, locked: Sequence[Span], at: int) -> Iterator[str]:
    """The sentences of an item, which begins at `start` of its block; no sentence ends before `at`."""
    begin = looked = 0
    opened = Counter[str]()
    for match in _SENTENCE_END.finditer(text, at):
        _count_opened(opened, text, looked, match.end())
        looked = match.end()
        whole = all(n % 2 == 0 if mark in _PAIRED else n == 0 for mark, n in opened.items())
        if whole and looked < len(text) and not overlaps((start + match.start(), start + looked), locked):
            yield text[begin:looked]
            begin = looked
    yield text[begin:]


def _count_opened(opened: Counter[str], text: str, start: int, end: int) -> None:
    """Count how often each mark is open after a part of a text; what closes nothing, as in "a)", is passed over."""
    for match in _MARK.finditer(text, start, end):
        mark = match[0]
        closes = mark in _CLOSING or mark.startswith("</")
        name = mark.strip("</>").split()[0].lower() if mark.startswith("<") else _CLOSING.get(mark, mark)
        if not closes:
            opened[name] += not mark.endswith("/>")
        elif opened[name]:
            opened[name] -= 1


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The text from each marker to the next, with where it starts."""
    starts = [0]
    at = 0
    for line in text.splitlines(keepends=True):
        if at and _MARKER.match(line):
            starts.append(at)
        at += len(line)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield start, text[start:end]


_TEXT: Final = files(__package__).joinpath("sentences.toml").read_text(encoding="utf-8")
_SAYS: Final = {name: re.compile(words, re.VERBOSE) for name, words in tomllib.loads(_TEXT).items()}  # `small` texts


@lru_cache(maxsize=4096)
def goes_on(sentence: str) -> bool:
    """Whether a sentence belongs to the one before it.

    >>> goes_on("However, hotfixes are welcome."), goes_on("In CI it is allowed."), goes_on("Lunch is at noon.")
    (True, True, False)
    """
    said = small(sentence)
    found = _SAYS["goes_on"].match(said) or _SAYS["limits"].search(said)
    return bool(found or (not said.isascii() and _SAYS["limits_unspaced"].search(said)))


def leans_back(sentence: str) -> bool:
    """Whether a sentence says little without the one before it: "Do not copy it"."""
    return bool(_SAYS["leans_back"].search(small(sentence)))


def announces(sentence: str) -> bool:
    """Whether a sentence speaks of the one after it: "The next rule is not for admins"."""
    return bool(_SAYS["announces"].search(small(sentence)))


def enumerates(sentence: str) -> bool:
    """Whether a rule goes on in all that comes after it: "Never do any of these: push on a Friday"."""
    return bool(_SAYS["enumerates"].search(small(sentence)))


def is_exception(text: str) -> bool:
    """Whether an item of a list says right away that it limits the one before it."""
    return bool(_SAYS["exception"].match(small(text)))
