"""Prohibitions with a sign for the words: what must never be done stays forbidden.

>>> forbid("Never commit secrets.")
'¬commit secrets'
>>> forbid("Do not push or merge without a review.")
'¬(push or merge without a review)'
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.analysis.cues import Place, places
from skill_distiller.document import PROSE, BlockKind
from skill_distiller.renderings.oneliner.line import Piece
from skill_distiller.renderings.oneliner.sentences import clauses, sentences, without_end
from skill_distiller.renderings.oneliner.units import units

_FORBIDS: Final = re.compile(
    r"(?:(?:you |agents? )?(?:never|do not|don['’]t|must not|must never|should never)\s+(?!ever\b)"
    r"|(?:绝不|绝对不要|切勿|不要|禁止|不得|严禁|請勿|请勿)|(?:никогда )?не\s+|nunca\s+|niemals\s+)",
    re.IGNORECASE,
)
# What follows makes it no plain prohibition: "do not only …", "don't forget to …".
_NO_PROHIBITION: Final = re.compile(
    r"(?:only|just|merely|simply|always|necessarily|forget|hesitate|worry|need|have to|be afraid|stop|assume that"
    r"|только|solo|só|sólo|nur|仅|只|忘)",
    re.IGNORECASE,
)
_CONDITION: Final = re.compile(
    r"\b(?:unless|except|only|if|when|whenever|until|without|before|after|while|but|sauf|excepto|salvo|si|se"
    r"|cuando|quando|sin|sem|wenn|außer|если|кроме|без|пока)\b|除非|如果|若|只|之前|之后|前|后|时",
    re.IGNORECASE,
)
_COMPOUND: Final = re.compile(r",|，|、|\b(?:and|or|nor|y|o|e|ou|и|или|und|oder)\b|或|和", re.IGNORECASE)
# Words of stress before a rule. Any other label may be its condition: "In dry runs: do not …".
_STRESS: Final = re.compile(
    r"(?:important|critical|warning|caution|note|rule|hard rule|security|attention|重要|注意|警告|важно"
    r"|importante)\s*[:：]\s*",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"\b(?:otherwise|above|below|these|those|here|following|either)\b", re.IGNORECASE
)  # elsewhere
_MOST_PROHIBITIONS: Final = 200
_FEWEST: Final = 6  # characters of a rule that says something


def forbid(sentence: str) -> str:
    """The prohibition with ¬ before what it forbids, its conditions kept; "" for a sentence that is none."""
    match = _FORBIDS.match(sentence)
    if not match or _NO_PROHIBITION.match(sentence, match.end()):
        return ""
    rest = without_end(sentence[match.end() :])
    parts = clauses(rest)
    if len(parts) > 1 and not _CONDITION.search(rest, len(parts[0])):
        rest = without_end(parts[0])
    if len(rest) < (_FEWEST if rest.isascii() else 2) or is_modal_start(rest) or _POINTS.search(rest):
        return ""
    return f"¬({rest})" if _COMPOUND.search(rest) else f"¬{rest}"


def is_modal_start(rest: str) -> bool:
    """Whether what is forbidden begins with another negation: two of them are left as they stand."""
    return bool(re.match(r"(?:not|never|no)\b", rest, re.IGNORECASE))


def find_prohibitions(analysis: Analysis) -> list[Piece]:
    """The prohibitions of a skill: hard rules first, then constraints, then those of other instructions."""
    ranked = []
    for place, verdict in zip(places(analysis.skill), analysis.verdicts, strict=True):
        aside = verdict.type in (SectionType.TRIGGER, SectionType.EXAMPLE)
        if place.block.kind in PROSE and not aside and not _sets_condition(place):
            rule = not verdict.hard_rule, verdict.type is not SectionType.CONSTRAINT
            ranked.append((rule, -verdict.importance, place.block.index))
    blocks = (analysis.skill.blocks[index] for _, _, index in sorted(ranked))
    found = (Piece(text, block.index) for block in blocks for text in _prohibitions(units(block), block.kind))
    return list(islice(found, _MOST_PROHIBITIONS))


def _sets_condition(place: Place) -> bool:
    """Whether a heading or a lead-in says when the rules below it hold: they are left out, as it would be."""
    return any(_CONDITION.search(text) for text in (place.led_in_by, *place.path[1:]))


def _prohibitions(texts: list[str], kind: BlockKind) -> Iterator[str]:
    """Those that hold by themselves: at the start of an item, or with nothing conditional above in the paragraph."""
    for text in texts:
        sentence = next(sentences(text), "")
        stress = _STRESS.match(sentence)
        own = "" if text.endswith((":", "：")) else forbid(sentence[stress.end() :] if stress else sentence)
        if own:
            yield own
        elif kind is BlockKind.PARAGRAPH and (_CONDITION.search(text) or ": " in text):
            return
