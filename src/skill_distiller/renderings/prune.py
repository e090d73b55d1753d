"""Delete words that carry nothing: filler phrases, polite openings, announcements of what follows.

    >>> from skill_distiller.renderings.edits import apply_edits
    >>> text = "Please note that you simply run it in order to see the log."
    >>> apply_edits(text, filler_edits(text, ()))
    'You run it to see the log.'

Only deletion (and the capital letter of a sentence that lost its opening); nothing inside a
locked span, so no fact, negation, condition or modal word can go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.analysis.cues import IMPERATIVES
from skill_distiller.analysis.words import content_words
from skill_distiller.renderings.edits import Edit
from skill_distiller.renderings.locks import Span, overlaps

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
_HINTS: Final = frozenset(
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
    return not _HINTS.isdisjoint(content_words(text))


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
                yield Edit(start, match.end(), opening.upper())
        elif not match.group()[0].isupper() and text[max(0, start - 3) : start].lower() not in (" a ", "an "):
            # Neither a name ("Really Simple Syndication") nor after an article that would be wrong.
            stays = _FILLERS[int((match.lastgroup or "f0")[1:])][1]
            yield Edit(start, match.end(), f"{stays} " if stays else "")


def is_empty_lead_in(text: str) -> bool:
    """Whether a lead-in says nothing but that something follows: `Here is an example:`, `Run:`."""
    return bool(_EMPTY_LEAD_IN.fullmatch(text.strip()))
