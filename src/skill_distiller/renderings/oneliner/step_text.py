"""A heading, a list item or a sentence as a step: short, without its number."""

from __future__ import annotations

import re
from typing import Final

from skill_distiller.renderings.oneliner.plain import plain
from skill_distiller.renderings.oneliner.sentences import balanced
from skill_distiller.renderings.oneliner.shorten import is_modal, shorter

_STEP_WORD: Final = (
    r"steps?|phases?|stages?|part|étape|paso|passo|schritt|adım|faz|aşama|шаг|этап|fase"
    r"|ステップ|フェーズ|阶段|步骤|階段|단계"
)
STEP: Final = re.compile(
    rf"\W*(?:(?:{_STEP_WORD})\s*[\dA-Z一二三四五六七八九十]{{1,3}}(?:\.\d+)?\b|第[\d一二三四五六七八九十]+[步阶段章]+|\d{{1,2}}\s?단계)\W*\s*",
    re.IGNORECASE,
)
NUMBER: Final = re.compile(r"\(?\d{1,2}(?:\.\d{1,2})*[.):、]?\s+|\(?\d{1,2}[.):、]\s*")
_LABELED: Final = re.compile(r"(.{2,60}?)(?:\s*[:：]\s+|\s+[—–-]\s+|：)(?=\S)")
_MOST_WORDS: Final = 14  # of a step
_BLANK: Final = re.compile(r"[\[<{(][^\[\]<>{}()]*[\]>})]")  # left for the author to fill in


def heading_text(heading: str) -> str:
    """A heading without its number and emoji; "" where nothing else is in it, or it is too long for a step."""
    text = plain(heading).strip("#").strip()
    for expression in (STEP, NUMBER):
        match = expression.match(text)
        text = text[match.end() :] if match else text
    text = re.sub(r"\A[^\w`(“「\"'/@.$¬<&]+|[\s:：.—–-]+\Z", "", text)
    return _first_short(text)


def step_text(unit: str) -> str:
    """A list item or sentence as a step: its label or its first part, "" where it can't be said shortly."""
    for expression in (STEP, NUMBER):
        match = expression.match(unit)
        unit = unit[match.end() :] if match else unit
    if unit.endswith((":", "：", "?", "？")) or _BLANK.fullmatch(unit):
        return ""
    label = _LABELED.match(unit)
    if label and len(label[1].split()) <= 6 and balanced(label[1]) and not is_modal(unit[label.end() :]):
        return label[1].strip()
    return _first_short(unit)


def _first_short(text: str) -> str:
    for candidate in shorter(text):
        if len(candidate.split()) <= _MOST_WORDS and (candidate.isascii() or len(candidate) <= 6 * _MOST_WORDS):
            return candidate
    return ""


def is_numbered(heading: str) -> bool:
    """Whether a heading begins as a step does: `Step 2: Build`, `2. Build`."""
    return bool(STEP.match(heading) or NUMBER.match(heading))
