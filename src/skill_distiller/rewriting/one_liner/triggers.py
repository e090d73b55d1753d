"""When a skill applies: the clauses and quoted phrases of its description and of its TRIGGER blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.reading import Reading
from skill_distiller.rewriting.one_liner.line_text import balanced, split_at, text_sentences, units, without_end
from skill_distiller.rewriting.one_liner.model import Piece, is_negative, negative_blocks
from skill_distiller.skill.links import MARKED
from skill_distiller.skill.model import Block, BlockKind, Section

_MOST_SENTENCES: Final = 200
_MOST_BLOCKS: Final = 60
_USE: Final = r"use[sd]?|invoked?|activate[sd]?|trigger(?:s|ed)?|apply|applies|load(?:ed)?|call"
_SPEAKS_OF_USE: Final = re.compile(
    rf"^(?:and |also |please )*(?:{_USE})\b"
    r"(?: (?:this|the|it|for|when|whenever|if|on|with|to|also|proactively|even|only|after|before|as|in|during)\b"
    r"|\s?[-:—])|\b(?:used?|invoked?|activated?|applie[sd]|triggers?|triggered)"
    r" (?:this skill|it when|when|whenever|if|for|on|to|by)\b"
    r"|\bthis skill\b.{0,40}\b(?:when|whenever|if|for)\b|\bwhen(?:ever)? (?:the |a |an )?users?\b"
    r"|\b(?:perfect|best|ideal|useful) (?:for|when)\b|\btriggers?\s?[-:—]"
    r"|\btrigger(?:s|ing)? (?:phrases?|words?|keywords?|terms?)\b"
    r"|\bwhen (?:you|working|asked|creating|building|writing|implementing)\b"
    r"|当.+时|用于|适用|触发|使用时|时使用|時使用|於.+時|とき|時に使用|時に|際に|場合に|使う|使用する|利用する|トリガー"
    r"|когда|используй|применя|активир|cuando|quando|\buse (?:ao|para|em|esta|este|al|en)\b|úsal|usar|utiliz|wenn"
    r"|ne zaman|gerektiğinde|durumlar|için kullan|때|사용",
    re.IGNORECASE,
)
_EXCLUDES: Final = re.compile(
    r"\b(?:do not|don['’]t|never|not|isn['’]t) (?:be )?(?:use|used|trigger|triggered|invoke|invoked|activate"
    r"|apply|load)\b|^(?:and )?not (?:for|when|to)\b|\b(?:is|are) not for\b|\bskip (?:this|it|when|if|for)\b"
    r"|\broute elsewhere\b|\bwrong skill\b|^for .{3,200}?\buse\b (?!when|if|this)|\bNOT for\b"
    r"|不要用于|不适用|不用于|には使わない|には使用しない|対象外|не используй|не применя|no (?:usar|uses|utiliz)"
    r"|não (?:use|usar|utiliz)|nicht (?:verwend|nutz|für)|kullanma",
    re.IGNORECASE,
)
_TRIGGER_HEADING: Final = re.compile(
    r"\bwhen (?:not )?to (?:use|activate|apply|invoke|run|trigger|load|engage|reach)\b|\buse (?:this|when|for|cases?\b)"
    r"|\A\W*(?:triggers?|triggering|activation|triggering this skill|trigger (?:phrases?|conditions?|words?"
    r"|keywords?))\W*\Z|\A\W*when(?: not)?\W*\Z"
    r"|何时|什么时候|适用|何時|使用时|使用時|触发|いつ使|使用する|使用タイミング"
    r"|使用場面|когда|cuándo (?:usar|activar)|quando (?:usar|ativar)|ne zaman|언제|사용 시|활성화",
    re.IGNORECASE,
)
_WHEN_NOT: Final = re.compile(
    r"\bwhen not to\b|\b(?:do not|don['’]t|not) use\b|不适用|使用しない|когда не\b", re.IGNORECASE
)
_JOINED: Final = re.compile(
    r"\s*(?:[;；.。]\s*|\s[—–-]+\s|,\s+)(?=(?:and |but )?(?:use|invoke|activate|trigger|apply) (?:this|the|it|when"
    r"|whenever|for|if|proactively)\b|(?:do not|don['’]t|never|not) (?:use|for|trigger|invoke|apply)\b)",
    re.IGNORECASE,
)
_SAYS_WHO: Final = (
    r"(?:(?:you|claude|agents?) (?:should|must|can) |(?:this|the) skill (?:should be|is|must be|can be) "
    r"|should be |must be )?"
)
_SAYS_WHEN: Final = r"(?:automatically|whenever|when|for|if|on|with|in cases?(?: where)?)\b\s*(?:when\b|if\b)?[:,]?\s*"
_LEAD: Final = re.compile(
    rf"(?:and |but |also |please )*{_SAYS_WHO}(?:{_USE})\s+(?:(?:this|the) skills?\s*|it\s+|this\s+)?"
    rf"(?:{_SAYS_WHEN}|(?=to\b))"
    r"|trigger(?:s|ing)?(?: (?:on|phrases?|words?|keywords?|terms?))?(?: include| are)?\s*(?:[-—:]+\s*|(?=[\"“]))"
    r"|(?:auto-?)?activates? (?:when|on|for)\s+|(?:whenever|when)\s+(?=(?:the |a |an )?(?:user|you)\b)"
    r"|(?:usar?|úsala|úsalo|utilizar?|use) (?=(?:cuando|quando|para|ao|al|em)\s)",
    re.IGNORECASE,
)
_APPLIES: Final = re.compile(r"(?:also )?appl(?:y|ies) to\s+", re.IGNORECASE)
_SEPARATOR: Final = re.compile(
    r"\s*[,、，/|;；]?\s*(?:\b(?:and/or|or|and|и|или|y|o|e|ou|ve|veya|ya da|oder|und|et)\b|或者?|和|以及"
    r"|または|や|とか?|와|과|나|또는)?\s*",
    re.IGNORECASE,
)
# What may stand between the last quoted phrase and another condition.
_TAIL: Final = re.compile(
    r"\)?[,;.]?\s*(?:(?:and|or|also)\s+)+(?:(?:when|whenever|if|for)\s+)?|[,;]\s*(?:when|whenever|if)\s+", re.I
)
_GENERIC: Final = re.compile(
    rf"(?:also )?(?:{_USE})(?: (?:this|the|it))?(?: skill)?(?: also)?(?: when| for)?", re.IGNORECASE
)
_HANGING: Final = re.compile(
    r"[\s(,:：—–-]*(?:\b(?:such as|including|includes?|e\.g\.?|i\.e\.?|for example|for instance|phrases?|like|with"
    r"|on|as|or|and)[\s,:]*)*[\s(,:：—–-]*\Z",
    re.IGNORECASE,
)
_EXCEPT: Final = re.compile(
    r"(?:do not|don['’]t|never|not) (?:(?:use|trigger|invoke|activate|apply) )?(?:(?:this skill|the skill|this|it"
    r"|skill) )?(?:for|when|if|on)\b:?\s*",
    re.IGNORECASE,
)
_ITEM_END: Final = re.compile(r",\s+(?:(?:or|and)\s+)?|\s+or\s+")
_GERUND: Final = re.compile(r"[A-Za-z-]{2,}ing\b")
_ALSO: Final = re.compile(r"also\b|even\b|也|还|此外|また", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Triggers:
    """The material of the trigger line, each part in order of weight.

    `clauses` say when in words (quoted phrases joined by ∨), `phrases` are the quoted ones alone,
    `listed` the clauses of TRIGGER blocks, `heads` the sentences of the description that say something
    else, `excluded` when not.
    """

    clauses: list[Piece] = field(default_factory=list)
    phrases: list[Piece] = field(default_factory=list)
    listed: list[Piece] = field(default_factory=list)
    heads: list[Piece] = field(default_factory=list)
    excluded: list[Piece] = field(default_factory=list)


def find_triggers(reading: Reading) -> Triggers:
    """What the description and the TRIGGER blocks say."""
    found = Triggers()
    told = (part for whole in text_sentences(reading.skill.description) for part in split_at(whole, _JOINED))
    for sentence in islice(told, _MOST_SENTENCES):
        if _EXCLUDES.search(sentence) or "→" in sentence:  # "for b → the skill c"
            found.excluded.append(Piece(without_end(sentence)))
        elif _SPEAKS_OF_USE.search(sentence):
            _add_condition(found, found.clauses, sentence, None)
        else:
            found.heads.append(Piece(sentence))
    found.clauses.sort(key=lambda piece: bool(_ALSO.match(piece.text)))
    _add_listed(reading, found)
    return found


def _add_listed(reading: Reading, found: Triggers) -> None:
    """What the TRIGGER blocks say besides; those under no heading that says when only for want of a description."""
    negatives = negative_blocks(reading)
    for named, section, block in _trigger_blocks(reading)[:_MOST_BLOCKS]:
        negative = block.index in negatives or is_negative(section.heading)
        never = bool(_WHEN_NOT.search(section.heading))
        for unit in units(block):
            own = _SPEAKS_OF_USE.search(unit) and (not found.heads or "skill" in unit.lower())
            if unit.endswith((":", "：")) or not (own or named):
                continue
            if _EXCLUDES.search(unit):
                found.excluded.append(Piece(without_end(unit), block.index))
            elif negative:  # "do not skip it when" is negative too, and means the opposite
                if never:
                    found.excluded.append(Piece(f"¬({without_end(unit)})", block.index))
            else:
                _add_condition(found, found.listed, unit, block.index)


def _trigger_blocks(reading: Reading) -> list[tuple[bool, Section, Block]]:
    """The blocks of the type TRIGGER, and first those below a heading that says so, which is told of each."""
    rows = []
    for section in reading.skill.sections:
        named = bool(_TRIGGER_HEADING.search(section.heading))
        for block in section.blocks:
            is_trigger = named or reading.verdicts[block.index].type is SectionType.TRIGGER
            if is_trigger and block.kind is not BlockKind.TABLE:
                rows.append((named, section, block))
    return sorted(rows, key=lambda row: not row[0])


def _add_condition(found: Triggers, clauses: list[Piece], sentence: str, block: int | None) -> None:
    clauses.append(Piece(condition(sentence), block))
    known = {piece.text.casefold() for piece in found.phrases}
    for start, end in quotes(sentence):
        phrase = as_phrase(sentence[start:end])
        if phrase.casefold() not in known:
            known.add(phrase.casefold())
            found.phrases.append(Piece(phrase, block))


def condition(sentence: str) -> str:
    """A sentence that says when, without "Use when" and with its quoted phrases joined by ∨."""
    lead = _APPLIES.match(sentence) or _LEAD.match(sentence)
    text = without_end(sentence[lead.end() :] if lead else sentence)
    return _joined_gerunds(join_quotes(text))


def join_quotes(text: str) -> str:
    """The text with ∨ between quoted phrases that only a comma or a word such as "or" parts."""
    pieces, at = [], 0
    for start, end in quotes(text):
        between = text[at:start]
        pieces += [" ∨ " if at and _SEPARATOR.fullmatch(between) else between, as_phrase(text[start:end])]
        at = end
    return "".join((*pieces, text[at:]))


def _joined_gerunds(text: str) -> str:
    """With ∨ between the items of a list where each begins as in "reading a, writing b, or checking c"."""
    parts = split_at(text, _ITEM_END, balanced)
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
    head = _HANGING.sub("", clause[: spans[0][0]])
    tail = _TAIL.match(clause, spans[-1][1])
    return ("" if _GENERIC.fullmatch(head) else head), clause[tail.end() :] if tail else ""


def except_for(sentence: str) -> str:
    """A sentence that says when not: `¬(…)` where it is of the form "Do not use for …", else as it stands."""
    match = _EXCEPT.match(sentence)
    return f"¬({sentence[match.end() :]})" if match and sentence[match.end() :] else sentence
