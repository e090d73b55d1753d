"""When a skill applies: the clauses and quoted phrases of its description and of its TRIGGER blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from skill_distiller.analysis import Analysis, SectionType
from skill_distiller.analysis.fact_expressions import MARKED
from skill_distiller.document import Block, BlockKind, Section
from skill_distiller.renderings.oneliner.line import Piece
from skill_distiller.renderings.oneliner.plain import plain
from skill_distiller.renderings.oneliner.sentences import marked_spans, inside, without_end
from skill_distiller.renderings.oneliner.units import text_sentences, units

_MOST_SENTENCES: Final = 200
_USE: Final = r"use|uses|used|invoke|invoked|activate|activated|activates|trigger|triggers|triggered|apply|applies|load|loaded|call"
_SPEAKS_OF_USE: Final = re.compile(
    rf"\b(?:{_USE})\b(?: (?:this|the|it|for|when|whenever|if|on|with|to|also|proactively|even|only|after|before|as|in"
    r"|during)\b|\s?[-:—])|\buse when\b|\bwhen(?:ever)? (?:the |a |an )?users?\b|\b(?:perfect|best|ideal|useful) (?:for|when)\b"
    r"|\btriggers?\s?[-:—]|\bwhen (?:you|working|asked|creating|building|writing|implementing)\b|\bapplies to\b"
    r"|当.+时|用于|适用|触发|使用时|时使用|時使用|於.+時|とき|時に使用|時に|際に|場合に|使う|使用する|利用する|トリガー"
    r"|когда|используй|применя|активир|cuando|quando|\buse (?:ao|para|em|esta|este|al|en)\b|úsal|usar|utiliz|wenn|ne zaman|gerektiğinde|durumlar|için kullan"
    r"|때|사용",
    re.IGNORECASE,
)
_EXCLUDES: Final = re.compile(
    r"\b(?:do not|don['’]t|never|not|isn['’]t) (?:be )?(?:use|used|trigger|triggered|invoke|invoked|activate|apply|load)\b"
    r"|^(?:and )?not (?:for|when|to)\b|\b(?:is|are) not for\b|\bskip (?:this|it|when|if|for)\b"
    r"|^for .{3,200}?\buse\b (?!when|if|this)|→|\bNOT for\b|不要用于|不适用|不用于|には使わない|には使用しない|対象外|не используй|не применя|no (?:usar|uses|utiliz)"
    r"|não (?:use|usar|utiliz)|nicht (?:verwend|nutz|für)|kullanma",
    re.IGNORECASE,
)
_TRIGGER_HEADING: Final = re.compile(
    r"\bwhen (?:not )?to (?:use|activate|apply|invoke|run|trigger|load|engage|reach)\b|\buse (?:this|when|for|cases?\b)"
    r"|\A\W*(?:triggers?|triggering|activation|triggering this skill|trigger (?:phrases?|conditions?|words?|keywords?))\W*\Z"
    r"|\A\W*when(?: not)?\W*\Z"
    r"|何时|什么时候|适用|何時|使用时|使用時|触发|いつ使|使用する|使用タイミング|使用場面|когда|cuándo (?:usar|activar)|quando (?:usar|ativar)"
    r"|ne zaman|언제|사용 시|활성화",
    re.IGNORECASE,
)
_NEGATIVE_HEADING: Final = re.compile(
    r"\bnot\b|n['’]t\b|\bavoid\b|\bskip\b|\bout of scope\b|不|避|除外|対象外|\bне\b|\bno\b|\bnão\b|\bnicht\b|말|않|\bdeğil", re.I
)
_JOINED: Final = re.compile(
    r"\s*(?:[;；.。]\s*|\s[—–-]+\s|,\s+)(?=(?:and |but )?(?:use|invoke|activate|trigger|apply) (?:this|the|it|when|whenever|for|if"
    r"|proactively)\b|(?:do not|don['’]t|never|not) (?:use|for|trigger|invoke|apply)\b)",
    re.IGNORECASE,
)
_LEAD: Final = re.compile(
    r"(?:and |but |also |please )*(?:you (?:should|must|can) |(?:this|the) skill (?:should be|is|must be|can be) |should be |must be )?"
    rf"(?:(?:{_USE})\s+)(?:(?:this|the) skills?\s*|it\s+|this\s+)?(?:(?:automatically|whenever|when|for|if|on|with|in cases?"
    r"(?: where)?)\b\s*(?:when\b|if\b)?[:,]?\s*|(?=to\b))|triggers?\s*(?:on|include|phrases?|words?)?\s*[-—:]+\s*"
    r"|(?:auto-?)?activates? (?:when|on|for)\s+|(?:whenever|when)\s+(?=(?:the |a |an )?(?:user|you)\b)"
    r"|(?:usar?|úsala|úsalo|utilizar?|use) (?=(?:cuando|quando|para|ao|al|em)\s)",

    re.IGNORECASE,
)
_SEPARATOR: Final = re.compile(
    r"\s*[,、，/|;；]?\s*(?:\b(?:and/or|or|and|и|или|y|o|e|ou|ve|veya|ya da|oder|und|et)\b|或者?|和|以及|または|や|とか?|와|과|나|또는)?\s*",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(
    r"[\s,;:.)—–-]*(?:etc\.?)?[\s,;:.)]*(?:(?:and|or|also)\b\s*)*(?:(?:when|whenever|if|for|on|with)\b\s*)?(?:similar (?:requests|phrases)?)?",
    re.IGNORECASE,
)
_HANGING: Final = re.compile(
    r"[\s(,:：—–-]*(?:\b(?:such as|including|includes?|e\.g\.?|i\.e\.?|for example|for instance|phrases?|like|with|on|as|or|and)"
    r"[\s,:]*)*[\s(,:：—–-]*\Z",
    re.IGNORECASE,
)
_GERUNDS: Final = re.compile(r",\s+(?:or|and)\s+(?=\w+ing\b)|,\s+(?=\w+ing\b)|\s+or\s+(?=\w+ing\b)")


@dataclass(frozen=True, slots=True)
class Triggers:
    """The material of the trigger line, each part in order of weight.

    `clauses` say when in words (quoted phrases joined by ∨), `phrases` are the quoted ones alone,
    `heads` the sentences of the description that say something else, `excluded` when not, `rules`
    the prohibitions of the description.
    """

    clauses: list[Piece] = field(default_factory=list)
    phrases: list[Piece] = field(default_factory=list)
    listed: list[Piece] = field(default_factory=list)
    heads: list[Piece] = field(default_factory=list)
    excluded: list[Piece] = field(default_factory=list)


def find_triggers(analysis: Analysis) -> Triggers:
    """What the description and the TRIGGER blocks say."""
    found = Triggers()
    for sentence in islice(_description_sentences(analysis.skill.description), _MOST_SENTENCES):
        if _EXCLUDES.search(sentence):
            found.excluded.append(Piece(without_end(sentence)))
        elif _SPEAKS_OF_USE.search(sentence):
            _add_condition(found, found.clauses, sentence, None)
        else:
            found.heads.append(Piece(sentence))
    for section, block in _trigger_blocks(analysis):
        negative = bool(_NEGATIVE_HEADING.search(section.heading))
        for unit in units(block):
            if unit.endswith((":", "：")) or not (_names_trigger(section) or _SPEAKS_OF_USE.search(unit)):
                continue
            if negative or _EXCLUDES.search(unit):
                found.excluded.append(Piece(without_end(unit), block.index))
            else:
                _add_condition(found, found.listed, unit, block.index)
    return found


def _description_sentences(description: str) -> Iterator[str]:
    for sentence in text_sentences(description):
        marked, start = marked_spans(sentence), 0
        for match in _JOINED.finditer(sentence):
            if match.start() > start and not inside(match.start(), marked):
                yield sentence[start : match.start()]
                start = match.end()
        yield sentence[start:]


def _trigger_blocks(analysis: Analysis) -> Iterator[tuple[Section, Block]]:
    skill = analysis.skill
    named = [_names_trigger(section) for section in skill.sections]
    rows = [(skill.sections[skill.section_of[b.index]], b) for b in skill.blocks if b.kind is not BlockKind.TABLE]
    rows = [r for r in rows if named[r[0].index] or analysis.verdicts[r[1].index].type is SectionType.TRIGGER]
    # Under a heading that says so first, then in order.
    return iter(sorted(rows, key=lambda row: (not named[row[0].index], row[1].index)))


def _names_trigger(section: Section) -> bool:
    return bool(_TRIGGER_HEADING.search(section.heading))


def _add_condition(found: Triggers, clauses: list[Piece], sentence: str, block: int | None) -> None:
    clauses.append(Piece(condition(sentence), block))
    known = {piece.text.casefold() for piece in found.phrases}
    for start, end in quotes(sentence):
        phrase = _as_phrase(sentence[start:end])
        if phrase.casefold() not in known:
            known.add(phrase.casefold())
            found.phrases.append(Piece(phrase, block))


def condition(sentence: str) -> str:
    """A sentence that says when, without "Use when" and with its quoted phrases joined by ∨."""
    text = without_end(_LEAD.sub("", sentence, count=1) if _LEAD.match(sentence) else sentence)
    return _joined_gerunds(join_quotes(text))


def join_quotes(text: str) -> str:
    """The text with ∨ between quoted phrases that only a comma or a word such as "or" parts."""
    pieces, at = [], 0
    spans = quotes(text)
    for (_, end), (start, _) in zip(spans, spans[1:], strict=False):
        if start > end and _SEPARATOR.fullmatch(text, end, start):
            pieces += [text[at:end], " ∨ "]
            at = start
    return "".join((*pieces, text[at:]))


def _joined_gerunds(text: str) -> str:
    marked = marked_spans(text)
    if not re.match(r"\w+ing\b", text):
        return text
    pieces, at = [], 0
    for match in _GERUNDS.finditer(text):
        if not inside(match.start(), marked) and text.count("(", 0, match.start()) == text.count(")", 0, match.start()):
            pieces += [text[at : match.start()], " ∨ "]
            at = match.end()
    return "".join((*pieces, text[at:]))


def quotes(text: str) -> list[tuple[int, int]]:
    """Where the quoted phrases of a text stand, their marks included."""
    return [match.span() for match in MARKED.finditer(text) if match.lastgroup == "quoted"]


def _as_phrase(text: str) -> str:
    """A quoted phrase without the comma that some write inside of the quotes."""
    return f"{text[:-2]}{text[-1]}" if text[-2] in ",.;" else text


def parted(clause: str) -> tuple[str, str]:
    """What a clause says before its first quoted phrase, and after its last one."""
    spans = quotes(clause)
    if not spans:
        return clause, ""
    head = _HANGING.sub("", clause[: spans[0][0]])
    tail = clause[spans[-1][1] :]
    tail = tail[_TAIL.match(tail).end() :]  # type: ignore[union-attr]
    return head, tail
