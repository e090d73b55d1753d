"""Slices inside of a clause that it can stand without: what is in brackets, how something is done, further examples."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from skill_distiller.rewriting.one_liner.line_text import words
from skill_distiller.routing.expressions import expression, routing_words
from skill_distiller.skill.links import MARKED

SHOWN_MARK: Final = "\x01"  # in place of a character of what is marked: nothing is looked for inside
_FEWEST_WORDS: Final = 3  # that a clause has before an aside that is not in brackets
_FEWEST_ITEMS: Final = 3  # of an aside, that make a list
_BRACKETED: Final = re.compile(rf"\s+\({SHOWN_MARK}{{2,}}\)|（{SHOWN_MARK}{{2,}}）")
_WORD: Final = re.compile(r"\w{2,}")
_PLURAL: Final = re.compile(r"[a-z]*[a-z]{3}(?<![siu])s\Z")
_OPENS: Final = re.compile(r"\s*[(（]\s*")
_ITEM: Final = re.compile(r"[,;]\s+|、|，\s*|\s+/\s+")

Span = tuple[int, int]


def blot(text: str, marks: re.Pattern[str]) -> str:
    """The text at its length with what is marked blotted out, but for the marks around it."""
    return marks.sub(lambda m: m[0][0] + SHOWN_MARK * (len(m[0]) - 2) + m[0][-1] if len(m[0]) > 1 else m[0], text)


def find_asides(masked: str, text: str, start: int, end: int, *, ends: bool) -> Iterator[Span]:
    """The asides of a clause, each with the blank before it, outer ones first; those of a list behind its first item.

    None where the clause excludes or limits: what that reaches over is not known. Where it does not
    end what it says, and the next may go on with it, only what is in brackets.
    """
    brackets = [m.span() for m in _BRACKETED.finditer(masked, start, end)]
    found = [span for span in brackets if _WORD.search(text, *span) and not _denies(text, *span)]
    bare = "".join(c for at, c in enumerate(masked[start:end], start) if not any(a <= at < b for a, b in found))
    if _limits(bare):
        return
    if ends and not expression("correlatives").search(bare):
        found += _tails(masked, start, end)
    found += [item for span in found for item in _items(text, *span)]
    yield from sorted({(a, b) for a, b in found if a > start}, key=lambda span: (span[0], -span[1]))


def _denies(text: str, start: int, end: int) -> bool:
    opened = _OPENS.match(text, start, end)
    return opened is not None and expression("denials").match(text, opened.end(), end) is not None


def _ends_in_done(text: str) -> bool:
    """Whether a clause ends in a verb to which the way in which something is done belongs: "units built"."""
    return bool(text) and expression("done").fullmatch(text.split()[-1]) is not None


def _limits(text: str) -> bool:
    return bool(expression("limits").search(text)) or any(
        words(name).search(text) for name in ("excludes", "redirects", "redirects_whole")
    )


def _tails(masked: str, start: int, end: int) -> Iterator[Span]:
    """From a word that says how, from what or for whom to the end of the clause."""
    for match in expression("asides").finditer(masked, start, end):
        before = masked[start : match.start()]
        bare = before.rstrip(" ,")
        if len(bare.split()) >= _FEWEST_WORDS and bare != before and not _ends_in_done(bare):
            yield start + len(bare), end
    for match in expression("after_plural").finditer(masked, start, end):
        said = masked[start : match.start()].split()
        if len(said) >= _FEWEST_WORDS and _PLURAL.match(said[-1]) and said[-1] not in _no_plurals():
            yield start + len(masked[start : match.start()].rstrip()), end


@lru_cache(maxsize=1)
def _no_plurals() -> frozenset[str]:
    return frozenset(routing_words()["no_plurals"].split())


def _items(text: str, start: int, end: int) -> Iterator[Span]:
    """The items of the list in an aside but the first, each with the mark before it."""
    closed = end - (text[end - 1] in ")）")
    own = blot(text[start:closed], MARKED)
    marks = [start + match.start() for match in _ITEM.finditer(own, 1)]
    if len(marks) + 1 >= _FEWEST_ITEMS and not _limits(own) and not expression("correlatives").search(own):
        yield from zip(marks, (*marks[1:], closed), strict=True)
