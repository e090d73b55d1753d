"""A sentence as statements: what is said, under which conditions, in tokens that can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from skill_distiller.language.facts import Fact, FactKind, find_facts
from skill_distiller.language.lexicon import (
    Sense,
    is_article,
    is_filler,
    is_light,
    phrases,
    senses,
    stem,
)
from skill_distiller.language.words import CJK

# The senses that begin a clause of their own and say when the statement holds.
CONDITIONS: Final = frozenset(
    {Sense.CONDITION, Sense.EXCEPTION, Sense.BEFORE, Sense.AFTER, Sense.UNTIL, Sense.WHILE, Sense.BECAUSE}
)
# Of several senses of one word the one that binds most is taken.
_RANK: Final = {sense: place for place, sense in enumerate(Sense)}


class TokenKind(IntEnum):
    """What a token is, from what carries most to what carries nothing."""

    FACT = 0  # also a tag, a placeholder, a checkbox: whatever has to stay letter by letter
    SENSE = 1
    WORD = 2
    LIGHT = 3
    SMALL = 4  # articles and fillers


class Token(NamedTuple):
    """A word or fact of a text: `value` is what it is compared by, `start` and `end` are offsets into the text.

    `loud` is True for a word in capitals that is one by choice: MUST, NEVER.
    """

    kind: TokenKind
    value: str
    word: str
    start: int
    end: int
    sense: Sense | None = None
    loud: bool = False


class Clause(NamedTuple):
    """A condition of a statement: its sense (None for a label: "Red light: stop"), and its tokens without the word."""

    sense: Sense | None
    tokens: tuple[Token, ...]


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


_MARKS: Final = re.compile(r"[\s*_`]+")
# What stands in a sentence letter by letter, besides facts.
_MARKUP: Final = re.compile(
    r"""<!--.*?(?:-->|\Z)
    | </?[A-Za-z][^<>]{0,2000}>
    | \{\{[^{}\n]{1,200}\}\} | \{[\w.-]{1,80}\} | \$\{?\w{1,80}\}? | \$\$[^$]{1,4000}\$\$ | \$[^$\n]{1,400}\$
    | \[\^[^\]\s]{1,80}\]:? | (?<![\w\]])\[[ xX]\](?=\s) | (?<!~)~~(?!~)
    | \[\[[^\]\n]{1,300}\]\] | \[[^\[\]\n]{1,300}\](?=\()""",
    re.VERBOSE | re.DOTALL,
)
_WORD: Final = re.compile(
    rf"(?P<cjk>[{CJK}])|(?P<word>[^\W\d_{CJK}]+(?:['’][^\W\d_{CJK}]+)*\.?(?:[^\W\d_]\.)*)|(?P<number>\d[\d.,:]*\d|\d)"
    r"|(?P<sign>[≥≤→⇒↔¬∧∨∀∃=<>&+×÷±/%#@?？]|[^\w\s!-/:-@\[-`{-~，。、；：！？「」『』（）《》【】“”‘’„‚‹›«»…–—·•¿¡])"
)
_AMOUNT: Final = re.compile(r"[~<>≥≤=+−-]{0,3}[$€£¥#]?\d[\d,.:/x×–-]*(?=\Z|[\s%°]|[^\W\d_]{1,12}\Z)")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DASHES: Final = {ord(dash): "-" for dash in "–—−"}
_BOUNDARY: Final = re.compile(r"\n\n|[,;:()，；：（）、]|(?<=\s)[-–—](?=\s)|—")
_LABEL_WORDS: Final = 6  # words before a colon that may be a label
_ARROWS: Final = frozenset("→⇒")


@lru_cache(maxsize=16384)
def read_statements(text: str) -> tuple[Statement, ...]:
    """The statements of a sentence, list item or cell. Cached: what is kept is looked at again in the result."""
    tokens, boundaries = read_tokens(text), [match.start() for match in _BOUNDARY.finditer(text)]
    return tuple(_statements(tokens, boundaries, text))


@lru_cache(maxsize=16384)
def read_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text in order; marks of emphasis, white space and punctuation are none."""
    fixed = _fixed_tokens(text)
    tokens: list[Token] = []
    at = 0
    for token in fixed:
        tokens += _word_tokens(text, at, token.start)
        tokens.append(token)
        at = token.end
    tokens += _word_tokens(text, at, len(text))
    quoted = [(fact.start, fact.end) for fact in find_facts(text) if fact.kind is FactKind.QUOTED]
    if quoted:  # word by word, so that other marks of quotation change nothing
        tokens = [
            token._replace(kind=TokenKind.FACT) if any(a <= token.start < b for a, b in quoted) else token
            for token in tokens
        ]
    return tuple(_with_phrases(tokens))


def _fixed_tokens(text: str) -> list[Token]:
    """The facts and marked places of a text, without overlaps: of two that overlap the longer one."""
    found = [(m.start(), m.end(), _MARKS.sub(" ", m.group()).casefold()) for m in _MARKUP.finditer(text)]
    for fact in find_facts(text):
        number = _AMOUNT.match(fact.text) if fact.kind is FactKind.NUMBER else None
        if number:  # what it counts is a word of its own: "30 s" is "30s"
            found.append((fact.start, fact.start + number.end(), _amount(number.group())))
        elif _is_fixed(fact):
            found.append((fact.start, fact.end, _fact_value(fact)))
    tokens: list[Token] = []
    for start, end, value in sorted(found, key=lambda row: (row[0], -row[1])):
        if not tokens or start >= tokens[-1].end:
            tokens.append(Token(TokenKind.FACT, value, text[start:end], start, end))
    return tokens


def _is_fixed(fact: Fact) -> bool:
    return fact.kind not in (FactKind.MODAL, FactKind.QUOTED)


def _fact_value(fact: Fact) -> str:
    return fact.key.translate(_DASHES)


def _amount(number: str) -> str:
    return _THOUSANDS.sub("", number.translate(_DASHES).lstrip("≥≤<>")).rstrip(".,:-")


def _word_tokens(text: str, start: int, end: int) -> Iterator[Token]:
    for match in _WORD.finditer(text, start, end):
        word = match.group()
        if match.lastgroup == "number":
            yield Token(TokenKind.FACT, word.rstrip(".,:"), word, *match.span())
        elif match.lastgroup == "sign":
            yield _sign(word, *match.span())
        elif match.lastgroup == "cjk":
            yield Token(TokenKind.WORD, word, word, *match.span())
        else:
            yield _word(word, match.start())


def _sign(sign: str, start: int, end: int) -> Token:
    if sign in "?？":
        return Token(TokenKind.LIGHT, "?", "?", start, end)
    found = senses(sign)
    if found:
        return Token(TokenKind.SENSE, _sense_value(_strongest(found), sign), sign, start, end, _strongest(found))
    return Token(TokenKind.FACT, sign, sign, start, end)


class _Read(NamedTuple):
    """What is known of a word wherever it stands; `length` is that without the full stop of a sentence."""

    kind: TokenKind
    value: str
    word: str
    sense: Sense | None
    loud: bool
    length: int


def _word(word: str, start: int) -> Token:
    read = _read_word(word)
    return Token(read.kind, read.value, read.word, start, start + read.length, read.sense, read.loud)


@lru_cache(maxsize=65536)
def _read_word(word: str) -> _Read:
    """Cached: a vocabulary is small."""
    bare = word if "." in word[:-1] else word.rstrip(".")  # "e.g." keeps its stops
    plain = bare.lower().replace("’", "'")
    loud = len(bare) > 1 and bare.isalpha() and bare.isupper() and plain != bare
    if len(bare) == 1 and bare.isupper() and bare not in "AI":  # plan B
        return _Read(TokenKind.WORD, bare, plain, None, False, len(bare))
    found = senses(plain)
    if found:
        sense = _strongest(found)
        return _Read(TokenKind.SENSE, _sense_value(sense, plain), plain, sense, loud, len(bare))
    if is_article(plain) or is_filler(plain):
        return _Read(TokenKind.SMALL, plain, plain, None, loud, len(bare))
    if is_light(plain):
        return _Read(TokenKind.LIGHT, plain, plain, None, loud, len(bare))
    return _Read(TokenKind.WORD, stem(plain), plain, None, loud, len(bare))


def _strongest(found: frozenset[Sense]) -> Sense:
    return min(found, key=_RANK.__getitem__)


def _sense_value(sense: Sense, word: str) -> str:
    return f"{sense.value}:{word}" if sense is Sense.LIMIT else f"{sense.value}:"


def _with_phrases(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, with what several words say together as the words that stand for it: "at least" as "≥"."""
    known, at = phrases(), 0
    if known.keys().isdisjoint([token.word for token in tokens]):
        yield from tokens
        return
    while at < len(tokens):
        token = tokens[at]
        for words, canonical in known.get(token.word, ()):
            run = tokens[at : at + len(words)]
            if len(run) == len(words) and all(t.word == w for t, w in zip(run, words, strict=True)):
                for plain in canonical.split():
                    yield _canonical(plain, run[0].start, run[-1].end, loud=any(t.loud for t in run))
                at += len(words)
                break
        else:
            yield token
            at += 1


def _canonical(plain: str, start: int, end: int, *, loud: bool) -> Token:
    if plain.isdigit():
        return Token(TokenKind.FACT, plain, plain, start, end)
    if _WORD.fullmatch(plain) and not plain[0].isalpha():
        return _sign(plain, start, end)
    return _word(plain, start)._replace(end=end, loud=loud)


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
            if run:
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


PARTED: Final = "\n\n"  # between sentences that are read together


def _statements(tokens: Sequence[Token], boundaries: Sequence[int], text: str) -> Iterator[Statement]:
    main: list[Token] = []
    conditions: list[Clause] = []
    closed = False  # a condition behind what is said: what follows is another statement
    pieces = list(_pieces(tokens, boundaries, text))
    for number, (run, end) in enumerate(pieces):
        cuts = [i for i, token in enumerate(run) if token.sense in CONDITIONS]
        label = not cuts and (
            end == "→" or (end in (":", "：") and len(run) <= _LABEL_WORDS and number < len(pieces) - 1)
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
            conditions.append(Clause(head.sense, (*only, *run[cut + 1 : until])))
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
