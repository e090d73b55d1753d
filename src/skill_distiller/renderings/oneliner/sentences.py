"""Sentences of a text on one line, in any script; nothing is cut inside of quotes and code spans."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from skill_distiller.analysis.words import ABBREVIATIONS
from skill_distiller.document.links import MARKED

_END: Final = re.compile(r"[.!?]+[\"”’)\]*_]*(?=\s)|[。！？]+[」』”’）]*|[.!?]+[\"”’)\]*_]*\Z")
_ABBREVIATION: Final = re.compile(
    rf"(?:\b(?:{ABBREVIATIONS}|incl|resp|no|fig|Dr|Mr|Ms|z\.B|u\.a|p\. ?ej|\w)\.)\Z", re.I
)
_GOES_ON: Final = re.compile(r"\s+(?=[a-zà-ÿа-я(])")
_CLAUSE: Final = re.compile(r"\s*[;；]\s*|\s+[—–]\s+|\s*——\s*|\s+--?\s+")


def sentences(text: str) -> Iterator[str]:
    """The sentences in order, with their ends."""
    marked = marked_spans(text)
    start = 0
    for match in _END.finditer(text):
        if inside(match.end(), marked) or _goes_on(text, match):
            continue
        sentence = text[start : match.end()].strip()
        if sentence:
            yield sentence
        start = match.end()
    if text[start:].strip():
        yield text[start:].strip()


def _goes_on(text: str, match: re.Match[str]) -> bool:
    if match.end() == len(text) or not match.group().isascii():
        return False
    dotted = text[max(0, match.start() - 10) : match.start() + 1]
    single = bool(_ABBREVIATION.search(dotted)) and not dotted[-2:-1].isdigit()
    return single or bool(_GOES_ON.match(text, match.end()))


def marked_spans(text: str) -> list[tuple[int, int]]:
    """Where quotes, code spans, links and URLs stand."""
    return [match.span() for match in MARKED.finditer(text)]


def inside(position: int, marked: list[tuple[int, int]]) -> bool:
    """Whether a position is within one of some sorted spans, not at its edge."""
    above = bisect_left(marked, (position, 0)) - 1
    return above >= 0 and position < marked[above][1]


def clauses(sentence: str) -> list[str]:
    """The sentence cut at semicolons and dashes."""
    marked, parts, start = marked_spans(sentence), [], 0
    for match in _CLAUSE.finditer(sentence):
        if not inside(match.start(), marked) and _balanced(sentence[start : match.start()]):
            parts.append(sentence[start : match.start()])
            start = match.end()
    return [part for part in (*parts, sentence[start:]) if part.strip()]


def _balanced(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "[]", "（）", "{}"))


def balanced(text: str) -> bool:
    """Whether every bracket and quote that opens in a text closes in it."""
    quotes = text.count('"') % 2 == 0 and text.count("`") % 2 == 0
    return quotes and _balanced(text) and all(text.count(a) == text.count(b) for a, b in ("“”", "「」", "『』", "«»"))


def without_end(sentence: str) -> str:
    """The sentence without its full stop or trailing colon."""
    return sentence if sentence.endswith(("...", "…")) else sentence.rstrip().rstrip(".。;；,，:：").rstrip()
