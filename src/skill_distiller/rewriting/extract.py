"""Cut a block that has to stay down to the sentences, list items and rows that make it stay.

The last resort of a budget of tokens: whole sentences, word for word, with those that belong to
them; what they leave out is in the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Final

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.analysis.reading import Reading, Verdict
from skill_distiller.language.facts import Fact, locked_spans
from skill_distiller.rewriting.model import Proposals, Rendering, RenderingKind
from skill_distiller.rewriting.parts import EMPTY_CELL
from skill_distiller.rewriting.sentences import (
    Item,
    announces,
    enumerates,
    goes_on,
    is_exception,
    items_of,
    leans_back,
    without_marker,
)
from skill_distiller.skill.model import PROSE, Block, BlockKind
from skill_distiller.structure.sequences import block_place
from skill_distiller.tokens import TokenCounter

_SHARE: Final = 0.5  # of the block's worth: its rules stay, what is said around them goes
_CUTTABLE: Final = PROSE | {BlockKind.TABLE}
# "Force only if nobody shares it" is a prohibition in other words: beside hard rules it stays as they do.
ONLY_IF: Final = re.compile(r"\bonly\s+(?:if|when|whenever|after|once|with)\b", re.IGNORECASE)


def propose_extracts(reading: Reading, counter: TokenCounter) -> Proposals:
    """An EXTRACTED rendering for every block of prose or table with a pattern or a rule, where it is shorter.

    None for numbered lists: they would have holes.
    """
    found = {}
    for block, verdict, facts in zip(reading.skill.blocks, reading.verdicts, reading.facts, strict=True):
        if block.kind not in _CUTTABLE or not (verdict.protected or verdict.hard_rule) or block_place(block):
            continue
        text = extract(block, verdict, facts, reading.patterns)
        if text != block.text:
            source = text + block.gap
            tokens = counter.count(source)
            found[block.index] = (Rendering(RenderingKind.EXTRACTED, source, tokens, _SHARE, proved=True),)
    return Proposals(found)


def extract(block: Block, verdict: Verdict, facts: Sequence[Fact], patterns: PatternSet = BUILT_IN) -> str:
    """The parts of a block that hold its patterns and rules, and what they hang on; all of it if none is found.

    >>> from skill_distiller.analysis.trained import TrainedAnalyzer
    >>> from skill_distiller.skill.parse import parse_skill
    >>> analysis = TrainedAnalyzer().analyze(parse_skill("Deploys are common. NEVER push on a Friday. It is fun."))
    >>> extract(analysis.skill.blocks[0], analysis.verdicts[0], analysis.facts[0])
    'NEVER push on a Friday. It is fun.'
    """

    def is_needed(text: str) -> bool:
        names = patterns.find(text)
        rule = names.hard_rule or ONLY_IF.search(text) is not None
        return bool(names.protected & verdict.protected) or (verdict.hard_rule and rule)

    if block.kind is BlockKind.TABLE:
        parts = _kept_rows(block.text, is_needed)
    else:
        parts = _kept_items(items_of(block, locked_spans(block.text, facts)), is_needed)
    text = _join(parts, "\r\n" if "\r\n" in block.text else "\n")
    found, whole = patterns.find(text), patterns.find(block.text)
    if not text or not (whole.protected <= found.protected and whole.hard_rule <= found.hard_rule):
        return block.text
    return text + block.text[len(block.text.rstrip()) :]


def _join(parts: Sequence[str], line_end: str) -> str:
    """Items or rows, each on a line of its own."""
    text = ""
    for part in parts:
        text = f"{text.rstrip()}{line_end}{part}" if text and not text.endswith("\n") else text + part
    return text.rstrip()


def _kept_rows(text: str, is_needed: Callable[[str], bool]) -> list[str]:
    """The header, the rows that are needed, those that they go on from, and those that limit them."""
    rows = text.splitlines(keepends=True)
    kept = [i < 2 or is_needed(row) for i, row in enumerate(rows)]
    if not any(kept[2:]):
        return rows
    for i in range(len(rows) - 1, 2, -1):
        kept[i - 1] = kept[i - 1] or (kept[i] and bool(EMPTY_CELL.match(rows[i])))
    for i in range(3, len(rows)):
        limits = any(is_exception(cell) for cell in rows[i].split("|"))
        kept[i] = kept[i] or (kept[i - 1] and (limits or bool(EMPTY_CELL.match(rows[i]))))
    return list(compress(rows, kept))


def _kept_items(items: Sequence[Item], is_needed: Callable[[str], bool]) -> list[str]:
    """What stays of each item: its rules with their context, all that is nested under a rule, and exceptions to it."""
    kept = [_kept_sentences(item.sentences, is_needed) for item in items]
    ruled = {place for place, stays in enumerate(kept) if any(stays)}
    last: dict[int, int] = {}  # the item before, by the item that both are nested in
    for place, item in enumerate(items):
        exception = is_exception(without_marker(item.sentences[0])) and last.get(item.above) in ruled
        if exception or item.above in ruled:
            kept[place] = [True] * len(kept[place])
            ruled.add(place)
        last[item.above] = place
    for place in range(len(items) - 1, -1, -1):
        above = items[place].above
        if any(kept[place]) and above >= 0:
            kept[above][0] = True
            kept[above][-1] = kept[above][-1] or announces(items[above].sentences[-1])
    return ["".join(compress(item.sentences, stays)) for item, stays in zip(items, kept, strict=True) if any(stays)]


def _kept_sentences(sentences: Sequence[str], is_needed: Callable[[str], bool]) -> list[bool]:
    """Which sentences of an item are needed or belong to one that is."""
    kept = [is_needed(sentence) for sentence in sentences]
    if not any(kept):
        return kept
    for i in range(len(kept) - 2, -1, -1):
        kept[i] = kept[i] or (kept[i + 1] and (leans_back(sentences[i + 1]) or announces(sentences[i])))
    rest = False
    for i, sentence in enumerate(sentences):
        kept[i] = kept[i] or rest or (i > 0 and kept[i - 1] and goes_on(sentence))
        rest = rest or (kept[i] and enumerates(sentence))
    kept[0] = kept[0] or without_marker(sentences[0]) != sentences[0]
    return kept
