"""Phrases that carry nothing, and phrases for which a symbol costs fewer tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.language.spans import Span, overlaps
from skill_distiller.language.words import content_words
from skill_distiller.rewriting.edits import FILLERS, Edit
from skill_distiller.tokens import TokenCounter

# Openings of a sentence; what follows them can stand alone.
_OPENINGS: Final = (
    r"please note that", r"(?:please )?note that",
    r"it(?:'s| is) (?:also )?(?:important|worth|useful|helpful|good) to (?:note|remember|mention|know) that",
    r"it (?:should|must) be noted that", r"keep in mind that", r"bear in mind that", r"remember that", r"be aware that",
    r"as (?:mentioned|noted|described|stated|explained|discussed)(?: (?:above|earlier|previously|before))?,",
    r"in other words,", r"in general,", r"generally,", r"generally speaking,", r"basically,", r"essentially,",
    r"obviously,",
    r"of course,", r"needless to say,", r"in this section,", r"at a high level,", r"additionally,", r"furthermore,",
    r"moreover,", r"in addition,", r"please",
)  # fmt: skip
# Words inside a sentence that change nothing; the second value is what stays of them.
_FILLERS: Final = (
    (r"in order to", "to"), (r"for the purposes? of", "for"), (r"due to the fact that", "because"),
    (r"in the event that", "if"), (r"at this point in time", "now"),
    (r"a (?:wide|broad|large) (?:variety|range|number) of", "many"),
    (r"(?:a )?(?:wide|broad) (?:variety|range) of", "many"),
    (r"(?:basically|essentially|simply|actually|really|obviously|truly|incredibly|seamlessly)", ""),
)  # fmt: skip
_START: Final = r"(?:(?:\A|(?<=\n))[ \t]{0,40}(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)|\A[ \t]{0,40}|(?<=[.!?]\s))"
_PHRASES: Final = "|".join(f"(?P<f{i}>{phrase})" for i, (phrase, _) in enumerate(_FILLERS))
_DELETABLE: Final = re.compile(
    rf"(?P<before>{_START})(?:{'|'.join(_OPENINGS)})[ \t]+(?P<next>\w)|(?<=[\w,;)`*][ \t])(?:{_PHRASES})[ \t]+(?=\w)",
    re.IGNORECASE,
)
# One word of each phrase, for a quick look before the expression is tried.
_FILLER_HINTS: Final = frozenset(
    "note noted remember mention words mind point aware know mentioned described stated explained discussed"
    " general generally basically essentially obviously course needless section level additionally furthermore"
    " moreover addition please order purpose purposes due event variety range number simply actually really truly"
    " incredibly seamlessly".split()
)
# A sentence that lost its opening starts with a capital, where its first word can't be a name like `npm`.
_FIRST_WORD: Final = re.compile(
    r"(?:you|your|the|this|that|these|those|it|its|a|an|all|each|any|some|there|we|they|when|if)\b"
)
_WORD: Final = re.compile(r"\w+")
_EMPTY_LEAD_IN: Final = re.compile(
    r"(?:\*\*|__)?(?:(?:here(?:'s| is| are)|see|below (?:is|are)|consider|use|follow|the following|these|this)\b"
    r"[\w ]{0,30}"
    r"(?:examples?|steps?|code|commands?|structure|list|table|following|format|template|this)"
    r"|(?:for )?examples?(?: \w+){0,2}"
    r"|usage|output|steps?|code|commands?|run|then|like (?:this|so)|for instance|e\.g\.)(?:\s+below)?"
    r"\s*[:：]\s*(?:\*\*|__)?\s*",
    re.IGNORECASE,
)


def may_have_fillers(text: str) -> bool:
    """A quick look: False means that there is nothing to prune."""
    return not _FILLER_HINTS.isdisjoint(content_words(text))


def filler_edits(text: str, locked: Sequence[Span]) -> Iterator[Edit]:
    """Filler phrases outside the locked spans, deleted."""
    for match in _DELETABLE.finditer(text):
        opening = match.group("next")
        start = match.end("before") if opening else match.start()
        if overlaps((start, match.end()), locked):
            continue
        if opening:
            word = _WORD.match(text, match.start("next"))
            asked = bool(word and word.group().lower() in IMPERATIVES)  # "please run", but not "please npm"
            # Else the first word may be a name: `npm`.
            if asked or _FIRST_WORD.match(text, match.start("next")):
                yield Edit(start, match.end(), opening.upper(), FILLERS)
        elif not match.group()[0].isupper() and text[max(0, start - 3) : start].lower() not in (" a ", "an "):
            # Neither a name ("Really Simple Syndication") nor after an article that would be wrong.
            stays = _FILLERS[int((match.lastgroup or "f0")[1:])][1]
            yield Edit(start, match.end(), f"{stays} " if stays else "", FILLERS)


def is_empty_lead_in(text: str) -> bool:
    """Whether a lead-in says nothing but that something follows: `Here is an example:`, `Run:`."""
    return bool(_EMPTY_LEAD_IN.fullmatch(text.strip()))


_NUMBER: Final = r"(?=\s[$€£¥~]?\d[\d,.]*(?![\d–-]))"
# (phrase, what must follow, symbol); longer phrases first, so that the longest wins.
_SYMBOL_PHRASES: Final = (
    ("greater than or equal to", "", "≥"),
    ("more than or equal to", "", "≥"),
    ("less than or equal to", "", "≤"),
    ("fewer than or equal to", "", "≤"),
    ("there exists", "", "∃"),
    ("is equal to", "", "="),
    ("a minimum of", _NUMBER, "≥"),
    ("a maximum of", _NUMBER, "≤"),
    ("no fewer than", _NUMBER, "≥"),
    ("no less than", _NUMBER, "≥"),
    ("no more than", _NUMBER, "≤"),
    ("at least", _NUMBER, "≥"),
    ("at most", _NUMBER, "≤"),
    ("more than", _NUMBER, ">"),
    ("greater than", _NUMBER, ">"),
    ("less than", _NUMBER, "<"),
    ("fewer than", _NUMBER, "<"),
    ("therefore", "", "⇒"),
    ("implies", "", "⇒"),
)
_SYMBOL_OF: Final = {phrase: symbol for phrase, _, symbol in _SYMBOL_PHRASES}
_MARKER: Final = 80  # characters before a phrase that may be a list marker
# One word of each phrase, for a quick look before the expression is tried.
_SYMBOL_HINTS: Final = frozenset("than exists equal minimum maximum least most therefore implies".split())


def may_have_phrases(text: str) -> bool:
    """A quick look: False means that there is nothing to substitute."""
    return not _SYMBOL_HINTS.isdisjoint(content_words(text))


@lru_cache(maxsize=4)
def _pattern(counter: TokenCounter) -> re.Pattern[str] | None:
    """The phrases whose symbol measures smaller in mid-sentence."""
    worth = [
        rf"{phrase.replace(' ', chr(92) + 's')}\b{following}"
        for phrase, following, symbol in _SYMBOL_PHRASES
        if counter.count(f"a {symbol} 3") < counter.count(f"a {phrase} 3")
    ]
    return re.compile(rf"(?<=[\s(])(?:{'|'.join(worth)})", re.IGNORECASE) if worth else None


def symbol_edits(text: str, locked: Sequence[Span], counter: TokenCounter) -> Iterator[Edit]:
    """Phrases outside the locked spans, each replaced by its cheaper symbol."""
    pattern = _pattern(counter)
    for match in pattern.finditer(text) if pattern else ():
        line = text[max(0, match.start() - _MARKER) : match.start()].rpartition("\n")[2]
        if overlaps(match.span(), locked) or not line.strip(" \t>*+-0123456789.)"):
            continue  # at the start of a line `>` would be a quote, `=` an underline
        yield Edit(*match.span(), _SYMBOL_OF[" ".join(match.group().lower().split())])
