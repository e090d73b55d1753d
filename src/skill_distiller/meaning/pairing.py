"""What of two statements stands for what: statements, conditions, tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from skill_distiller.meaning.sentence_tokens import Token, TokenKind
from skill_distiller.meaning.statements import Clause, Statement

_MAX_CELLS: Final = 250_000  # of the table of two texts; longer ones are compared by their ends


def match_statements(
    before: Sequence[Statement], after: Sequence[Statement]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Each statement with the one that shares most with it; what is left over by itself."""
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    shared = [
        (len(old.content & new.content), -abs(i - j), i, j)
        for i, old in enumerate(before)
        for j, new in enumerate(after)
    ]
    taken: dict[int, int] = {}
    for count, _, i, j in sorted(shared, reverse=True):
        if i not in taken and j not in taken.values() and (count or i == j):
            taken[i] = j
    yield from ((old, after[taken[i]] if i in taken else None) for i, old in enumerate(before))
    yield from ((None, new) for j, new in enumerate(after) if j not in taken.values())


def match_clauses(before: Sequence[Clause], after: Sequence[Clause]) -> Iterator[tuple[Clause | None, Clause | None]]:
    """The conditions of two statements, paired by sense and then by their words."""
    left = list(after)
    rest = []
    for clause in before:
        values = {token.value for token in clause.tokens}
        same = [other for other in left if other.sense is clause.sense]
        if same:
            best = max(same, key=lambda other: len(values & {token.value for token in other.tokens}))
            left.remove(best)
            yield clause, best
        else:
            rest.append(clause)
    for clause in rest:
        values = {token.value for token in clause.tokens if token.kind <= TokenKind.WORD}
        alike = [o for o in left if values & {t.value for t in o.tokens if t.kind <= TokenKind.WORD}]
        if alike:
            left.remove(alike[0])
        yield clause, alike[0] if alike else None
    yield from ((None, clause) for clause in left)


def _ends(old: Sequence[Token], new: Sequence[Token]) -> tuple[int, int]:
    """How many tokens are the same at the beginning and at the end."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i].value != new[i].value), shorter)
    left = shorter - start
    end = next((i for i in range(left) if old[-1 - i].value != new[-1 - i].value), left)
    return start, end


@lru_cache(maxsize=4096)
def _aligned(old: tuple[str, ...], new: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """The places of a longest common subsequence of values."""
    if len(old) * len(new) > _MAX_CELLS or not old or not new:
        return ()
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        row, below, value = table[i], table[i + 1], old[i]
        for j in range(len(new) - 1, -1, -1):
            row[j] = below[j + 1] + 1 if value == new[j] else max(below[j], row[j + 1])
    pairs, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return tuple(pairs)


def _places(old: Sequence[Token], new: Sequence[Token]) -> list[tuple[int, int]]:
    start, end = _ends(old, new)
    inner = _aligned(
        tuple(token.value for token in old[start : len(old) - end]),
        tuple(token.value for token in new[start : len(new) - end]),
    )
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in inner),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def equal(old: Sequence[Token], new: Sequence[Token]) -> Iterator[tuple[Token, Token]]:
    """The tokens that are the same on both sides, in order."""
    return ((old[i], new[j]) for i, j in _places(old, new))


def gaps(old: Sequence[Token], new: Sequence[Token]) -> Iterator[tuple[int, int, int, int]]:
    """The gaps between equal tokens: where they begin on both sides, and how many tokens they hold."""
    at, at_new = 0, 0
    for i, j in [*_places(old, new), (len(old), len(new))]:
        if i > at or j > at_new:
            yield at, at_new, i - at, j - at_new
        at, at_new = i + 1, j + 1
