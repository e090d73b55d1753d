"""The inventory of facts: what a text says that an agent can't guess, found by program.

A fact is looked up by its `key`: the same key in another text is the same fact, whatever
emphasis, line breaks or symbols stand around it.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final

from skill_distiller.language.fact import (
    ALPHANUMERIC,
    IN_CODE,
    SENTENCE_END,
    SPECIAL,
    UNIT,
    Fact,
    FactKind,
    normalize,
)
from skill_distiller.language.modals import (
    LIMIT,
    LIMIT_HINTS,
    LIMIT_STARTS,
    LIMIT_SYMBOLS,
    MODAL_WORDS,
    cjk_modal_facts,
    limit_facts,
    modal_fact,
)
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


def find_facts(text: str, *, code: bool = False) -> tuple[Fact, ...]:
    """The facts of a Markdown text in order of position; with `code`, of a code block.

    Kinds: inline code, link targets, URLs, paths and file names, flags, environment variables,
    identifiers, error codes, numbers with their units, quoted phrases, and modal words (negations,
    obligations, limits, conditions) with the words they govern.
    """
    return _find_facts(text, code)


@lru_cache(maxsize=8192)
def _find_facts(text: str, code: bool) -> tuple[Fact, ...]:
    # Cached: a kept block is looked at again in the result, and most blocks are kept.
    return tuple(sorted(_code_facts(text) if code else _prose_facts(text), key=_BY_PLACE))


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


def sentence_bounds(text: str, start: int, end: int, sentence_end: re.Pattern[str] = SENTENCE_END) -> tuple[int, int]:
    """The sentence around a span, up to 300 characters more on each side: half-open offsets into the text."""
    low, high = max(0, start - _SENTENCE), min(len(text), end + _SENTENCE)
    before = max((match.end() for match in sentence_end.finditer(text, low, start)), default=low)
    after = sentence_end.search(text, end, high)
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


def _prose_facts(text: str) -> list[Fact]:
    marked = _marked_facts(text)
    found = [*marked]
    plain = _without(text, marked)
    tokens = TOKEN.findall(plain)
    kinds = list(map(_word_kind, tokens))
    limited = not LIMIT_HINTS.isdisjoint(tokens) or any(map(text.__contains__, LIMIT_SYMBOLS))
    if any(kinds):  # most words are plain: look for places only where one is not
        found += _word_facts(text, plain, tokens, kinds, ahead=limited or not _SYMBOLS.isdisjoint(text))
    if limited:
        found += limit_facts(text, marked)
    if not text.isascii():
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


def _marked_facts(text: str) -> list[Fact]:
    found = []
    for match in MARKED.finditer(text):
        group = _MARKED_GROUPS[match.lastgroup or "code"]
        key = normalize(match.group(group))
        if key:
            key = key.lower() if group == "quoted" else key
            found.append(Fact(_MARKED_KINDS[group], match.group(group), key, *match.span(group)))
    return found


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
