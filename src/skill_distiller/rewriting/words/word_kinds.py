"""What can be said of one chunk of text on its own, as numbers and flags, worked out once a chunk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, count
from struct import Struct
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from skill_distiller.rewriting.words import word_lists as lists

# A word with the space before it, or other white space; code spans and links are one word each.
CHUNK: Final = re.compile(
    r" ?[^\s`\[]++(?:`[^`\n]++`[^\s`\[]*+|[`\[][^\s`\[]*+)*+"
    r"| ?(?:`[^`\n]++`|!?\[[^\[\]\n]{0,300}+\]\([^()\n]{0,500}+\)|[`\[])(?:[^\s`\[]++|`[^`\n]++`|[`\[])*+|\s++"
)
PAD: Final = ""  # the chunk that stands between blocks


class Number:
    """The numbers of a chunk, by position."""

    WORD, CLASS, ROLE, REACH, LEAD, TRAIL, LENGTH, CORE_AT, CORE_LENGTH = range(9)


class Flag:
    """The flags of a chunk, by position.

    LOCKED_FIRST holds at the start of a sentence, LOCKED_INSIDE inside it. A MARKED word bears more than
    plain punctuation behind it, a BRACKETED one a round bracket and else plain punctuation. UPPER starts
    with a capital letter, LOWER can be given one.
    """

    (
        SPACE, NEWLINE, BLANK, MARKER, LOCKED_FIRST, LOCKED_INSIDE, SENTENCE_END, CLAUSE_END, SCOPE_END, COLON,
        OPENS, CLOSES, BOLD_ON, BOLD_OFF, MARKED, BRACKETED, RAW_QUOTE, PIPE, TRAILS, CONNECTIVE, PREPOSITION, CONTENT,
        DIGIT, NOT, SUBJECT, REPORTING, BINDING, INDEFINITE, UPPER, LOWER, FOREIGN, ENGLISH, ALIEN, AMOUNT, VOWEL,
        POINTING, RELATIVE, FOR, TAIL_CLAUSE, ABBREVIATED,
    ) = range(40)  # fmt: skip


class Role:
    """What a word asks of its surroundings before it may go alone."""

    OTHER, ARTICLE, COPULA, AND, THAT, POSSESSIVE, THIS, ADVERB, ADJECTIVE = range(9)


class WordClass:
    """What kind of word it is: by the list it stands on, else by its suffix, else by its length.

    Those up to PRONOUN are function words; NO_WORD is not of letters alone.
    """

    ARTICLE, PREPOSITION, CONJUNCTION, AUXILIARY, PRONOUN, FILLER, CONNECTIVE = range(7)
    LY, ING, ED, TION, MENT, NESS, ITY, IVE, ABLE, AL, FUL, OUS, ENT, ER, S = range(7, 22)
    NO_WORD, SHORT, LONG, PAD = range(22, 26)


CLASSES: Final = WordClass.PAD + 1
_NUMBERS: Final = Number.CORE_LENGTH + 1
_FLAGS: Final = Flag.ABBREVIATED + 1
COMMA: Final = 1  # the number of a comma behind a word

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Row = tuple[int, ...]

_PARTS: Final = re.compile(r"([*_(\[~\"“‘']*+)(.*?)([*_)\]~\"”’',.;:!?…]*+)\Z", re.DOTALL)
_MARKER: Final = re.compile(r"(?:[-*+•]|\d+[.)]|>+|#+|\[[ xX]?\]|\[|[xX]?\])\Z")
_FACT: Final = re.compile(
    r"""[`\d/\\@$=<>#%^~|{}+&]|://|\w[._]\w|^-|[a-z][A-Z]|[A-Z]{2}|[^\x00-\x7f—–’‘“”…]|^[A-Za-z]$|^\W+$"""
)
_ALIEN: Final = re.compile(r"[^\W\d_a-zA-Z]")
_VOWEL: Final = re.compile(r"[aeiouy]")
_LETTER: Final = re.compile(r"[\w`]")
_DIGIT: Final = re.compile(r"\d")
_QUOTE: Final = re.compile(r"[`\"“”«»「」『』]|(?<!\w)'")
_DASHES: Final = frozenset("— – - -- →".split())
_PUNCTUATION: Final = {
    "": 0, ",": 1, ".": 2, "!": 2, "?": 2, "…": 2, ":": 3, ";": 4, ")": 5, "*": 6, "_": 6, '"': 7, "”": 7, "'": 7,
    "(": 8, "[": 8,
}  # fmt: skip
_OTHER_PUNCTUATION: Final = 9
_PLAIN: Final = ",.;:!?…"  # what may stay behind when a word goes
_IS_MARKER: Final = "\n"  # ends the marks of what may be a list marker
_NO_WORD: Final = "\t"  # the marks of white space
_BLANKS: Final = (" ", "\n", "\n\n")  # white space within a line, with a line end, with more
_LOCKED: Final = 1 << Flag.LOCKED_FIRST | 1 << Flag.LOCKED_INSIDE
_ENDS: Final = 1 << Flag.SENTENCE_END | 1 << Flag.SCOPE_END | 1 << Flag.CLAUSE_END
_BLANK_FLAGS: Final = {
    PAD: _LOCKED | _ENDS,
    " ": 1 << Flag.SPACE,
    "\n": 1 << Flag.SPACE | 1 << Flag.NEWLINE,
    "\n\n": 1 << Flag.SPACE | 1 << Flag.NEWLINE | 1 << Flag.BLANK,
}
_TRAILS: Final = frozenset(",.:;")
_LONGEST_MARKER: Final = 6  # characters
_LONGEST: Final = 80  # characters; what is longer is no word of a language
_ADVERBS: Final = frozenset("very really also often overall".split())
_NEGATION_REACH: Final = 7  # words after a negation that it may govern

_SUFFIXES: Final = dict(zip("ly ing ed tion ment ness ity ive able al ful ous ent er s".split(), count(WordClass.LY)))
_WORDS_OF: Final = {
    Flag.LOCKED_FIRST: lists.LOCKED,
    Flag.LOCKED_INSIDE: lists.LOCKED,
    Flag.CONNECTIVE: lists.CONNECTIVES,
    Flag.PREPOSITION: lists.PREPOSITIONS,
    Flag.NOT: ("not", "never"),
    Flag.SUBJECT: lists.SUBJECTS,
    Flag.REPORTING: lists.REPORTING,
    Flag.BINDING: lists.BINDING,
    Flag.INDEFINITE: ("a", "an"),
    Flag.FOR: ("for",),
    Flag.TAIL_CLAUSE: lists.TAIL_CLAUSES,
    Flag.POINTING: ("this", "it", "these", "there"),
    Flag.RELATIVE: ("that", "which"),
    Flag.AMOUNT: lists.AMOUNTS,
    Flag.ABBREVIATED: lists.ABBREVIATIONS,
    Flag.FOREIGN: lists.FOREIGN,
    Flag.ENGLISH: lists.ENGLISH,
}
_ROLES: Final = {
    **dict.fromkeys(lists.EVALUATING, Role.ADJECTIVE),
    **dict.fromkeys(_ADVERBS, Role.ADVERB),
    **dict.fromkeys(lists.ARTICLES, Role.ARTICLE),
    **dict.fromkeys(("is", "are", "was", "were"), Role.COPULA),
    **dict.fromkeys(("your", "its", "their", "our"), Role.POSSESSIVE),
    "and": Role.AND,
    "that": Role.THAT,
    **dict.fromkeys(("this", "these", "those"), Role.THIS),
}


def cut(chunk: str) -> tuple[str, str, int, int, int]:
    """A chunk taken apart: the word, the marks it bears, its length, where its core starts and how long it is.

    The marks are what stands before and behind the core, parted by a space.

    >>> cut(" (word),")
    ('word', '( ),', 8, 2, 4)
    """
    text = chunk[1:] if chunk[:1] == " " else chunk
    core, trail = text, ""
    if text[-1:] in _TRAILS:
        core, trail = text[:-1], text[-1]
    size = len(chunk)
    if core.isalpha() and core.isascii():
        return core, trail, size, size - len(text), len(core)
    if not text or text.isspace():
        lines = text.count("\n") + text.count("\r") - text.count("\r\n")
        return _BLANKS[min(lines, 2)] if chunk else "", _NO_WORD, size, 0, 0
    match = _PARTS.match(text)
    lead, core, trail = match.groups() if match else ("", text, "")
    if not core:
        lead, core, trail = "", text, ""
    marks = f"{lead} {trail}" if lead else trail
    if len(text) <= _LONGEST_MARKER and _MARKER.match(text):
        marks += _IS_MARKER
    return "`" if "`" in core else core, marks, size, size - len(text) + len(lead), len(core)


@lru_cache(maxsize=1 << 15)
def _describe_word(core: str) -> Row:
    """Word, class, role and reach of a word without its marks, and its flags as bits."""
    if core in _BLANK_FLAGS:
        return (0, WordClass.PAD, Role.OTHER, 0, _BLANK_FLAGS[core])
    low = core.lower()
    plain = core.isascii() and core.isalpha()
    word_class, role, reach, bits = _LISTED.get(low) or _unlisted(low, plain)
    bits |= _plain_bits(core, low) if plain else _other_bits(core, low)
    return (crc32(low.encode("utf-8", "surrogatepass")), word_class, role, reach, bits)


def _listed() -> dict[str, Row]:
    """Class, role, reach and flags of every word that stands on a list."""
    classes = {word: n for n, words in reversed([*enumerate(lists.CLOSED_CLASSES)]) for word in words}
    listed: dict[str, Row] = {}
    for word in {*classes, *_ROLES, *chain.from_iterable(_WORDS_OF.values())}:
        word_class, role, reach, content = _unlisted(word, word.isalpha())
        word_class = classes.get(word, word_class)
        says = word_class > WordClass.PRONOUN
        if word in lists.LOCKED:
            reach = _NEGATION_REACH if word in lists.NEGATIONS else 1
        bits = sum(1 << flag for flag, words in _WORDS_OF.items() if word in words)
        if says and word not in lists.CONNECTIVES:
            bits |= content
        listed[word] = (word_class, _ROLES.get(word, role if says else Role.OTHER), reach, bits)
    return listed


def _unlisted(low: str, plain: bool) -> Row:
    """Class, role, reach and flags of any other word."""
    word_class = _class_by_form(low)
    if plain:
        adverb = low.endswith("ly") and low not in lists.KEPT_LY
        return (word_class, Role.ADVERB if adverb else Role.OTHER, 0, 1 << Flag.CONTENT)
    reach = _NEGATION_REACH if low.endswith(("n't", "n’t")) else int(low[:1].isdigit())
    return (word_class, Role.OTHER, reach, bool(_LETTER.search(low)) << Flag.CONTENT)


def _class_by_form(low: str) -> int:
    size = len(low)
    for length in (4, 3, 2, 1):
        suffix = _SUFFIXES.get(low[-length:])
        if suffix is not None and size > length + 2:
            return suffix
    if not low.isalpha():
        return WordClass.NO_WORD
    return WordClass.SHORT if size < 5 else WordClass.LONG


def _plain_bits(core: str, low: str) -> int:
    """The flags of a word of Latin letters; it is locked where it is written like a name."""
    bits = (core[0] in "aeiouAEIOU") << Flag.VOWEL
    if core.islower():
        named = len(core) == 1 and low != "a"
        small = core not in lists.TOOLS and bool(_VOWEL.search(core))
        bits |= small << Flag.LOWER
    else:
        named = not core.istitle() or (len(core) == 1 and low != "a")
        bits |= core[0].isupper() << Flag.UPPER | (core not in ("An", "The")) << Flag.LOCKED_INSIDE
    return bits | _LOCKED if named or len(core) > _LONGEST else bits


def _other_bits(core: str, low: str) -> int:
    """The flags of what is not one word of Latin letters."""
    bits = bool(_DIGIT.search(core)) << Flag.DIGIT | core[0].isupper() << Flag.UPPER | ("|" in core) << Flag.PIPE
    bits |= core[0].isupper() << Flag.LOCKED_INSIDE
    if core in _DASHES:
        bits |= 1 << Flag.CLAUSE_END | 1 << Flag.SCOPE_END | 1 << Flag.COLON
    if _QUOTE.search(core):
        bits |= 1 << Flag.RAW_QUOTE
    if _FACT.search(core) or "n't" in low or "n’t" in low or len(core) > _LONGEST or _names(low):
        bits |= _LOCKED
    return bits if core.isascii() else bits | bool(_ALIEN.search(core)) << Flag.ALIEN


def _names(low: str) -> bool:
    """Whether a hyphenated word may be a name."""
    parts = low.split("-")
    return len(parts) > 1 and parts[0] not in lists.OPEN_COMPOUNDS and parts[-1] not in lists.OPEN_COMPOUNDS


@lru_cache(maxsize=1 << 12)
def _describe_marks(marks: str) -> Row:
    """What stands before and behind a word: both as a number, and the flags of both as bits."""
    if marks == _NO_WORD:
        return (_OTHER_PUNCTUATION, _OTHER_PUNCTUATION, 0)
    lead, _, trail = marks.removesuffix(_IS_MARKER).rpartition(" ")
    sentence = bool(set(".!?…").intersection(trail))
    scope = sentence or bool(set(";:)").intersection(trail))
    marked = bool(lead) or bool(trail.strip(_PLAIN))
    bracketed = marked and lead in ("", "(") and not trail.removeprefix(")").strip(_PLAIN)
    bits = (
        sentence << Flag.SENTENCE_END
        | scope << Flag.SCOPE_END
        | (scope or "," in trail) << Flag.CLAUSE_END
        | (trail.rstrip("*_")[-1:] == ":") << Flag.COLON
        | ("(" in lead) << Flag.OPENS
        | (")" in trail) << Flag.CLOSES
        | ("**" in lead or "__" in lead) << Flag.BOLD_ON
        | ("**" in trail or "__" in trail) << Flag.BOLD_OFF
        | marked << Flag.MARKED
        | bracketed << Flag.BRACKETED
        | bool(_QUOTE.search(lead + trail) or "'" in lead) << Flag.RAW_QUOTE
        | bool(trail) << Flag.TRAILS
        | marks.endswith(_IS_MARKER) << Flag.MARKER
    )
    behind = _PUNCTUATION.get(trail[-1:], _OTHER_PUNCTUATION)
    return _PUNCTUATION.get(lead[:1], _OTHER_PUNCTUATION), behind, bits


_LISTED: Final = _listed()
_ROW: Final = Struct(f"<{_NUMBERS + 1}q")  # the numbers of a chunk, and its flags as bits


@lru_cache(maxsize=1 << 16)
def _describe(chunk: str) -> bytes:
    core, marks, *sizes = cut(chunk)
    *of_word, bits = _describe_word(core)
    *of_marks, more = _describe_marks(marks)
    return _ROW.pack(*of_word, *of_marks, *sizes, bits | (more & ~_ENDS if bits >> Flag.ABBREVIATED & 1 else more))


def read_chunks(chunks: Sequence[str]) -> tuple[Ints, Bools]:
    """The numbers (`Number` x chunks) and flags (`Flag` x chunks) of chunks, in order."""
    rows = np.frombuffer(b"".join(map(_describe, chunks)), "<i8").reshape(-1, _NUMBERS + 1)
    flags = np.unpackbits(rows[:, -1:].copy().view(np.uint8), axis=1, count=_FLAGS, bitorder="little")
    return np.ascontiguousarray(rows[:, :-1].T), np.ascontiguousarray(flags.T).view(np.bool_)
