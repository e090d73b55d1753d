"""Cut a block that has to stay down to the sentences, or list items, that make it stay.

The last resort of a budget of tokens: whole sentences, word for word, and what they leave out is
in the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from skill_distiller.analysis import Analysis, Verdict
from skill_distiller.analysis.facts import Fact
from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.document import PROSE, Block, BlockKind
from skill_distiller.document.parse import split_items
from skill_distiller.renderings.locks import Span, locked_spans, overlaps
from skill_distiller.renderings.model import Rendering, RenderingKind
from skill_distiller.renderings.offers import Offers
from skill_distiller.tokens import TokenCounter

_SHARE: Final = 0.5  # of the block's worth: its rules stay, what is said around them goes
_MARKER: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
# The end of a sentence with the white space after it; not an abbreviation inside one.
_SENTENCE_END: Final = re.compile(r"""[.!?]["”'*_)\]]*\s+(?![a-z])|[。！？]["”』」）*_]*\s*""")
# What goes on with the sentence before it: a rule without its exception is another rule.
_GOES_ON: Final = re.compile(
    r"\W{0,12}(?:unless|except|only|but|otherwise|instead|if|when|even|this|that|these|those|it|they)\b", re.IGNORECASE
)


class Extractor:
    """Offers an EXTRACTED rendering for every block of prose with a protected pattern or a hard rule."""

    def offer(self, analysis: Analysis, counter: TokenCounter) -> Offers:
        """The extracts that are shorter than their blocks."""
        offers = {}
        for block, verdict, facts in zip(analysis.skill.blocks, analysis.verdicts, analysis.facts, strict=True):
            if block.kind not in PROSE or not (verdict.protected or verdict.hard_rule):
                continue
            text = extract(block, verdict, facts)
            if text != block.text:
                source = text + block.gap
                offers[block.index] = (Rendering(RenderingKind.EXTRACTED, source, counter.count(source), _SHARE),)
        return Offers(offers)


def extract(block: Block, verdict: Verdict, facts: Sequence[Fact]) -> str:
    """The units of a block that hold its patterns and rules, and what goes on from them; all of it if none is found.

    >>> from skill_distiller.analysis import RulesAnalyzer
    >>> from skill_distiller.document import parse_skill
    >>> analysis = RulesAnalyzer().analyze(parse_skill("Deploys are common. NEVER push on a Friday. It is fun."))
    >>> extract(analysis.skill.blocks[0], analysis.verdicts[0], analysis.facts[0])
    'NEVER push on a Friday. It is fun.'
    """
    if block.kind is BlockKind.LIST:
        units: Sequence[str] = split_items(block.text)
        kept = [_is_needed(unit, verdict) for unit in units]
    else:
        marker = _MARKER.match(block.text) if block.kind is BlockKind.LIST_ITEM else None
        start = marker.end() if marker else 0
        units = [block.text[:start], *_sentences(block.text, start, locked_spans(block.text, facts))]
        kept = [True, *(_is_needed(unit, verdict) for unit in units[1:])]
        for i in range(2, len(units)):
            kept[i] = kept[i] or (kept[i - 1] and bool(_GOES_ON.match(units[i])))
        kept[0] = any(kept[1:])
    text = "".join(unit for unit, stays in zip(units, kept, strict=True) if stays)
    if find_patterns(text).protected < verdict.protected or not text:
        return block.text
    return text if text.endswith("\n") or not block.text.endswith("\n") else f"{text.rstrip()}\n"


def _is_needed(unit: str, verdict: Verdict) -> bool:
    names = find_patterns(unit)
    return bool(names.protected & verdict.protected) or (verdict.hard_rule and names.hard_rule)


def _sentences(text: str, start: int, locked: Sequence[Span]) -> list[str]:
    """The sentences from `start` on with the white space after each; one, where the text has lines of its own."""
    if "\n\n" in text[start:].strip() or re.search(r"\n[ \t]*(?:[-*+>#|]|\d+[.)]|`{3}|~{3})", text[start:]):
        return [text[start:]]
    ends = [m.end() for m in _SENTENCE_END.finditer(text, start) if not overlaps((m.start(), m.end()), locked)]
    return [text[a:b] for a, b in pairwise([start, *(e for e in ends if start < e < len(text)), len(text)])]
