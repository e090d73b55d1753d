"""The facts of a text, found by program; the spans that no rendering may touch; all facts of a skill."""

from __future__ import annotations

import errno
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from skill_distiller.language.fact import ALPHANUMERIC, IN_CODE, SENTENCE_END, SPECIAL, UNIT, Fact, FactKind, normalize
from skill_distiller.language.modals import (
    LIMIT,
    LIMIT_STARTS,
    MODAL_WORDS,
    cjk_modal_facts,
    limit_facts,
    may_hold_limit,
    modal_fact,
)
from skill_distiller.skill.containers import FORMULA
from skill_distiller.skill.links import BETWEEN_TOKENS, MARKED, MAX_NAME, TOKEN
from skill_distiller.skill.model import Block, BlockKind, Skill

__all__ = [
    "Fact",
    "FactKind",
    "block_facts",
    "fact_keys",
    "find_facts",
    "normalize",
    "sentence_around",
    "sentence_bounds",
]

_SPECIAL_KINDS: Final = {
    "env": FactKind.ENV_VAR,
    "flag": FactKind.FLAG,
    "path": FactKind.PATH,
    "error": FactKind.ERROR_CODE,
    "ident": FactKind.IDENTIFIER,
    "number": FactKind.NUMBER,
    "mixed": FactKind.NUMBER,
}
_MARKED_KINDS: Final = {
    "formula": FactKind.FORMULA,
    "code": FactKind.CODE_SPAN,
    "link": FactKind.LINK,
    "url": FactKind.URL,
    "quoted": FactKind.QUOTED,
}
_MARKED_GROUPS: Final = {**{kind: kind for kind in _MARKED_KINDS}, "ticks": "code", "fence": "code"}
_SYMBOLS: Final = frozenset("≥≤→∀<>")  # that end what a modal word governs
_ERRNO: Final = frozenset(errno.errorcode.values())  # ENOENT and its like
_BY_PLACE: Final = attrgetter("start", "end")
_SENTENCE: Final = 300  # characters on each side of a fact that its sentence is looked for in
_MARKER: Final = 80  # characters before a word that may make it a list marker


def find_facts(text: str, *, code: bool = False, modals: bool = True) -> tuple[Fact, ...]:
    """The facts of a Markdown text in order of position; with `code`, of a code block.

    Kinds: inline code, link targets, URLs, paths and file names, flags, environment variables,
    identifiers, error codes, numbers with their units, quoted phrases, formulas on lines of their own, and modal words
    (negations, obligations, limits, conditions) with the words they govern, unless `modals` is False.
    """
    return _find_facts(text, code, modals)


@lru_cache(maxsize=8192)
def _find_facts(text: str, code: bool, modals: bool) -> tuple[Fact, ...]:
    # Cached: a kept block is looked at again in the result, and most blocks are kept.
    return tuple(sorted(_code_facts(text) if code else _prose_facts(text, modals=modals), key=_BY_PLACE))


def block_facts(block: Block) -> tuple[Fact, ...]:
    """The facts of a block; offsets count in `block.text`."""
    return find_facts(block.text, code=block.kind is BlockKind.CODE)


def fact_keys(facts: Iterable[Fact]) -> frozenset[str]:
    """What facts are looked up by."""
    return frozenset(fact.key for fact in facts)


def sentence_around(text: str, fact: Fact) -> str:
    """The sentence, or list item, of a text that a fact stands in."""
    start, end = sentence_bounds(text, fact.start, fact.end)
    return text[start:end].replace("**", "").strip(" \t\r\n-*+>#|")


def sentence_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a span, up to 300 characters more on each side: half-open offsets into the text."""
    low, high = max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)
    before = max((match.end() for match in SENTENCE_END.finditer(text, low, start)), default=low)
    after = SENTENCE_END.search(text, end, high)
    return before, after.start() + 1 if after else high


def _code_facts(text: str) -> Iterator[Fact]:
    at = 0
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        if ALPHANUMERIC.search(stripped) and not stripped.startswith(("```", "~~~")):
            start = at + line.index(stripped)
            yield Fact(FactKind.CODE_LINE, stripped, " ".join(stripped.split()), start, start + len(stripped))
        at += len(line)
    for match in IN_CODE.finditer(text):
        kind = {"url": FactKind.URL, "flag": FactKind.FLAG, "env": FactKind.ENV_VAR}[match.lastgroup or "url"]
        yield Fact(kind, match.group(), match.group(), *match.span())


def _prose_facts(text: str, *, modals: bool) -> list[Fact]:
    marked = marked_facts(text)
    found = [*marked]
    plain = _without(text, marked)
    tokens = TOKEN.findall(plain)
    kinds = list(map(_word_kind, tokens))
    if not modals:
        kinds = [None if kind is FactKind.MODAL else kind for kind in kinds]
    limited = modals and may_hold_limit(text, tokens)
    if any(kinds):  # most words are plain: look for places only where one is not
        found += _word_facts(text, plain, tokens, kinds, ahead=limited or not _SYMBOLS.isdisjoint(text))
    if limited:
        found += limit_facts(text, marked)
    if modals and not text.isascii():
        found += cjk_modal_facts(text)
    return found


def _without(text: str, facts: Sequence[Fact]) -> str:
    """The text with a mark that is in no token in place of every character of some facts."""
    if not facts:
        return text
    pieces: list[str] = []
    at = 0
    for fact in facts:
        pieces += (text[at : fact.start], "`" * (fact.end - fact.start))
        at = fact.end
    pieces.append(text[at:])
    return "".join(pieces)


def _word_facts(
    text: str, plain: str, tokens: Sequence[str], kinds: Sequence[FactKind | None], *, ahead: bool
) -> Iterator[Fact]:
    """The facts among the words; `ahead`: whether a limit or a symbol may follow a modal word."""
    at = 0
    for token, kind in zip(tokens, kinds, strict=True):
        if not kind:
            continue
        start = _place(plain, token, at)
        at = start + len(token)
        if kind is FactKind.MODAL:
            if token.lower() not in LIMIT_STARTS or not LIMIT.match(text, start):
                yield modal_fact(text, token, start, ahead=ahead)
        else:
            fact = _special(text, token, start, kind)
            if fact:
                yield fact


def _place(text: str, token: str, at: int) -> int:
    """Where a token stands next as a whole. A match object for each plain word would take most of the time."""
    start = text.index(token, at)
    after = start + len(token)
    while (start > at and _in_token(text[start - 1])) or (after < len(text) and _in_token(text[after])):
        start = text.index(token, start + 1)
        after = start + len(token)
    return start


def _in_token(character: str) -> bool:
    return character not in BETWEEN_TOKENS and not character.isspace()


@lru_cache(maxsize=65536)
def _word_kind(token: str) -> FactKind | None:
    # Cached: a vocabulary is small, and nearly all of it is plain words.
    word = token.strip("_:").rstrip(".:-")
    if word.lower().replace("’", "'") in MODAL_WORDS:
        return FactKind.MODAL
    if word.isalpha() and (word.islower() or word.istitle() or word.isupper()):
        return FactKind.ERROR_CODE if word in _ERRNO else None
    match = SPECIAL.match(word) if len(word) <= MAX_NAME else None
    return _SPECIAL_KINDS[match.lastgroup or "mixed"] if match else None


def marked_facts(text: str) -> list[Fact]:
    """The facts that marks enclose, in order of position: code, link targets, URLs, quotations, formulas."""
    found: list[Fact] = []
    at = 0
    for match in _marked(text):
        group = _MARKED_GROUPS[match.lastgroup or "formula"]
        key = normalize(match.group(group))
        if key and match.start(group) >= at:  # else it is part of a formula, or of code
            key = key.lower() if group == "quoted" else key
            found.append(Fact(_MARKED_KINDS[group], match.group(group), key, *match.span(group)))
            at = match.end(group)
    return found


def _marked(text: str) -> Iterable[re.Match[str]]:
    found = MARKED.finditer(text)
    if "$$" not in text and "\\[" not in text:
        return found
    return sorted([*found, *FORMULA.finditer(text)], key=re.Match.start)


def _is_marker(text: str, token: str, start: int) -> bool:
    """Whether a word is the number of a list item: `1.`, `2)`."""
    end = start + len(token)
    return (token.endswith(".") and token[:-1].isdigit()) or (token.isdigit() and text[end : end + 1] == ")")


def _starts_line(text: str, start: int) -> bool:
    before = text[max(0, start - _MARKER) : start]
    return (start <= _MARKER or "\n" in before) and not before[before.rfind("\n") + 1 :].strip(" \t>-+*")


def _special(text: str, token: str, start: int, kind: FactKind) -> Fact | None:
    if token[0] in "0123456789" and _is_marker(text, token, start) and _starts_line(text, start):
        return None
    word = token.strip("_:").rstrip(".:-")
    start += token.index(word)
    end = start + len(word)
    if kind is not FactKind.NUMBER:
        return Fact(kind, word, word, start, end)
    unit = UNIT.match(text, end)
    end = unit.end() if unit else end
    phrase = text[start:end]
    return Fact(kind, phrase, normalize(phrase).lstrip("<>≥≤"), start, end)


def heading_key(heading: str) -> str:
    """The key of a heading as a fact."""
    return f"# {normalize(heading)}"


def anchor(heading: str) -> str:
    """The anchor that Markdown renderers give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def inventory(skill: Skill) -> dict[str, FactKind]:
    """Every distinct fact of a skill's body, key → kind, in order of first appearance.

    Every heading counts: other text may refer to it, here or in another file.
    """
    found: dict[str, FactKind] = {}
    for section in skill.sections:
        if section.level:
            found.setdefault(heading_key(section.heading), FactKind.HEADING)
        for block in section.blocks:
            for fact in block_facts(block):
                found.setdefault(fact.key, fact.kind)
    return found


class Span(NamedTuple):
    """Half-open offsets into a text."""

    start: int
    end: int


# What is not plain prose besides the facts: links with their texts, tags, quotations over a line
# break (those on one line are facts), placeholders, math,
# indented code inside lists, escapes.
_NOT_PROSE: Final = re.compile(
    r"""(?=[!\[<{$\\\n"“])(?:
      !?\[[^\[\]\n]*\](?:\([^()\n]*\)|\[[^\[\]\n]*\])
    | \[\[[^\[\]\n]*\]\]
    | \[[^\[\]\n]*\](?!\()
    | <[^<>\n]*>
    | "[^"\n]{1,160}\n[^"\n]{1,160}" | “[^”\n]{1,160}\n[^”\n]{1,160}”
    | \{\{?[^{}\n]*\}?\}
    | \$[^$\n]+\$
    | \\.
    | (?:(?<=\n)|\A)[ \t]*\n(?:(?:[ ]{6,}|\t+[ ]{2,})(?![-*+>]|\d+[.)])[^\n]*\n?)+
    )""",
    re.VERBOSE,
)


_FENCE: Final = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)*(`{3,}(?=[^`]*$)|~{3,})")


def locked_spans(text: str, facts: Iterable[Fact], *, modals: bool = True) -> tuple[Span, ...]:
    """Where a text may not be changed: its facts, links, tags, placeholders and nested code.

    With `modals` False the negations and modal words are left open (for symbols, which stand for
    them). Sorted, without overlaps.
    """
    spans = [span for fact in facts if modals or fact.kind is not FactKind.MODAL for span in _held(text, fact)]
    spans += [Span(*match.span()) for match in _NOT_PROSE.finditer(text)]
    if "```" in text or "~~~" in text:
        spans += _fences(text)
    return merge_spans(spans)


# An article with its blank: what a modal word governs is held without it.
_ARTICLE: Final = re.compile(r"(?<=\s)(?:the|an?) (?=\S)")


def _held(text: str, fact: Fact) -> Iterator[Span]:
    """What of a fact may not be touched: of a modal word and the words it governs all but their articles."""
    at = fact.start
    if fact.kind is FactKind.MODAL:
        for match in _ARTICLE.finditer(text, fact.start, fact.end):
            yield Span(at, match.start())
            at = match.end()
    yield Span(at, fact.end)


def _fences(text: str) -> Iterator[Span]:
    """The code fences inside a list or quote, as CommonMark ends them: by as many marks or more, or not at all."""
    at, start, fence = 0, 0, ""
    for line in text.splitlines(keepends=True):
        stripped = line.strip(" \t\r\n>")
        if fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                yield Span(start, at + len(line))
                fence = ""
        elif match := _FENCE.match(line):
            start, fence = at, match.group(1)
        at += len(line)
    if fence:
        yield Span(start, at)


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted spans with the overlapping ones joined."""
    merged: list[Span] = []
    reached = -1
    for span in sorted(spans):
        start, end = span
        if start >= reached:
            merged.append(span)
            reached = end
        elif end > reached:
            merged[-1] = Span(merged[-1].start, end)
            reached = end
    return tuple(merged)


def overlaps(span: tuple[int, int], locked: Sequence[Span]) -> bool:
    """Whether a span shares a character with a locked one; `locked` is sorted and without overlaps."""
    above = bisect_left(locked, (span[1],)) - 1  # the last locked span that starts before the end of this one
    return above >= 0 and locked[above].end > span[0]
