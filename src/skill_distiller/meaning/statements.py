"""A sentence as statements: what is said, under which conditions; and what of two of them stands for what."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from skill_distiller.language.lexicon import Sense, is_each_time, is_imperative, is_inversion
from skill_distiller.meaning.readings import ONLY_IF, read_otherwise
from skill_distiller.meaning.sentence_tokens import read_tokens
from skill_distiller.meaning.token import Token, TokenKind

_T = TypeVar("_T")
# The senses that begin a clause of their own and say when the statement holds.
CONDITIONS: Final = frozenset(
    {Sense.CONDITION, Sense.EXCEPTION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.BECAUSE}
)


class Clause(NamedTuple):
    """A condition of a statement: its sense (None for a label: "Red light: stop"), its tokens, and the word itself."""

    sense: Sense | None
    tokens: tuple[Token, ...]
    head: tuple[Token, ...] = ()


@dataclass(frozen=True)
class Statement:
    """What is said (`main`) and under which conditions."""

    main: tuple[Token, ...]
    conditions: tuple[Clause, ...] = ()

    @cached_property
    def content(self) -> frozenset[str]:
        """The values of everything in it that says something."""
        tokens = [*self.main, *(token for clause in self.conditions for token in clause.tokens)]
        return frozenset(token.value for token in tokens if token.kind <= TokenKind.WORD)


BOUNDARY: Final = re.compile(r"\n\n|[,;:()，；：（）、]|(?<=\s)[-–—](?=\s)|—")
_LABEL_WORDS: Final = 6  # words before a colon that may be a label
_ARROWS: Final = frozenset("→⇒")


@lru_cache(maxsize=16384)
def read_statements(text: str, language: str, otherwise: frozenset[Sense] = frozenset()) -> tuple[Statement, ...]:
    """The statements of a sentence, list item or cell. Cached: what is kept is looked at again in the result.

    `otherwise` are senses whose words are read as those that say the same: see `read_otherwise`.
    """
    tokens, boundaries = read_tokens(text, language), [match.start() for match in BOUNDARY.finditer(text)]
    return tuple(_statements(read_otherwise(tokens, boundaries, otherwise), boundaries, text))


class _Piece(NamedTuple):
    """A run of tokens between boundaries, and the mark that ends it."""

    tokens: tuple[Token, ...]
    end: str


def _pieces(tokens: Sequence[Token], boundaries: Sequence[int], text: str) -> Iterator[_Piece]:
    run: list[Token] = []
    marks = iter([*boundaries, len(text)])
    mark = next(marks)
    for token in tokens:
        while token.start > mark:
            if run and not (text[mark] == "," and _opens(run[-1], token)):
                yield _Piece(tuple(run), text[mark])
                run = []
            mark = next(marks)
        if token.end > mark > token.start:  # a mark inside of a fact
            mark = next(marks, len(text))
        if token.word in _ARROWS:
            if run:
                yield _Piece(tuple(run), "→")
            run = []
        else:
            run.append(token)
    if run:
        yield _Piece(tuple(run), "")


def _opens(last: Token, following: Token) -> bool:
    """Whether a word before a comma belongs to what is behind it: "es sei denn, ...", "nur, wenn ..."."""
    if last.sense is Sense.ONLY:
        return following.sense in CONDITIONS and last.language not in ("", "en")
    return last.sense in CONDITIONS and last.sense is not Sense.BECAUSE


def _with_enumerations(pieces: Sequence[_Piece]) -> Sequence[_Piece]:
    """The pieces, with all that a condition enumerates as one: "if it is red, amber, or gray, stop"."""
    found: list[_Piece] = []
    at = 0
    while at < len(pieces):
        until = _end_of_enumeration(pieces, at)
        tokens = tuple(token for piece in pieces[at : until + 1] for token in piece.tokens)
        found.append(_Piece(tokens, pieces[until].end))
        at = until + 1
    return found


def _end_of_enumeration(pieces: Sequence[_Piece], at: int) -> int:
    """The last piece of what is enumerated from one on; the piece itself where that is no condition, or alone."""
    senses = [token.sense for token in pieces[at].tokens]
    if senses[-1] in CONDITIONS or CONDITIONS.isdisjoint(senses):
        return at
    fronted = senses[0] in CONDITIONS
    for number in range(at + 1, len(pieces)):
        run = pieces[number].tokens
        joined = any(token.sense in _COORDINATORS for token in run)
        begins = run[run[0].sense in _COORDINATORS] if len(run) > 1 else run[0]
        if pieces[number - 1].end not in _COMMAS or _asks(begins) or any(one.sense in CONDITIONS for one in run):
            return at
        if joined and fronted:
            if number + 1 == len(pieces):
                return at
            following = pieces[number + 1].tokens[0]
            goes_on = _asks(following) or (run[0].sense in _COORDINATORS and following.sense not in _COORDINATORS)
            return number if goes_on and pieces[number].end in _COMMAS else at
        if joined:
            return number if number + 1 == len(pieces) else at
    return at


_COORDINATORS: Final = frozenset({Sense.AND, Sense.OR})
_COMMAS: Final = frozenset(",，、")


def _asks(token: Token) -> bool:
    return is_imperative(token.word) or token.sense is Sense.NEGATION


PARTED: Final = "\n\n"  # between sentences that are read together


def _with_always(run: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens, where "every time" with no clause behind it says no more than "always"."""
    if not any(is_each_time(token.word) for token in run):
        return run
    following = (*(token.sense in CONDITIONS for token in run[1:]), True)
    return tuple(
        token._replace(value=f"{Sense.DUTY}:", sense=Sense.DUTY) if is_each_time(token.word) and ends else token
        for token, ends in zip(run, following, strict=True)
    )


def _size(run: Sequence[Token]) -> int:
    """How many words a run has without the small ones, which may come and go."""
    return sum(token.kind is not TokenKind.SMALL for token in run)


def _statements(tokens: Sequence[Token], boundaries: Sequence[int], text: str) -> Iterator[Statement]:
    main: list[Token] = []
    conditions: list[Clause] = []
    closed = False  # a condition behind what is said: what follows is another statement
    pieces = _with_enumerations(list(_pieces(tokens, boundaries, text)))
    for number, (run, end) in enumerate(pieces):
        run = _with_always(run)
        cuts = [i for i, token in enumerate(run) if token.sense in CONDITIONS]
        if not number and end == "," and not cuts and is_inversion(run[0].word):
            conditions.append(Clause(Sense.CONDITION, run))
            continue
        label = not cuts and (
            end == "→" or (end in (":", "：") and _size(run) <= _LABEL_WORDS and number < len(pieces) - 1)
        )
        plain = () if label else run[: cuts[0]] if cuts else run
        # "only if" is one word of two.
        only = [token._replace(value=ONLY_IF) for token in plain[-1:] if cuts and token.sense is Sense.ONLY]
        plain = plain[: len(plain) - len(only)]
        if plain:
            if closed and (main or conditions) and any(token.kind <= TokenKind.WORD for token in plain):
                yield from _negated(Statement(tuple(main), tuple(conditions)))
                main, conditions, closed = [], [], False
            main += plain
        if label:
            conditions.append(Clause(None, run))
        if cuts and closed and number and pieces[number - 1].end == "\n" and not plain:
            yield from _negated(Statement(tuple(main), tuple(conditions)))
            main, conditions, closed = [], [], False
        for cut, until in zip(cuts, [*cuts[1:], len(run)], strict=False):
            head = run[cut]
            conditions.append(Clause(head.sense, (*only, *run[cut + 1 : until]), (head,)))
            only = []
            closed = bool(main)
        if end == "\n":
            closed = True
    if main or conditions:
        yield from _negated(Statement(tuple(main), tuple(conditions)))


def _negated(statement: Statement) -> Iterator[Statement]:
    """The statement; "not a or b" as two: "not a", "not b"."""
    main = statement.main
    negation = next((i for i, token in enumerate(main) if token.sense is Sense.NEGATION), None)
    cuts = [] if negation is None else [i for i, t in enumerate(main) if t.sense is Sense.OR and i > negation]
    if negation is None or not cuts:
        yield statement
        return
    prefix = main[: negation + 1]
    yield Statement(main[: cuts[0]], statement.conditions)
    for cut, until in zip(cuts, [*cuts[1:], len(main)], strict=True):
        yield Statement((*prefix, *main[cut + 1 : until]), statement.conditions)


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


_MOST_CLAUSES: Final = 64  # that are looked at for the one that a condition became


def match_clauses(before: Sequence[Clause], after: Sequence[Clause]) -> Iterator[tuple[Clause | None, Clause | None]]:
    """The conditions of two statements, paired by sense and then by their words."""
    left = list(after)
    rest = []
    for clause in before:
        values = {token.value for token in clause.tokens}
        same = list(islice((other for other in left if other.sense is clause.sense), _MOST_CLAUSES))
        if same:
            best = max(same, key=lambda other: len(values & {token.value for token in other.tokens}))
            left.remove(best)
            yield clause, best
        else:
            rest.append(clause)
    for clause in rest:
        values = {token.value for token in clause.tokens if token.kind <= TokenKind.WORD}
        near = left[:_MOST_CLAUSES]
        alike = [o for o in near if values & {t.value for t in o.tokens if t.kind <= TokenKind.WORD}]
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


def pair_in_order(weights: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Rows and columns paired in order: as many as there can be, and of those pairings the one that weighs most."""
    rows, columns = len(weights), len(weights[0]) if weights else 0
    best = [[(0, 0)] * (columns + 1) for _ in range(rows + 1)]  # pairs and their weight from there on
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            count, weight = best[i + 1][j + 1]
            best[i][j] = max((count + 1, weight + weights[i][j]), best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows and j < columns:
        count, weight = best[i + 1][j + 1]
        if best[i][j] == (count + 1, weight + weights[i][j]):  # of equal ones the first with the first
            yield i, j
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1


def longest_run(places: Sequence[tuple[int, ...]]) -> frozenset[int]:
    """Which of some places are in a longest run that does not fall (patience sorting)."""
    ends: list[int] = []  # for each length the number at which the best run of that length ends
    lowest: list[tuple[tuple[int, ...], int]] = []  # and the place there
    above: list[int] = []
    for at, place in enumerate(places):
        length = bisect_left(lowest, (place, at))
        above.append(ends[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        lowest[length : length + 1] = [(place, at)]
    run = []
    at = ends[-1] if ends else -1
    while at >= 0:
        run.append(at)
        at = above[at]
    return frozenset(run)


def pair_rising(old: Sequence[_T], new: Sequence[_T], key: Callable[[_T], Hashable], most: int) -> list[tuple[_T, _T]]:
    """The things with equal keys, each behind the one before it; [] where they stand in no such order, or are fewer.

    Of equal ones the earliest: where the new things are the old ones without some, this finds such an order.
    """
    places = defaultdict[Hashable, list[int]](list)
    for number, thing in enumerate(old):
        places[key(thing)].append(number)
    pairs: list[tuple[_T, _T]] = []
    at = 0
    for thing in new:
        own = places.get(key(thing), [])
        there = bisect_left(own, at)
        if there < len(own):
            at = own[there] + 1
            pairs.append((old[own[there]], thing))
    return pairs if len(pairs) == most else []
