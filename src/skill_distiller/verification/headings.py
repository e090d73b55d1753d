"""The headings are kept: their texts, their levels and their order."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from skill_distiller.analysis.facts import normalize
from skill_distiller.document import Section, Skill
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair


def check_headings(pair: Pair) -> Check:
    """Fails where a heading was lost, moved, or put at another level; a new one is a warning."""
    before, after = _headings(pair.original), _headings(pair.candidate)
    if [_name(section) for section in before] == [_name(section) for section in after]:
        return Check("headings")
    declared = frozenset((level, normalize(text)) for level, text in pair.declared.headings)
    return Check("headings", (*_lost(before, after, declared), *_new(before, after), *_moved(before, after)))


def _headings(skill: Skill) -> list[Section]:
    return [section for section in skill.sections if section.level]


def _name(section: Section) -> tuple[int, str]:
    return section.level, normalize(section.heading)


def _lost(
    before: Sequence[Section], after: Sequence[Section], declared: frozenset[tuple[int, str]]
) -> Iterator[Finding]:
    missing = Counter(map(_name, before)) - Counter(map(_name, after))
    extra = Counter(name for _, name in (Counter(map(_name, after)) - Counter(map(_name, before))).elements())
    for section in before:
        name = _name(section)
        if not missing[name]:
            continue
        missing[name] -= 1
        if extra[name[1]]:
            extra[name[1]] -= 1
            yield _finding(FindingKind.OTHER_LEVEL, Level.FAILURE, section)
        else:
            yield _finding(FindingKind.LOST, Level.DECLARED if name in declared else Level.FAILURE, section)


def _new(before: Sequence[Section], after: Sequence[Section]) -> Iterator[Finding]:
    known = Counter(name for _, name in map(_name, before))
    for section in after:
        name = _name(section)[1]
        if known[name]:
            known[name] -= 1
        else:
            yield _finding(FindingKind.NEW, Level.WARNING, section, in_candidate=True)


def _moved(before: Sequence[Section], after: Sequence[Section]) -> Iterator[Finding]:
    """The headings that stand out of their order: all but the longest run that is in it."""
    known = {_name(section)[1] for section in before}
    kept = [section for section in after if _name(section)[1] in known]
    if _is_subsequence(kept, before):
        return
    places = defaultdict[str, list[int]](list)
    for place, section in enumerate(before):
        places[_name(section)[1]].append(place)
    seen = Counter[str]()
    order = []
    for section in kept:
        name = _name(section)[1]
        order.append(places[name][min(seen[name], len(places[name]) - 1)])
        seen[name] += 1
    in_order = _longest_run(order)
    for at, section in enumerate(kept):
        if at not in in_order:
            yield _finding(FindingKind.MOVED, Level.FAILURE, section, in_candidate=True)


def _is_subsequence(kept: Sequence[Section], before: Sequence[Section]) -> bool:
    remaining = iter([_name(section)[1] for section in before])
    return all(_name(section)[1] in remaining for section in kept)


def _longest_run(numbers: Sequence[int]) -> frozenset[int]:
    """The places of one of the longest runs of numbers that do not fall (patience sorting)."""
    ends: list[int] = []  # the place of the last number of the best run of each length
    values: list[tuple[int, int]] = []
    above: list[int] = []
    for at, number in enumerate(numbers):
        length = bisect_left(values, (number, at))
        above.append(ends[length - 1] if length else -1)
        if length == len(ends):
            ends.append(at)
            values.append((number, at))
        else:
            ends[length], values[length] = at, (number, at)
    run = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(at)
        at = above[at]
    return frozenset(run)


def _finding(kind: FindingKind, level: Level, section: Section, *, in_candidate: bool = False) -> Finding:
    return Finding(
        kind, level, f"{'#' * section.level} {section.heading}".strip(), section.line, in_candidate=in_candidate
    )
