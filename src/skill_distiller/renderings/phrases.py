"""Delete the phrases that a model took for redundant, where a program can see that no fact goes with them.

    >>> delete_phrases("It logs, as one would expect, to `a.log`.", [", as one would expect,"], (), ())
    'It logs to `a.log`.'

Only deletion. A phrase stays where it touches a locked span or an essential phrase, stands more than
once, ends inside a word, or would leave a line without words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.analysis.facts import fact_keys, find_facts
from skill_distiller.analysis.model import Analysis
from skill_distiller.analysis.patterns import find_patterns
from skill_distiller.analysis.prompted import Phrases
from skill_distiller.document import BlockKind
from skill_distiller.renderings.ladder import Ladder
from skill_distiller.renderings.locks import Span, locked_spans, merge_spans, overlaps
from skill_distiller.renderings.model import Rendering, RenderingKind
from skill_distiller.tokens import TokenCounter

SHARE: Final = 0.97  # of a block's worth: all its facts, without the words that a model found redundant
_PROSE: Final = frozenset({BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM})
_SHORTEST: Final = 6  # characters of a phrase
_PLAIN: Final = re.compile(
    r"(?:you|your|the|this|that|these|those|it|its|a|an|all|each|any|some|there|we|they|when|if|run|use|do)\b"
)
_MARKER: Final = re.compile(r"[ \t>]*(?:[-*+]|\d{1,9}[.)])?[ \t]*(?:\[[ xX]\][ \t]*)?")


def add_phrase_rungs(
    ladders: Sequence[Ladder], analysis: Analysis, phrases: Mapping[int, Phrases], counter: TokenCounter
) -> tuple[Ladder, ...]:
    """The ladders with one more rung where deleting redundant phrases saves tokens and loses no fact."""
    return tuple(
        _with_rung(ladder, phrases[ladder.block.index], analysis, counter)
        if ladder.block.index in phrases and ladder.block.kind in _PROSE
        else ladder
        for ladder in ladders
    )


def _with_rung(ladder: Ladder, phrases: Phrases, analysis: Analysis, counter: TokenCounter) -> Ladder:
    block = ladder.block
    last = max(i for i, rung in enumerate(ladder.rungs) if rung.text)  # the first rung always has a text
    before = ladder.rungs[last].text.removesuffix(block.gap)
    locked = locked_spans(before, find_facts(before))
    text = delete_phrases(before, phrases.redundant, phrases.essential, locked)
    if text == before:
        return ladder
    facts, verdict = analysis.facts[block.index], analysis.verdicts[block.index]
    if not (fact_keys(facts) <= fact_keys(find_facts(text)) and verdict.protected <= find_patterns(text).protected):
        return replace(ladder, refused=ladder.refused + 1)
    tokens = counter.count(text + block.gap)
    if tokens >= ladder.rungs[last].tokens:
        return ladder
    rung = Rendering(RenderingKind.PRUNED, text + block.gap, tokens, SHARE)
    return replace(ladder, rungs=(*ladder.rungs[: last + 1], rung, *ladder.rungs[last + 1 :]))


def delete_phrases(text: str, redundant: Sequence[str], essential: Sequence[str], locked: Sequence[Span]) -> str:
    """The text without the redundant phrases that may go."""
    held = merge_spans([*locked, *(Span(at, at + len(p)) for p in essential if (at := text.find(p)) >= 0)])
    gone: list[Span] = []
    for phrase in sorted(redundant, key=len, reverse=True):
        span = _span(text, phrase)
        if span and not overlaps(span, held) and not overlaps(span, merge_spans(gone)):
            gone.append(span)
    for span in sorted(gone, reverse=True):
        text = _delete(text, span)
    return text


def _span(text: str, phrase: str) -> Span | None:
    start = text.find(phrase)
    end = start + len(phrase)
    if start < 0 or len(phrase) < _SHORTEST or text.find(phrase, start + 1) >= 0:
        return None
    cuts = (phrase[0].isalnum() and text[:start][-1:].isalnum()) or (phrase[-1].isalnum() and text[end:][:1].isalnum())
    return None if cuts or "\n\n" in phrase else Span(start, end)


def _delete(text: str, span: Span) -> str:
    """The text without a span, with one blank or none where it stood; as it is where a line would be left empty."""
    before, after = text[: span.start], text[span.end :]
    line = before[before.rfind("\n") + 1 :]
    opens = bool(_MARKER.fullmatch(line))
    if opens and not any(c.isalnum() for c in after.partition("\n")[0]):
        return text
    if opens:
        return before + _opened(after.lstrip(" \t,;:"), text[span.start])
    before, after = before.rstrip(" \t"), after.lstrip(" \t")
    if before.endswith((".", "!", "?", ",", ";", ":")) and after.startswith((".", ",", ";", ":")):
        after = after[1:].lstrip(" \t")
    if before.endswith((".", "!", "?")):
        after = _opened(after, text[span.start])
    return before + ("" if not after or after[0] in ".,;:!?)\r\n" else " ") + after


def _opened(after: str, first: str) -> str:
    """With a capital, where a sentence lost its first word and the next one can't be a name like `npm`."""
    return after[:1].upper() + after[1:] if first.isupper() and _PLAIN.match(after) else after
