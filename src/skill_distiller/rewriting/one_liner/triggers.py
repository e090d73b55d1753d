"""When a skill applies: the clauses and quoted phrases of its description and of its TRIGGER blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.analysis.safeguards import places
from skill_distiller.rewriting.one_liner.line_text import (
    balanced,
    has,
    plain,
    shorter,
    split_at,
    text_sentences,
    units,
    without_end,
    words,
)
from skill_distiller.rewriting.one_liner.model import Piece, negative_blocks
from skill_distiller.skill.links import MARKED
from skill_distiller.skill.model import BlockKind

_MOST_SENTENCES: Final = 200
_MOST_BLOCKS: Final = 60
_AROUND: Final = re.compile(r"\A\W+|\W+\Z")
_MARKS: Final = re.compile(r"\s*(?:[;；.。]\s*|\s[—–-]+\s|,\s+)")
# What may stand between the last quoted phrase and another condition.
_TAIL: Final = re.compile(
    r"\)?[,;.]?\s*(?:(?:and|or|also)\s+)+(?:(?:when|whenever|if|for)\s+)?|[,;]\s*(?:when|whenever|if)\s+", re.I
)
_OPEN_END: Final = re.compile(r"[\s(,:：—–-]*\Z")
_ITEM_END: Final = re.compile(r",\s+(?:(?:or|and)\s+)?|\s+or\s+")
_GERUND: Final = re.compile(r"[A-Za-z-]{2,}ing\b")
_PARTS: Final = re.compile(r"[;,]\s+|\s[—–-]+\s")
_ELSEWHERE: Final = re.compile(
    r"\s*\((?:use|see|try|that['’]s|→)[^()]*\)|(?:\s+-+\s+|\s*[—–]+\s*)(?:use|see|try)\s.*\Z|\s+→.*\Z", re.IGNORECASE
)
_MOST_WORDS: Final = 25  # of what it is not for
_BEFORE_REDIRECT: Final = re.compile(r"(?:[\s,;:(—–-]|\b(?:and|but|then|please|instead))+\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Triggers:
    """The material of the trigger line, each part in order of weight.

    `clauses` say when in words (quoted phrases joined by ∨), `phrases` are the quoted ones alone,
    `listed` the clauses of TRIGGER blocks, `heads` the sentences of the description that say something
    else, `excluded` when not: `¬(…)`. What sends the reader elsewhere is in none of them.
    """

    clauses: list[Piece] = field(default_factory=list)
    phrases: list[Piece] = field(default_factory=list)
    listed: list[Piece] = field(default_factory=list)
    heads: list[Piece] = field(default_factory=list)
    excluded: list[Piece] = field(default_factory=list)


def find_triggers(reading: Reading) -> Triggers:
    """What the description and the TRIGGER blocks say."""
    found = Triggers()
    told = (part for whole in text_sentences(reading.skill.description) for part in split_at(whole, _joins_use()))
    for whole in islice(told, _MOST_SENTENCES):
        sentence = _before_redirect(whole)
        if has("excludes", sentence):
            found.excluded.append(Piece(_except_for(sentence)))
        elif has("speaks_of_use", sentence):
            _add_condition(found, found.clauses, sentence, None)
        elif sentence:
            found.heads.append(Piece(sentence))
    found.clauses.sort(key=lambda piece: bool(words("also").match(piece.text)))
    _add_listed(reading, found)
    return found


@lru_cache(maxsize=1)
def _joins_use() -> re.Pattern[str]:
    return re.compile(rf"{_MARKS.pattern}(?={words('joins_use').pattern})", re.IGNORECASE)


def _before_redirect(sentence: str) -> str:
    """What stands before the clause that names another skill or way; the whole where there is none, or in brackets."""
    match = words("redirects").search(sentence)
    head = _BEFORE_REDIRECT.sub("", sentence[: match.start()]) if match else sentence
    *before, last = _PARTS.split(head)
    if match and before and words("opens_clause").match(last):  # "…; for those, use"
        head = head[: -len(last)].rstrip(" ,;—–-")
    if words("redirects_whole").match(sentence) or (match and words("opens_clause").match(head)):
        return ""
    return head if balanced(head) else sentence


def _add_listed(reading: Reading, found: Triggers) -> None:
    """What the TRIGGER blocks say besides; those under no heading that says when only for want of a description."""
    negatives = negative_blocks(reading)
    for named, never, index in _trigger_blocks(reading)[:_MOST_BLOCKS]:
        for unit in units(reading.skill.blocks[index]):
            own = has("speaks_of_use", unit) and (not found.heads or "skill" in unit.lower())
            if unit.endswith((":", "：")) or not (own or named or never):
                continue
            sentence = _before_redirect(unit)
            if never or has("excludes", unit):
                found.excluded.append(Piece(_except_for(sentence or unit, named=never), index))
            # "Do not skip it when" is negative too, and means the opposite.
            elif index not in negatives and sentence:
                _add_condition(found, found.listed, sentence, index)


def _trigger_blocks(reading: Reading) -> list[tuple[bool, bool, int]]:
    """The blocks of the type TRIGGER by index: whether what is above them says when, or when not; those first."""
    rows = []
    for place, verdict in zip(places(reading.skill), reading.verdicts, strict=True):
        heading, lead = place.path[-1] if place.path else "", plain(place.led_in_by)
        listed = place.block.kind is not BlockKind.PARAGRAPH and len(place.path) <= 1
        never = (has("when_not", heading) and len(place.path) <= 2) or (listed and has("when_not", lead))
        whole = words("trigger_heading_whole").fullmatch(_AROUND.sub("", heading))
        named = not has("negative", heading) and (bool(whole) or has("trigger_heading", heading))
        if (named or never or verdict.type is SectionType.TRIGGER) and place.block.kind is not BlockKind.TABLE:
            rows.append((named, never, place.block.index))
    return sorted(rows, key=lambda row: not (row[0] or row[1]))


def _add_condition(found: Triggers, told: list[Piece], sentence: str, block: int | None) -> None:
    clause = condition(sentence)
    told += [] if words("generic").fullmatch(clause) else [Piece(clause, block)]
    known = {piece.text.casefold() for piece in found.phrases}
    for start, end in quotes(sentence):
        phrase = as_phrase(sentence[start:end])
        if phrase.casefold() not in known:
            known.add(phrase.casefold())
            found.phrases.append(Piece(phrase, block))


def condition(sentence: str) -> str:
    """A sentence that says when, without "Use when" and with its quoted phrases joined by ∨."""
    lead = words("lead").match(sentence)
    text = without_end(sentence[lead.end() :].lstrip() if lead else sentence)
    return _joined_gerunds(join_quotes(text))


def join_quotes(text: str) -> str:
    """The text with ∨ between quoted phrases that only a comma or a word such as "or" parts."""
    pieces, at = [], 0
    for start, end in quotes(text):
        between = text[at:start]
        only_parts = at and not words("separates").sub("", between, count=1).strip(" ,、，/|;；")
        pieces += [" ∨ " if only_parts else between, as_phrase(text[start:end])]
        at = end
    return "".join((*pieces, text[at:]))


def _joined_gerunds(text: str) -> str:
    """With ∨ between the items of a list where each begins as in "reading a, writing b, or checking c"."""
    parts = split_at(text, _ITEM_END)
    # "audit trails or logging": a single word at the end is a thing rather than what is done.
    return " ∨ ".join(parts) if all(map(_GERUND.match, parts)) and " " in parts[-1] else text


def quotes(text: str) -> list[tuple[int, int]]:
    """Where the quoted phrases of a text stand, their marks included."""
    return [match.span() for match in MARKED.finditer(text) if match.lastgroup == "quoted"]


def as_phrase(text: str) -> str:
    """A quoted phrase without the comma that some write inside of the quotes."""
    return f"{text[:-2]}{text[-1]}" if text[-2] in ",.;" else text


def parted(clause: str) -> tuple[str, str]:
    """What a clause with quoted phrases says before the first of them, and after the last one."""
    spans = quotes(clause)
    head = _OPEN_END.sub("", clause[: spans[0][0]])
    while (last := head.rsplit(maxsplit=1)[-1:]) and words("hanging").fullmatch(last[0]):
        head = _OPEN_END.sub("", head[: -len(last[0])])
    tail = _TAIL.match(clause, spans[-1][1])
    return ("" if words("generic").fullmatch(head) else head), clause[tail.end() :] if tail else ""


def _except_for(sentence: str, *, named: bool = False) -> str:
    """`¬(…)` of what a sentence excludes, "" where it is long; as it stands where it is no "Do not use for …".

    `named`: what is above it says "not".
    """
    short = (text for text in shorter(_ELSEWHERE.sub("", sentence)) if len(text.split()) <= _MOST_WORDS)
    text = next(short, "")
    match = words("except_lead").match(text)
    rest = text[match.end() :].strip() if match else text if named else ""
    return f"¬({rest})" if rest else text
