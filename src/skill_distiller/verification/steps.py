"""The steps of a numbered list stand in their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from skill_distiller.analysis.clauses import stems
from skill_distiller.document import PROSE, Skill
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, line_at

_STEP: Final = re.compile(r"^[ \t>]*\d{1,9}[.)][ \t]+(\S[^\r\n]*)", re.MULTILINE)


class _Step(NamedTuple):
    section: int
    text: str
    line: int
    stems: frozenset[str]


def find_moved_steps(pair: Pair) -> Iterator[Finding]:
    """The steps that stand before one which they followed in their section.

    A step is known again by most of the words that no other step has.
    """
    before, after = list(_steps(pair.original)), list(_steps(pair.candidate))
    if not before or [step.text for step in before] == [step.text for step in after]:
        return
    owners = _owners(after)
    places = [_place(own, owners) for own in _own_words(before)]
    known = [(step, place) for step, place in zip(before, places, strict=True) if place >= 0]
    for (first, at), (second, then) in pairwise(known):
        if first.section == second.section and then < at:
            yield Finding(FindingKind.MOVED, Level.FAILURE, after[then].text, after[then].line, "step", True)


def _steps(skill: Skill) -> Iterator[_Step]:
    for section in skill.sections:
        for block in section.blocks:
            for match in _STEP.finditer(block.text) if block.kind in PROSE else ():
                text = match.group(1).strip()
                yield _Step(section.index, text, line_at(block, match.start(1)), frozenset(stems(text)))


def _own_words(steps: Sequence[_Step]) -> list[frozenset[str]]:
    """For each step the words that no other has."""
    counts = Counter(stem for step in steps for stem in step.stems)
    return [frozenset(stem for stem in step.stems if counts[stem] == 1) for step in steps]


def _owners(steps: Sequence[_Step]) -> dict[str, int]:
    return {word: place for place, words in enumerate(_own_words(steps)) for word in words}


def _place(own: frozenset[str], owners: Mapping[str, int]) -> int:
    """Where the words of a step stand now, -1 where that is not plain."""
    found = Counter(owners[word] for word in own if word in owners)
    place, count = max(found.items(), key=lambda item: item[1], default=(-1, 0))
    return place if 2 * count > found.total() and 2 * count >= len(own) else -1
