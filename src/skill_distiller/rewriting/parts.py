"""The parts of a block, and which of them may go without the rest: sentences, list items, rows of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from skill_distiller.language.facts import Span
from skill_distiller.language.lexicon import Sense, senses
from skill_distiller.language.words import words_in
from skill_distiller.rewriting.model import Edit
from skill_distiller.rewriting.sentences import (
    announces,
    enumerates,
    goes_on,
    is_exception,
    items_of,
    leans_back,
    without_marker,
)
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.structure.pairs import are_named, are_sides, are_steps, are_variants
from skill_distiller.structure.pointers import opens_with
from skill_distiller.structure.sequences import read_place

_NUMBERED: Final = re.compile(r"[ \t]*\d{1,9}[.)][ \t]")
_TO_TICK: Final = re.compile(r"[ \t]*[-*+] \[[ xX]\][ \t]")
_LABEL: Final = re.compile(r"\W{0,9}(?:\*\*[^*\n]+(?:[:：]\*\*|\*\*[ \t]*[:：])|__[^_\n]+(?:[:：]__|__[ \t]*[:：]))")
_FIRST_WORD: Final = re.compile(r"\W{0,9}([^\W\d_]+)")
_RUN_IN: Final = re.compile(r"\W{0,9}?(?:\*\*|__)[^*_\n]+(?:\*\*|__)")
_LONG_WORD: Final = re.compile(r"[^\W_]{4,}")
_CONDITION: Final = re.compile(r"\W{0,9}[^\W\d_]+\s+[^\W\d_]+\s+[^\W\d_]+")  # with what it is about
_TAKEN: Final = re.compile(r"(?=[^\n]{3,80}\s*\Z)[^\n→⇒]+(?:→|⇒|[-=]>)[^\n→⇒]+\s*")
# What would open a list, heading, quote, table or rule once it stood at the start of a line.
_MARKUP: Final = re.compile(r"(?:\d{1,9}[.)]|[-+*#>=<|~`:])(?:\s|\W)")
_BOLD: Final = re.compile(r"(?:\*\*|__)[^*_\n]+(?:\*\*|__)")
# The label of an item, bold or before a colon: "**Python SDK** - ...", "Fade in: ...".
_ITEM_LABEL: Final = re.compile(
    r"(?:\*\*|__)(?P<bold>[^*_\n:：]{1,60})[:：]?(?:\*\*|__)|(?P<plain>[^\W\d_][\w -]{1,40})[:：]\s"
)
_ANCHOR: Final = re.compile(r"\]\(#[^)\s]+\)")
_SPAN_OF_NUMBERS: Final = re.compile(r"\d{1,4}\s*[-–—~]\s*\d{1,4}\s*\Z")
# How the steps of a scale open that are ranges: "85–100", "< 1%", "over" said with a sign: ">= 5 days".
_RANGE: Final = re.compile(r"[^\w<>≤≥]{0,9}(?:[<>≤≥]=?\s*\d|\d[\d.,]*\s*%?\s*(?:[-–—~]\s*\d|\+))")
_PERCENT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s?%")
_ANNOUNCES: Final = re.compile(r"[:：][\s*_]*\Z")
EMPTY_CELL: Final = re.compile(r"[ \t]*\|[ \t]*\|")
_CELL: Final = re.compile(r"[ \t]*\|?[ \t*_`]*(?P<first>[^|\n]*)")
_HEADER_ROWS: Final = 2
_FEWEST_SHARED: Final = 2  # words of a condition that say what it is about; ranges of a scale
_WHOLE: Final = 100  # percent
_MAX_DEPTH: Final = 20  # of a list: nobody nests more


class PartKind(StrEnum):
    """What a part is of its block."""

    WHOLE = "whole"
    SENTENCE = "sentence"
    ITEM = "item"
    HEADER = "header"
    ROW = "row"


class Part(NamedTuple):
    """A part of a block: offsets into its text, and the place of the part that it can't stay without, or -1."""

    start: int
    end: int
    kind: PartKind
    above: int = -1


@dataclass(frozen=True, slots=True)
class Unit:
    """Parts of a block, by place, that stay or go together, where they may go at all; `children` go with them.

    One that is a `title` stays with one of its children at least.
    """

    parts: tuple[int, ...]
    free: bool
    children: tuple[Unit, ...] = ()
    title: bool = False

    @property
    def all_parts(self) -> tuple[int, ...]:
        """The parts of the unit and of all below it."""
        return (*self.parts, *(part for child in self.children for part in child.all_parts))

    @property
    def removable(self) -> bool:
        """Whether all of it may go."""
        return self.free and all(child.removable for child in self.children)


def parts_of(block: Block, locked: Sequence[Span]) -> tuple[Part, ...]:
    """The parts of a block in order; joined, they are its text. Code, quotes and HTML are one part.

    Of a list the first part of an item is the item itself; its further sentences and what is nested in it hang on that.
    """
    if block.kind is BlockKind.TABLE:
        return tuple(_rows(block.text))
    if block.kind not in PROSE:
        return (Part(0, len(block.text), PartKind.WHOLE),)
    parts: list[Part] = []
    first: list[int] = []  # of each item, the place of its first part
    depths: list[int] = []
    at = 0
    for item in items_of(block, locked):
        above = first[item.above] if item.above >= 0 else -1
        first.append(len(parts))
        depths.append(depths[item.above] + 1 if item.above >= 0 else 0)
        for place, sentence in enumerate(item.sentences):
            if block.kind is BlockKind.PARAGRAPH:
                part = Part(at, at + len(sentence), PartKind.SENTENCE)
            elif place:
                part = Part(at, at + len(sentence), PartKind.SENTENCE, first[-1])
            else:
                part = Part(at, at + len(sentence), PartKind.ITEM, above)
            parts.append(part)
            at += len(sentence)
    if len(parts) < 2 or max(depths) > _MAX_DEPTH:
        return (Part(0, len(block.text), PartKind.WHOLE),)
    return tuple(parts)


def _rows(text: str) -> Iterator[Part]:
    at = 0
    for place, row in enumerate(text.splitlines(keepends=True)):
        yield Part(at, at + len(row), PartKind.HEADER if place < _HEADER_ROWS else PartKind.ROW)
        at += len(row)


def units_of(block: Block, parts: Sequence[Part], stays: Callable[[str], bool]) -> tuple[Unit, ...]:
    """What of a block may go by itself, in order; nothing with a part of which the text `stays`.

    Numbered items and rows stay, and so do labels and lead-ins. A sentence goes with the one it goes on from, an
    exception with its rule, the sides of a comparison together, what an item announces with it.
    """
    if len(parts) < _HEADER_ROWS:
        return ()
    texts = [block.text[part.start : part.end] for part in parts]
    if block.kind is BlockKind.TABLE:
        return _units_of_table(texts, stays)
    if block.kind is BlockKind.PARAGRAPH:
        return tuple(_sentences(range(len(parts)), texts, stays))
    if all(_ANCHOR.search(text) for text, part in zip(texts, parts, strict=True) if part.kind is PartKind.ITEM):
        return ()  # a table of contents
    below: dict[int, list[int]] = {}
    for place, part in enumerate(parts):
        below.setdefault(part.above, []).append(place)
    return tuple(_items(below.get(-1, []), texts, parts, below, stays))


def _sentences(places: Sequence[int], texts: Sequence[str], stays: Callable[[str], bool]) -> Iterator[Unit]:
    """The sentences of a paragraph, those together that lean on each other."""

    def together(above: int, place: int) -> bool:
        if _lean(texts[above], texts[place]) or (above == places[0] and _is_bold(texts[above])):
            return True
        return _LABEL.match(texts[place]) is not None and are_sides(texts[above], texts[place])

    for unit in _chained(places, together):
        held = any(stays(texts[place]) for place in unit)
        first = texts[unit[0]]
        # What a paragraph opens with in bold or before a colon is its subject: "**Maps** have a scale. Fold them."
        labelled = _RUN_IN.match(first) or _ITEM_LABEL.match(first)
        opening = unit[0] == places[0] and (labelled or _LABEL.match(first) or _opens_a_case(first))
        after = unit[-1] + 1
        risky = unit[0] == places[0] and after <= places[-1] and _MARKUP.match(texts[after])
        closing = unit[-1] == places[-1] and _ANNOUNCES.search(texts[unit[-1]])
        yield Unit(unit, not (held or opening or risky or closing))


def _is_bold(sentence: str) -> bool:
    """Whether a sentence is all bold, a label of what comes after it: "**Need help?**"."""
    return _BOLD.fullmatch(sentence.strip()) is not None


def _opens_a_case(sentence: str) -> bool:
    """Whether a sentence opens with a condition, which what comes after it may stand under: "If it is there, stop."."""
    word = _FIRST_WORD.match(sentence)
    return word is not None and Sense.CONDITION in senses(word[1].casefold())


def _lean(above: str, sentence: str) -> bool:
    return goes_on(sentence) or leans_back(sentence) or announces(above) or enumerates(above)


def _items(
    places: Sequence[int],
    texts: Sequence[str],
    parts: Sequence[Part],
    below: Mapping[int, Sequence[int]],
    stays: Callable[[str], bool],
) -> Iterator[Unit]:
    """The items of a list, each with its further sentences and the items nested in it."""

    def together(above: int, place: int) -> bool:
        one, two = without_marker(texts[above]), without_marker(texts[place])
        if is_exception(two) or opens_with("else_openings", two):
            return True
        return are_sides(one, two) or _are_variants(one, two) or _are_cases(one, two) or _says_what_if(one, two)

    bare = [without_marker(texts[place]) for place in places]
    scale = _is_scale(bare) or are_named(bare)
    for unit in _chained(places, together):
        own, children = list(unit), list[Unit]()
        for place in unit:
            rest = below.get(place, [])
            sentences = [place, *(at for at in rest if parts[at].kind is PartKind.SENTENCE)]
            first, *tails = _chained(sentences, lambda above, at: _lean(texts[above], texts[at]))
            lower = _items([at for at in rest if parts[at].kind is PartKind.ITEM], texts, parts, below, stays)
            own += first[1:]
            loose = [*(Unit(tail, not any(stays(texts[at]) for at in tail)) for tail in tails), *lower]
            if _ANNOUNCES.search(texts[sentences[-1]]) and len(loose) > len(tails):  # nothing of what it introduces
                own += [at for child in loose for at in child.all_parts]
            else:
                children += loose
        held = any(
            stays(texts[at])
            or _NUMBERED.match(texts[at])
            or _TO_TICK.match(texts[at])
            or read_place(without_marker(texts[at]))
            for at in own
        )
        title = _is_bold(without_marker(texts[unit[0]])) or _NUMBERED.match(texts[unit[0]]) is not None
        yield Unit(tuple(sorted(own)), not held and not scale, tuple(children), title)


def _are_variants(first: str, second: str) -> bool:
    """Whether two items have the labels of variants: "**Python SDK**", "**TypeScript SDK**"."""
    one, two = _ITEM_LABEL.match(first), _ITEM_LABEL.match(second)
    return bool(one and two and are_variants(one["bold"] or one["plain"], two["bold"] or two["plain"]))


def _are_cases(first: str, second: str) -> bool:
    """Whether two texts are cases of one thing: "If the request names none", or in a few words "many → report"."""
    if _TAKEN.fullmatch(first) and _TAKEN.fullmatch(second):
        return True
    one, two = _CONDITION.match(first), _CONDITION.match(second)
    return bool(one and two and one[0].casefold() == two[0].casefold()) and _opens_a_case(first)


def _says_what_if(first: str, second: str) -> bool:
    """Whether a text says what to do if what another one does fails: "Run `make docs`", "If `make docs` fails"."""
    if not _opens_a_case(second):
        return False
    condition = second.partition(",")[0].casefold()
    return len(set(_LONG_WORD.findall(condition)) & {*_LONG_WORD.findall(first.casefold())}) >= _FEWEST_SHARED


def _is_scale(texts: Sequence[str]) -> bool:
    """Whether rows or items beside each other are steps of a scale, or ranges: half of one would be wrong."""
    if sum(_RANGE.match(text) is not None for text in texts) >= _FEWEST_SHARED:
        return True
    return any(are_steps(first, second) or are_steps(second, first) for first, second in pairwise(texts))


def _units_of_table(rows: Sequence[str], stays: Callable[[str], bool]) -> tuple[Unit, ...]:
    """The rows of a table but its header; none of one whose rows are counted, cases or steps of a scale."""
    places = range(_HEADER_ROWS, len(rows))
    bare = [row.lstrip(" \t|") for row in rows[_HEADER_ROWS:]]
    if any(map(_counts, rows[_HEADER_ROWS:])) or _is_scale(bare) or are_named(bare) or _tells_cases(rows[0]):
        return ()
    if _are_shares(rows[_HEADER_ROWS:]):
        return ()

    def together(above: int, place: int) -> bool:
        cells = rows[place].split("|")
        if EMPTY_CELL.match(rows[place]) or any(map(is_exception, cells)) or are_sides(rows[above], rows[place]):
            return True
        return are_variants(_first_cell(rows[above]), _first_cell(rows[place]))

    return tuple(Unit(unit, not any(stays(rows[at]) for at in unit)) for unit in _chained(places, together))


def _are_shares(rows: Sequence[str]) -> bool:
    """Whether each row has one share in percent, and all of them together are the whole."""
    found = [_PERCENT.findall(row) for row in rows]
    return len(rows) > 1 and all(len(own) == 1 for own in found) and sum(float(own[0]) for own in found) == _WHOLE


def _tells_cases(header: str) -> bool:
    """Whether the rows of a table say what to do in which case: "| State | Action |". One case less is another rule."""
    first = _FIRST_WORD.match(_first_cell(header))
    return first is not None and first[1].casefold() in words_in("case_nouns")


def _first_cell(row: str) -> str:
    cell = _CELL.match(row)
    return cell["first"].strip(" \t*_`") if cell else ""


def _counts(row: str) -> bool:
    first = _first_cell(row)
    return first.isdecimal() or _SPAN_OF_NUMBERS.match(first) is not None or read_place(first) is not None


def _chained(places: Sequence[int], together: Callable[[int, int], bool]) -> list[tuple[int, ...]]:
    """The places in runs, each with those after it that belong to the one before them."""
    runs: list[list[int]] = []
    for place in places:
        if runs and together(runs[-1][-1], place):
            runs[-1].append(place)
        else:
            runs.append([place])
    return [tuple(run) for run in runs]


def _without_blanks(text: str, end: int) -> int:
    """Where a text up to a place ends, white space at its end apart; a slice would copy all of it for each part."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def deletions(text: str, parts: Sequence[Part], gone: Collection[int]) -> tuple[Edit, ...]:
    """The edits that take some parts, by place, out of the text of their block."""
    edits = []
    for missing, run in groupby(range(len(parts)), key=gone.__contains__):
        places = list(run)
        if not missing:
            continue
        start, end = parts[places[0]].start, parts[places[-1]].end
        if parts[places[0]].kind is PartKind.SENTENCE and start:  # what parted it from the next line or item stays
            start, end = _without_blanks(text, start), _without_blanks(text, end)
        edits.append(Edit(start, end))
    return tuple(edits)
