"""Build a block's ladder: the ways to write it, each cheaper than the one before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from skill_distiller.analysis.facts import Fact, fact_keys, find_facts
from skill_distiller.analysis.model import Analysis
from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.analysis.taxonomy import SectionType
from skill_distiller.document import Block, BlockKind
from skill_distiller.renderings.locks import Span, locked_spans
from skill_distiller.renderings.model import Rendering, RenderingKind
from skill_distiller.renderings.prune import is_empty_lead_in, may_have_fillers, prune_fillers
from skill_distiller.renderings.symbols import may_have_phrases, substitute_symbols
from skill_distiller.renderings.tight import may_have_emphasis, strip_emphasis, tighten_table
from skill_distiller.tokens import TokenCounter

# The share of a block's worth that a rewritten text keeps: all its facts, a little less ease of reading.
_SHARES: Final = {
    RenderingKind.FULL: 1.0,
    RenderingKind.SYMBOLS: 0.999,
    RenderingKind.TIGHT: 0.998,
    RenderingKind.PRUNED: 0.99,
    RenderingKind.DROPPED: 0.0,
}
_PROSE: Final = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM})
# Where the very form is the content, the marks of emphasis are part of it.
_FORMATTED: Final = frozenset({SectionType.OUTPUT_FORMAT, SectionType.EXAMPLE})


_TAG: Final = re.compile(r"<(/?)([A-Za-z][\w-]*+)[^<>]{0,2000}?(/?)>")
_COMMENT: Final = re.compile(r"<!--(?:[^-]++|-(?!->))*+(?:-->|\Z)")
_VOID_TAGS: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())


@dataclass(frozen=True, slots=True)
class Ladder:
    """The renderings of one block, from the longest to the shortest; the first is always FULL."""

    block: Block
    rungs: tuple[Rendering, ...]
    refused: int = 0  # renderings that lost a fact or a protected pattern and were not let onto the ladder


class _Draft(NamedTuple):
    """A block on its way down the ladder."""

    block: Block
    text: str
    facts: tuple[Fact, ...]
    protected: frozenset[str]
    formatted: bool
    leads_in: bool
    counter: TokenCounter


def build_ladders(analysis: Analysis, lead_ins: frozenset[int], counter: TokenCounter) -> tuple[Ladder, ...]:
    """A ladder for every block of a skill; required blocks have no DROPPED rung.

    `lead_ins` are the indices of the blocks that only introduce the next one.
    """
    return tuple(
        _ladder(
            _Draft(
                block,
                block.text,
                facts,
                verdict.protected,
                formatted=verdict.type in _FORMATTED,
                leads_in=block.index in lead_ins and not verdict.required,
                counter=counter,
            ),
            droppable=not (verdict.required or holds_together(block)),
        )
        for block, verdict, facts in zip(analysis.skill.blocks, analysis.verdicts, analysis.facts, strict=True)
    )


def _ladder(draft: _Draft, *, droppable: bool) -> Ladder:
    block, count = draft.block, draft.counter.count
    rungs = [Rendering(RenderingKind.FULL, block.source, count(block.source), 1.0)]
    refused = 0
    for kind, text in _shorter(draft):
        source = text + block.gap if text else ""
        if source == rungs[-1].text:
            continue
        if text and not _keeps_everything(draft, text):
            refused += 1
            continue
        tokens = count(source)
        if tokens < rungs[-1].tokens:
            rungs.append(Rendering(kind, source, tokens, _SHARES[kind]))
    if droppable and rungs[-1].tokens > 0:
        rungs.append(Rendering(RenderingKind.DROPPED, "", 0, _SHARES[RenderingKind.DROPPED]))
    return Ladder(block, tuple(rungs), refused)


def holds_together(block: Block) -> bool:
    """Whether other blocks hang on this one: a link definition, or a tag that is opened or closed elsewhere."""
    if block.kind is BlockKind.DEFINITION:
        return True
    if block.kind is not BlockKind.HTML:
        return False
    opened = Counter[str]()
    for closing, name, alone in _TAG.findall(_COMMENT.sub("", block.text)):
        if not alone and name.lower() not in _VOID_TAGS:
            opened[name.lower()] += -1 if closing else 1
    return any(opened.values())


def _keeps_everything(draft: _Draft, text: str) -> bool:
    """Whether a shorter text still carries every fact and protected pattern of its block."""
    if text == draft.text:
        return True
    return draft.protected <= find_patterns(text).protected and fact_keys(draft.facts) <= fact_keys(find_facts(text))


def _shorter(draft: _Draft) -> Iterator[tuple[RenderingKind, str]]:
    """The texts below FULL, each pass applied to the result of the one before."""
    if draft.block.kind is BlockKind.TABLE:
        yield RenderingKind.TIGHT, tighten_table(draft.text, locked_spans(draft.text, draft.facts))
        return
    if draft.block.kind not in _PROSE:
        return
    text = draft.text
    if may_have_phrases(text):
        text = substitute_symbols(text, locked_spans(text, draft.facts, modals=False), draft.counter)
        yield RenderingKind.SYMBOLS, text
    if not draft.formatted and may_have_emphasis(text):
        text = strip_emphasis(text, _locks(draft, text))
        yield RenderingKind.TIGHT, text
    if draft.leads_in and is_empty_lead_in(text) and not _locks(draft, text):
        yield RenderingKind.PRUNED, ""
    elif may_have_fillers(text):
        yield RenderingKind.PRUNED, prune_fillers(text, _locks(draft, text))


def _locks(draft: _Draft, text: str) -> tuple[Span, ...]:
    return locked_spans(text, draft.facts if text == draft.text else find_facts(text))
