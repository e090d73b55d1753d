"""What of two statements stands for what: statements, conditions, tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from skill_distiller.meaning.sentence_tokens import Token, TokenKind
from skill_distiller.meaning.statements import Clause, Statement

MAX_CELLS: Final = 250_000  # of the table of two texts; longer ones are compared by their ends
_MAX_PAIRS: Final = 10_000  # of statements; of more the first is taken for the first


def match_statements(
    before: Sequence[Statement], after: Sequence[Statement]
) -> Iterator[tuple[Statement | None, Statement | None]]:
    """Each statement with the one that shares most with it; what is left over by itself."""
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    if len(before) * len(after) > _MAX_PAIRS:
        shared = [(0, 0, i, i) for i in range(min(len(before), len(after)))]
    else:
        shared = [
            (len(old.content & new.content), -abs(i - j), i, j)
            for i, old in enumerate(before)
            for j, new in enumerate(after)
        ]
    taken: dict[int, int] = {}
    free = set(range(len(after)))
    for count, _, i, j in sorted(shared, reverse=True):
        if i not in taken and j in free and (count or i == j):
            taken[i] = j
            free.remove(j)
    yield from ((old, after[taken[i]] if i in taken else None) for i, old in enumerate(before))
    yield from ((None, after[j]) for j in sorted(free))


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


def same_places(old: Sequence[Token], new: Sequence[Token]) -> list[tuple[int, int]]:
    """The places of a longest common subsequence of values; the same tokens at both ends are no work."""
    shorter = min(len(old), len(new))
    start = next((i for i in range(shorter) if old[i].value != new[i].value), shorter)
    end = next((i for i in range(shorter - start) if old[-1 - i].value != new[-1 - i].value), shorter - start)
    inner = _common(
        [token.value for token in old[start : len(old) - end]], [token.value for token in new[start : len(new) - end]]
    )
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in inner),
        *((len(old) - end + i, len(new) - end + i) for i in range(end)),
    ]


def _common(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    if len(old) * len(new) > MAX_CELLS or not old or not new:
        return []
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
    return pairs
