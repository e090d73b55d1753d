"""The headings are kept: their texts, their levels and their order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from skill_distiller.analysis.fact import normalize
from skill_distiller.document import Skill
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair


class _Heading(NamedTuple):
    level: int
    text: str
    line: int

    @property
    def name(self) -> tuple[int, str]:
        return self.level, self.text


def check_headings(pair: Pair) -> Check:
    """Fails where a heading was lost, moved, or put at another level; a new one is a warning."""
    before, after = _headings(pair.original), _headings(pair.candidate)
    if [heading.name for heading in before] == [heading.name for heading in after]:
        return Check("headings")
    declared = frozenset((level, normalize(text)) for level, text in pair.declared.headings)
    return Check("headings", (*_lost(before, after, declared), *_new(before, after), *_moved(before, after)))


def _headings(skill: Skill) -> list[_Heading]:
    return [_Heading(s.level, normalize(s.heading), s.line) for s in skill.sections if s.level]


def _lost(
    before: Sequence[_Heading], after: Sequence[_Heading], declared: frozenset[tuple[int, str]]
) -> Iterator[Finding]:
    missing = Counter(h.name for h in before) - Counter(h.name for h in after)
    extra = Counter(h.name for h in after) - Counter(h.name for h in before)
    elsewhere = Counter(text for _, text in extra.elements())
    for heading in before:
        if not missing[heading.name]:
            continue
        missing[heading.name] -= 1
        if elsewhere[heading.text]:
            elsewhere[heading.text] -= 1
            yield _finding(FindingKind.OTHER_LEVEL, Level.FAILURE, heading)
        else:
            yield _finding(FindingKind.LOST, Level.DECLARED if heading.name in declared else Level.FAILURE, heading)


def _new(before: Sequence[_Heading], after: Sequence[_Heading]) -> Iterator[Finding]:
    known = Counter(heading.text for heading in before)
    for heading in after:
        if known[heading.text]:
            known[heading.text] -= 1
        else:
            yield _finding(FindingKind.NEW, Level.WARNING, heading, in_candidate=True)


def _moved(before: Sequence[_Heading], after: Sequence[_Heading]) -> Iterator[Finding]:
    """The headings that stand out of their order: all but a longest run that is in it."""
    places = defaultdict[str, list[int]](list)
    for place, heading in enumerate(before):
        places[heading.text].append(place)
    kept = [heading for heading in after if heading.text in places]
    remaining = iter([heading.text for heading in before])
    if all(heading.text in remaining for heading in kept):  # nothing but headings left out
        return
    seen = Counter[str]()
    order = []
    for heading in kept:
        own = places[heading.text]
        order.append(own[min(seen[heading.text], len(own) - 1)])
        seen[heading.text] += 1
    in_order = _longest_run(order)
    for at, heading in enumerate(kept):
        if at not in in_order:
            yield _finding(FindingKind.MOVED, Level.FAILURE, heading, in_candidate=True)


def _longest_run(numbers: Sequence[int]) -> frozenset[int]:
    """The places of a longest run of numbers that do not fall (patience sorting)."""
    ends: list[int] = []  # for each length the place where the best run of that length ends
    lowest: list[tuple[int, int]] = []  # and the number there
    above: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(lowest, (number, at))
        above.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        lowest[length : length + 1] = [(number, at)]
    run = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(at)
        at = above[at]
    return frozenset(run)


def _finding(kind: FindingKind, level: Level, heading: _Heading, *, in_candidate: bool = False) -> Finding:
    return Finding(
        kind, level, f"{'#' * heading.level} {heading.text}".strip(), heading.line, in_candidate=in_candidate
    )
