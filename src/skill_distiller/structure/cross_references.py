"""References to headings and footnotes: a link to an anchor, "see Output", "the Output section", `[^1]`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from skill_distiller.language.fact import normalize
from skill_distiller.language.facts import anchor
from skill_distiller.language.words import texts
from skill_distiller.skill.links import find_footnotes
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.structure.edges import Edge, EdgeKind, heading_of

_MIN_NAME_CHARS: Final = 4  # letters of a heading that words may refer to
_MAX_CHARS_TO_NAME: Final = 48  # characters before a name that "see" may stand in
_MARKS: Final = "\"“”'*`_「」„"
_ADDED: Final = re.compile(r"\s*[(（][^()（）]{0,80}[)）]\s*\Z")
_WORD: Final = re.compile(r"[^\W_]+")


def find_references(skill: Skill) -> Iterator[Edge]:
    """The edges from blocks to the headings that they name, of equal ones the nearest, and to the notes that they mark.

    Each block looks only at the headings that share a rare word with it.
    """
    sections = defaultdict[str, list[int]](list)
    for section in skill.sections:
        if section.level:
            sections[section.heading].append(section.index)
    by_word = _by_rarest_word(sections)
    for block in skill.blocks:
        if block.kind is BlockKind.CODE:
            continue
        text = block.text.lower()
        own = skill.section_of[block.index]
        near = {heading for word in by_word.keys() & {"", *_WORD.findall(text)} for heading in by_word[word]}
        targets = ((heading, _nearest(own, sections[heading])) for heading in near if _is_named(heading, text))
        for heading, target in sorted(targets):
            if target != own:
                yield Edge(EdgeKind.REFERS, block.index, heading_of(target), heading)
    for name, note in find_footnotes(skill).items():
        marks = note.marks if note.definition >= 0 else ()
        yield from (Edge(EdgeKind.REFERS, i, note.definition, f"[^{name}]") for i in marks if i != note.definition)


def _nearest(section: int, others: list[int]) -> int:
    return min(others, key=lambda other: abs(other - section))


def _by_rarest_word(headings: Iterable[str]) -> dict[str, list[str]]:
    """Headings by the rarest word of their name and of their anchor, one of which stands in what refers to them."""
    words = {heading: [frozenset(_WORD.findall(form)) for form in _names(heading)] for heading in headings}
    spread = Counter(word for forms in words.values() for form in forms for word in form)
    found = defaultdict[str, list[str]](list)
    for heading, forms in words.items():
        for rarest in {min(form, key=lambda word: (spread[word], word), default="") for form in forms}:
            found[rarest].append(heading)
    return found


@lru_cache(maxsize=4096)
def _names(heading: str) -> tuple[str, str]:
    """How text refers to a heading: a link to its anchor, and its name without what it adds in brackets."""
    name = normalize(heading).lower()
    return f"](#{anchor(heading)})", _ADDED.sub("", name) or name


def _is_named(heading: str, text: str) -> bool:
    """Whether a text in small letters refers to a heading."""
    link, name = _names(heading)
    if "](#" in text and link in text:
        return True
    at = text.find(name) if len(name) >= _MIN_NAME_CHARS else -1
    ahead, behind = _referring()
    while at >= 0:
        end = at + len(name)
        before = text[max(0, at - _MAX_CHARS_TO_NAME) : at]
        if _may_refer(before) and ahead.search(before) and not text[end : end + 1].isalnum():
            return True
        if not text[max(0, at - 1) : at].isalnum() and behind.match(text, end):
            return True
        at = text.find(name, end)
    return False


def _may_refer(before: str) -> bool:
    """A quick look whether a text may end in what stands before a name that is referred to: most have no such word."""
    return not before.isascii() or not _first_words().isdisjoint(_WORD.findall(before))


@lru_cache(maxsize=1)
def _first_words() -> frozenset[str]:
    """The first words of what stands before a name that is referred to."""
    phrases = (phrase for text in texts("referring_before") for phrase in text.split(","))
    return frozenset(words[0] for phrase in phrases if (words := _WORD.findall(phrase)))


@lru_cache(maxsize=1)
def _referring() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands before a name that is referred to, and what behind it."""
    ahead, behind = (_any_of(table) for table in ("referring_before", "referring_behind"))
    return (
        re.compile(rf"(?:{ahead})[^.\n。]{{0,24}}[{_MARKS}]*\Z"),
        re.compile(rf"[{_MARKS}]*\s*(?:{behind})"),
    )


def _any_of(table: str) -> str:
    """The phrases of a table, those of letters with spaces between them as words of their own."""
    phrases = sorted({phrase.strip() for text in texts(table) for phrase in text.split(",")}, key=len, reverse=True)
    return "|".join(rf"\b{re.escape(p)}\b" if p.isascii() or p[0] < "\u3000" else re.escape(p) for p in phrases if p)
