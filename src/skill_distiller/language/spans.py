"""The spans of a text that no rendering may touch."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from skill_distiller.language.facts import Fact, FactKind


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
    spans = [Span(fact.start, fact.end) for fact in facts if modals or fact.kind is not FactKind.MODAL]
    spans += [Span(*match.span()) for match in _NOT_PROSE.finditer(text)]
    if "```" in text or "~~~" in text:
        spans += _fences(text)
    return merge_spans(spans)


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
    """Whether a span touches a locked one; `locked` is sorted and without overlaps."""
    above = bisect_left(locked, (span[1],)) - 1  # the last locked span that starts before the end of this one
    return above >= 0 and locked[above].end > span[0]
