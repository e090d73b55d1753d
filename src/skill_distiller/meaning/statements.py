"""A sentence as statements: what is said, under which conditions, in tokens that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from skill_distiller.language.lexicon import Sense, is_inversion
from skill_distiller.meaning.sentence_tokens import Token, TokenKind, read_tokens

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


_BOUNDARY: Final = re.compile(r"\n\n|[,;:()，；：（）、]|(?<=\s)[-–—](?=\s)|—")
_LABEL_WORDS: Final = 6  # words before a colon that may be a label
_ARROWS: Final = frozenset("→⇒")


@lru_cache(maxsize=16384)
def read_statements(text: str, language: str) -> tuple[Statement, ...]:
    """The statements of a sentence, list item or cell. Cached: what is kept is looked at again in the result."""
    tokens, boundaries = read_tokens(text, language), [match.start() for match in _BOUNDARY.finditer(text)]
    return tuple(_statements(tokens, boundaries, text))


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


PARTED: Final = "\n\n"  # between sentences that are read together


def _size(run: Sequence[Token]) -> int:
    """How many words a run has without the small ones, which may come and go."""
    return sum(token.kind is not TokenKind.SMALL for token in run)


def _statements(tokens: Sequence[Token], boundaries: Sequence[int], text: str) -> Iterator[Statement]:
    main: list[Token] = []
    conditions: list[Clause] = []
    closed = False  # a condition behind what is said: what follows is another statement
    pieces = list(_pieces(tokens, boundaries, text))
    for number, (run, end) in enumerate(pieces):
        cuts = [i for i, token in enumerate(run) if token.sense in CONDITIONS]
        if not number and end == "," and not cuts and is_inversion(run[0].word):
            conditions.append(Clause(Sense.CONDITION, run))
            continue
        label = not cuts and (
            end == "→" or (end in (":", "：") and _size(run) <= _LABEL_WORDS and number < len(pieces) - 1)
        )
        plain = () if label else run[: cuts[0]] if cuts else run
        # "only if" is one word of two.
        only = [token for token in plain[-1:] if cuts and token.sense is Sense.ONLY]
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
