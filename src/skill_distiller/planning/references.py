"""Text that is kept must not point at a section that is gone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.analysis.fact import normalize
from skill_distiller.analysis.headings import anchor
from skill_distiller.document import Skill

_SHORTEST: Final = 4  # letters of a heading that words may refer to
_REACH: Final = 48  # characters before a name that "see" may stand in
_POINTS_AHEAD: Final = re.compile(r"\b(?:see|refer to|described in|follow|per)\b[^.\n]{0,24}[\"“'*`_]*\Z")
_POINTS_BACK: Final = re.compile(r"[\"”'*`_]*\s+(?:section|below|above)\b")
_WORD: Final = re.compile(r"[^\W_]+")


def missing_targets(skill: Skill, texts: Sequence[str], headings: Sequence[bool]) -> tuple[int, ...]:
    """The indices of the dropped sections that kept text still refers to.

    A reference is a link to the heading's anchor, or words like "see X" and "the X section".
    """
    gone = [section for section in skill.sections if section.level and not headings[section.index]]
    if not gone:
        return ()
    kept = "\n".join(texts).lower()
    words = frozenset(_WORD.findall(kept))  # of most headings some word stands nowhere: no need to look further
    near = (h for h in {section.heading for section in gone} if any(form <= words for form in _words(h)))
    named = {heading for heading in near if _is_named(heading, kept)}
    return tuple(section.index for section in gone if section.heading in named)


@lru_cache(maxsize=4096)
def _names(heading: str) -> tuple[str, str]:
    """How text refers to a heading: a link to its anchor, and its name."""
    return f"](#{anchor(heading)})", normalize(heading).lower()


@lru_cache(maxsize=4096)
def _words(heading: str) -> tuple[frozenset[str], ...]:
    """The words of each of these."""
    return tuple(frozenset(_WORD.findall(form)) for form in _names(heading))


def _is_named(heading: str, kept: str) -> bool:
    link, name = _names(heading)
    if link in kept:
        return True
    at = kept.find(name) if len(name) >= _SHORTEST else -1
    while at >= 0:
        end = at + len(name)
        if _POINTS_AHEAD.search(kept[max(0, at - _REACH) : at]) and not kept[end : end + 1].isalnum():
            return True
        if not kept[max(0, at - 1) : at].isalnum() and _POINTS_BACK.match(kept, end):
            return True
        at = kept.find(name, end)
    return False


def referred_to(skill: Skill, texts: Sequence[str], headings: Sequence[bool]) -> list[int]:
    """The blocks of dropped sections that kept text refers to, those that these refer to, and so on.

    Of all headings each link of such a chain looks only at those that share a rare word with it.
    """
    targets = missing_targets(skill, texts, headings)
    if not targets:
        return []
    sections = defaultdict[str, list[int]](list)  # by heading, those that nothing refers to so far
    for section in skill.sections:
        if section.level and not headings[section.index]:
            sections[section.heading].append(section.index)
    by_word, found = _by_rarest_word(sections), list[int]()
    while targets:
        fresh = [block for section in targets for block in anchors_of(skill, section)]
        found += fresh
        for heading in {skill.sections[target].heading for target in targets}:
            del sections[heading]
        kept = "\n".join(skill.blocks[block].text for block in fresh).lower()
        near = {heading for word in {"", *_WORD.findall(kept)} for heading in by_word.get(word, ())}
        targets = tuple(sorted(i for h in near if h in sections and _is_named(h, kept) for i in sections[h]))
    return found


def _by_rarest_word(headings: Iterable[str]) -> dict[str, list[str]]:
    """Headings by the rarest word of their name and of their anchor, one of which stands in what refers to them."""
    words = {heading: _words(heading) for heading in headings}
    spread = Counter(word for forms in words.values() for form in forms for word in form)
    found = defaultdict[str, list[str]](list)
    for heading, forms in words.items():
        for rarest in {min(form, key=lambda word: (spread[word], word), default="") for form in forms}:
            found[rarest].append(heading)
    return found


def anchors_of(skill: Skill, section: int) -> tuple[int, ...]:
    """The blocks that stand for a section when something must keep it: its own, else those below it."""
    own = skill.sections[section].blocks
    if own:
        return tuple(block.index for block in own)
    for at in range(section + 1, len(skill.sections)):  # a slice would copy all the rest for each section
        below = skill.sections[at]
        if below.level <= skill.sections[section].level:
            break
        if below.blocks:
            return tuple(block.index for block in below.blocks)
    return ()
