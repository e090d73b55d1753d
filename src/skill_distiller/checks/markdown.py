"""The Markdown is kept: headings with their levels and order, and code fences byte for byte."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.checks.model import Finding, FindingKind, Level, Pair
from skill_distiller.language.fact import normalize
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.skill.parse import LIST_MARKER


class _Heading(NamedTuple):
    level: int
    text: str
    line: int

    @property
    def name(self) -> tuple[int, str]:
        return self.level, self.text


def find_changed_headings(pair: Pair) -> Iterator[Finding]:
    """Fails where a heading was lost, moved, or put at another level; a new one is a warning."""
    before, after = _headings(pair.original), _headings(pair.candidate)
    if [heading.name for heading in before] == [heading.name for heading in after]:
        return
    declared = frozenset((level, normalize(text)) for level, text in pair.declared.headings)
    yield from _lost(before, after, declared)
    yield from _new(before, after)
    yield from _moved(before, after)


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
    seen = Counter[str]()
    kept, order = list[_Heading](), list[int]()
    for heading in after:
        own = places.get(heading.text, [])
        if seen[heading.text] < len(own):  # one more of a name is new, and can't have moved
            kept.append(heading)
            order.append(own[seen[heading.text]])
        seen[heading.text] += 1
    remaining = iter([heading.text for heading in before])
    if all(heading.text in remaining for heading in kept):  # nothing but headings left out
        return
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


_FENCE: Final = re.compile(rf"[ \t>]*(?:{LIST_MARKER}[ \t]+)*[ \t>]*(`{{3,}}|~{{3,}})([^\r\n]*)")
_NESTING: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE})


def find_changed_code(pair: Pair) -> Iterator[Finding]:
    """Fails where a fence is left open (a warning where the original leaves one open) or a code block changed."""
    yield from _unclosed(pair)
    yield from _code(pair)


class _Opening(NamedTuple):
    text: str
    line: int


def _unclosed(pair: Pair) -> Iterator[Finding]:
    found = list(_open_fences(pair.candidate))
    known = {opening.text for opening in _open_fences(pair.original)} if found else set()
    for opening in found:
        level, detail = (Level.WARNING, "in the original too") if opening.text in known else (Level.FAILURE, "")
        yield Finding(FindingKind.UNCLOSED, level, opening.text, opening.line, detail, in_candidate=True)


def _open_fences(skill: Skill) -> Iterator[_Opening]:
    """The fences that a block opens and does not close."""
    for block in skill.blocks:
        if (block.kind is BlockKind.CODE and not _is_closed(block.text)) or (
            block.kind in _NESTING and ("```" in block.text or "~~~" in block.text)
        ):
            opening = _left_open(block)
            if opening:
                yield opening


def _is_closed(text: str) -> bool:
    """A quick look at a code block: it ends at its closing fence or at the end of all."""
    mark = text.lstrip()[:3]
    last = text.rstrip().rpartition("\n")[2].strip()
    return not mark or (last == mark and len(text) > len(mark) and text.lstrip()[3:4] != mark[0])


def _left_open(block: Block) -> _Opening | None:
    mark, opening = "", None
    for line, text in enumerate(block.text.splitlines(), block.line):
        match = _FENCE.match(text)
        if match is None:
            if opening is None and block.kind is BlockKind.CODE:
                return None  # indented, not fenced
        elif mark:
            if match.group(1).startswith(mark) and not match.group(2).strip():
                mark = ""
        elif match.group(1)[0] == "~" or "`" not in match.group(2):
            mark, opening = match.group(1), _Opening(text.strip(), line)
    return opening if mark else None


def _code(pair: Pair) -> Iterator[Finding]:
    """The code blocks of the original that are not in the candidate; "changed" where one with its first line is."""
    left = {_content(block.text) for block in _code_blocks(pair.candidate)}
    gone = [block for block in _code_blocks(pair.original) if _content(block.text) not in left]
    if not gone:
        return
    known = {_content(block.text) for block in _code_blocks(pair.original)}
    first_lines = {_opening(text) for text in left - known}
    declared = {_content(text) for text in pair.declared.removed | pair.declared.changed}
    for block in gone:
        level = Level.DECLARED if _content(block.text) in declared else Level.FAILURE
        kind = FindingKind.CHANGED if _opening(_content(block.text)) in first_lines else FindingKind.LOST
        yield Finding(kind, level, _opening(_content(block.text)), block.line, "code block")


def _code_blocks(skill: Skill) -> Iterator[Block]:
    return (block for block in skill.blocks if block.kind is BlockKind.CODE)


def _content(text: str) -> str:
    """A code block with line ends of one kind."""
    return "\n".join(text.splitlines()) if "\r" in text else text.rstrip("\n")


def _opening(text: str) -> str:
    """The first line of a code block that says something."""
    lines = [line.strip() for line in text.split("\n", 3)[:3]]
    return next((line for line in lines if line.strip("`~ ") and not line.startswith(("```", "~~~"))), lines[0])
