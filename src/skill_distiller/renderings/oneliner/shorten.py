"""Shorter ways to say a sentence by leaving whole parts of it out, never a condition or a negation.

>>> list(shorter("Reads logs (any size) and sums them up — by day; in UTC."))[1:]
['Reads logs and sums them up', 'Reads logs (any size) and sums them up']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from skill_distiller.analysis import FactKind
from skill_distiller.analysis.facts import find_facts
from skill_distiller.renderings.oneliner.sentences import balanced, clauses, inside, marked_spans, without_end

_PARENTHESIS: Final = re.compile(r"\s*(?:\([^()]*\)|（[^（）]*）)")
_COLON: Final = re.compile(r"[:：](?=\s)|：")
_COMMA: Final = re.compile(r",(?=\s)|，")
_CONCESSION: Final = re.compile(r"\s*[—–,-]+\s*even (?:if|when|though)\b[^—]*\Z|(?:——|，)即使[^，]*\Z", re.IGNORECASE)
_VERB_LAST: Final = re.compile(r"[\u3040-\u30ff\uac00-\ud7a3ığş]")  # Japanese, Korean, Turkish: a head says nothing
_FEWEST_WORDS: Final = 3  # before a comma that a text may end at: "find, look up, or resolve a user" is one whole
_FEWEST_CHARACTERS: Final = 6  # the same where words are not set apart
_DANGLING: Final = re.compile(
    r"(?:\b(?:and|or|with|for|to|of|in|on|by|from|the|a|an|e\.g|i\.e|such as|including|like|as|that|which|y|o|e"
    r"|ou|и|или|und|oder|ve|veya)|[,、，:：(\-–—/&])\s*\Z",
    re.IGNORECASE,
)


def shorter(sentence: str) -> Iterator[str]:
    """The sentence without its full stop, then shorter ones; each reads as a whole."""
    whole = without_end(sentence)
    seen = {""}
    for text in _candidates(whole):
        if text not in seen and balanced(text) and not _DANGLING.search(text):
            seen.add(text)
            yield text


def _candidates(whole: str) -> Iterator[str]:
    yield whole
    whole = _CONCESSION.sub("", whole)  # "even if …" takes nothing away from what it follows
    yield whole
    bare = _without_parentheses(whole)
    yield bare
    for text in (bare, whole):
        head = _head(text, clauses(text)[:1])
        if head:
            yield without_end(head)
    if _VERB_LAST.search(whole):
        return
    for text in (bare, _head(bare, clauses(bare)[:1]) or bare):
        for expression in (_COLON, _COMMA):
            yield from _up_to(text, expression)


def _without_parentheses(text: str) -> str:
    marked = marked_spans(text)
    pieces, at = [], 0
    for match in _PARENTHESIS.finditer(text):
        if not is_modal(match.group()) and not inside(match.start(), marked) and not inside(match.end(), marked):
            pieces.append(text[at : match.start()])
            at = match.end()
    return "".join((*pieces, text[at:])).strip()


def _head(text: str, first: list[str]) -> str:
    """The first clause, where those after it set no condition."""
    return first[0] if first and not is_modal(text[len(first[0]) :]) else ""


def _up_to(text: str, expression: re.Pattern[str]) -> Iterator[str]:
    """The text up to a mark between its parts, the longest first."""
    marked = marked_spans(text)
    cuts = [m.start() for m in expression.finditer(text) if not inside(m.start(), marked)]
    for before, cut in list(pairwise([0, *cuts]))[::-1]:
        part = text[before:cut].strip(" ,，:：")
        long_enough = len(part.split()) >= _FEWEST_WORDS or (not part.isascii() and len(part) >= _FEWEST_CHARACTERS)
        if long_enough and not is_modal(text[cut:]):
            yield without_end(text[:cut])


def is_modal(text: str) -> bool:
    """Whether a text holds a negation, an obligation, a limit or a condition."""
    return any(fact.kind is FactKind.MODAL for fact in find_facts(text))
