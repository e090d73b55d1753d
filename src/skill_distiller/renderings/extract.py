"""Cut a block that has to stay down to the sentences, list items and rows that make it stay.

The last resort of a budget of tokens: whole sentences, word for word, and what they leave out is
in the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.analysis import Analysis, Verdict
from skill_distiller.analysis.facts import Fact
from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.document import PROSE, Block, BlockKind
from skill_distiller.renderings.locks import Span, locked_spans, overlaps
from skill_distiller.renderings.model import Rendering, RenderingKind
from skill_distiller.renderings.offers import Offers
from skill_distiller.tokens import TokenCounter

_SHARE: Final = 0.5  # of the block's worth: its rules stay, what is said around them goes
_CUT: Final = PROSE | {BlockKind.TABLE}
_ITEM: Final = re.compile(r"(?P<indent>[ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_FENCE: Final = re.compile(r"^[ \t>]*(?:`{3}|~{3})", re.MULTILINE)
# The end of a sentence with the white space after it; not an abbreviation inside one.
_SENTENCE_END: Final = re.compile(r"""[.!?]["”'*_)\]]*\s+(?![a-z])|[。！？]["”』」）*_]*\s*""")
# "Force only if nobody shares it" is a prohibition in other words: beside hard rules it stays as they do.
_RESTRICTS: Final = re.compile(r"\bonly\s+(?:if|when|whenever|after|once|with)\b", re.IGNORECASE)
# What goes on with the sentence before it: a rule without its exception is another rule.
_GOES_ON: Final = re.compile(
    r"\W{0,12}(?:unless|except|only|but|otherwise|instead|if|when|even|this|that|these|those|it|they)\b", re.IGNORECASE
)


class _Unit(NamedTuple):
    """A sentence, with what has to stay for it: the units above it (by place) that it hangs on."""

    text: str
    above: int  # -1 for none
    glued: bool = False  # whether it goes on with the unit before it
    fresh: bool = False  # whether it begins a line


class Extractor:
    """Offers an EXTRACTED rendering for every block of prose or table with a protected pattern or a hard rule."""

    def offer(self, analysis: Analysis, counter: TokenCounter) -> Offers:
        """The extracts that are shorter than their blocks."""
        offers = {}
        for block, verdict, facts in zip(analysis.skill.blocks, analysis.verdicts, analysis.facts, strict=True):
            if block.kind not in _CUT or not (verdict.protected or verdict.hard_rule):
                continue
            text = extract(block, verdict, facts, analysis.patterns)
            if text != block.text:
                source = text + block.gap
                offers[block.index] = (Rendering(RenderingKind.EXTRACTED, source, counter.count(source), _SHARE),)
        return Offers(offers)


def extract(block: Block, verdict: Verdict, facts: Sequence[Fact], patterns: PatternSet = BUILT_IN) -> str:
    """The parts of a block that hold its patterns and rules, and what they hang on; all of it if none is found.

    >>> from skill_distiller.analysis import RulesAnalyzer
    >>> from skill_distiller.document import parse_skill
    >>> analysis = RulesAnalyzer().analyze(parse_skill("Deploys are common. NEVER push on a Friday. It is fun."))
    >>> extract(analysis.skill.blocks[0], analysis.verdicts[0], analysis.facts[0])
    'NEVER push on a Friday. It is fun.'
    """
    units = _rows(block.text) if block.kind is BlockKind.TABLE else _units(block, locked_spans(block.text, facts))
    kept = [_is_needed(unit.text, verdict, patterns) for unit in units]
    for i, unit in enumerate(units):
        kept[i] = kept[i] or (unit.glued and i > 0 and kept[i - 1])
    for i in range(len(units) - 1, -1, -1):
        if kept[i] and units[i].above >= 0:
            kept[units[i].above] = True
    text = ""
    for unit in (unit for unit, stays in zip(units, kept, strict=True) if stays):
        apart = unit.fresh and text and not text.endswith("\n")
        text = f"{text.rstrip()}\n{unit.text}" if apart else text + unit.text
    if not text.strip() or not patterns.find(block.text).protected <= patterns.find(text).protected:
        return block.text
    return f"{text.rstrip()}\n" if block.text.endswith("\n") else text.rstrip()


def _is_needed(unit: str, verdict: Verdict, patterns: PatternSet) -> bool:
    names = patterns.find(unit)
    rule = names.hard_rule or _RESTRICTS.search(unit) is not None
    return bool(names.protected & verdict.protected) or (verdict.hard_rule and rule)


def _rows(text: str) -> list[_Unit]:
    """The rows of a table; all hang on the header with its rule."""
    header, rule, *rows = [*text.splitlines(keepends=True), "", ""]
    return [_Unit(header + rule, -1), *(_Unit(row, 0) for row in rows if row)]


def _units(block: Block, locked: Sequence[Span]) -> list[_Unit]:
    """The sentences of a block; those of a list item hang on its marker, and that on the item it is nested in."""
    text = block.text
    if _FENCE.search(text):
        return [_Unit(text, -1)]
    units: list[_Unit] = []
    open_items: list[tuple[int, int]] = []  # (indent, place) of the items that the line stands in
    for start, line in _paragraphs(text):
        marker = _ITEM.match(line)
        at = 0
        if marker and block.kind is not BlockKind.PARAGRAPH:
            indent = len(marker["indent"].expandtabs(4))
            while open_items and open_items[-1][0] >= indent:
                open_items.pop()
            above = open_items[-1][1] if open_items else -1
            at = _sentence_ends(line, start, locked, marker.end())[0]
            units.append(
                _Unit(line[:at], above, fresh=True)
            )  # the marker with the first sentence: what the item is about
            open_items.append((indent, len(units) - 1))
        above = open_items[-1][1] if open_items else -1
        units += _sentences(line, start, locked, at, above)
    return units


def _sentences(line: str, start: int, locked: Sequence[Span], at: int, above: int) -> Iterator[_Unit]:
    for end in _sentence_ends(line, start, locked, at) if at < len(line) else ():
        yield _Unit(line[at:end], above, bool(_GOES_ON.match(line[at:end])))
        at = end


def _sentence_ends(line: str, start: int, locked: Sequence[Span], at: int) -> list[int]:
    """Where the sentences of a line from `at` on end; `start` is where the line stands in the text of the locks."""
    found = _SENTENCE_END.finditer(line, at)
    ends = [m.end() for m in found if not overlaps((start + m.start(), start + m.end()), locked)]
    return [*(end for end in ends if end < len(line)), len(line)]


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text with where they start; a line that no item begins is part of the one before it."""
    starts = [0]
    at = 0
    for line in text.splitlines(keepends=True):
        if at and _ITEM.match(line):
            starts.append(at)
        at += len(line)
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield start, text[start:end]
