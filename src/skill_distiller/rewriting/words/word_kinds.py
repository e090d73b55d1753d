"""What can be said of one chunk of text on its own, as numbers and flags, worked out once a chunk."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain, count
from threading import Lock
from typing import Any, Final
from zlib import crc32

import numpy as np
import numpy.typing as npt

from skill_distiller.rewriting.words import word_lists as lists

# The numbers of a chunk, by position.
WORD, CLASS, ROLE, REACH, LEAD, TRAIL, LENGTH, CORE_AT, CORE_LENGTH = range(9)
NUMBERS: Final = 9
# The flags of a chunk, by position.
(
    SPACE, NEWLINE, BLANK, MARKER,
    LOCKED_FIRST, LOCKED_INSIDE,  # at the start of a sentence; inside it
    SENTENCE_END, CLAUSE_END, SCOPE_END, COLON,
    OPENS, CLOSES, BOLD_ON, BOLD_OFF,
    MARKED,  # bears more than plain punctuation behind it
    BRACKETED,  # bears one round bracket, the rest is plain
    RAW_QUOTE, PIPE, TRAILS,
    CONNECTIVE, PREPOSITION, CONTENT, DIGIT, NOT, SUBJECT, REPORTING, BINDING, INDEFINITE,
    UPPER, LOWER,  # starts with a capital letter; can be given one
    FOREIGN, ENGLISH, ALIEN, AMOUNT, VOWEL, POINTING, RELATIVE,
    FOR, TAIL_CLAUSE, ABBREVIATED,
) = range(40)  # fmt: skip
FLAGS: Final = 40
COMMA: Final = 1  # the number of a comma behind a word
# What a word asks of its surroundings before it may go alone.
OTHER, ARTICLE, COPULA, AND, THAT, POSSESSIVE, THIS, ADVERB, ADJECTIVE = range(9)
ROLES: Final = 9

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
_SUFFIXES: Final = "ly ing ed tion ment ness ity ive able al ful ous ent er s".split()
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
_BLANK_FLAGS: Final = {
    "": 1 << LOCKED_FIRST | 1 << LOCKED_INSIDE | 1 << SENTENCE_END | 1 << CLAUSE_END | 1 << SCOPE_END,
    " ": 1 << SPACE,
    "\n": 1 << SPACE | 1 << NEWLINE,
    "\n\n": 1 << SPACE | 1 << NEWLINE | 1 << BLANK,
}
_TRAILS: Final = frozenset(",.:;")
ENDS: Final = 1 << SENTENCE_END | 1 << SCOPE_END | 1 << CLAUSE_END  # what an abbreviation's full stop is not
_LONGEST_MARKER: Final = 6  # characters
_LONGEST: Final = 80  # characters; what is longer is no word of a language
_ADVERBS: Final = frozenset("very really also often overall".split())
_NEGATION_REACH: Final = 7  # words after a negation that it may govern

_SUFFIX_CLASS: Final = len(lists.CLOSED_CLASSES)
_SUFFIX_CLASSES: Final = {end: _SUFFIX_CLASS + number for number, end in enumerate(_SUFFIXES)}
_LENGTH_CLASS: Final = _SUFFIX_CLASS + len(_SUFFIXES)
PREDICATE_CLASSES: Final = tuple(_SUFFIX_CLASSES[end] for end in ("ed", "ing", "able", "ive", "al", "ful", "ous"))
PLURAL_CLASS: Final = _SUFFIX_CLASSES["s"]
PAD_CLASS: Final = _LENGTH_CLASS + 3
CLASSES: Final = PAD_CLASS + 1
_FUNCTION_CLASSES: Final = 5  # articles, prepositions, conjunctions, auxiliaries, pronouns

_LOCKED: Final = 1 << LOCKED_FIRST | 1 << LOCKED_INSIDE
_WORD_FLAGS: Final = (
    (lists.LOCKED, _LOCKED),
    (lists.CONNECTIVES, 1 << CONNECTIVE),
    (lists.PREPOSITIONS, 1 << PREPOSITION),
    (("not", "never"), 1 << NOT),
    (lists.SUBJECTS, 1 << SUBJECT),
    (lists.REPORTING, 1 << REPORTING),
    (lists.BINDING, 1 << BINDING),
    (("a", "an"), 1 << INDEFINITE),
    (("for",), 1 << FOR),
    (lists.TAIL_CLAUSES, 1 << TAIL_CLAUSE),
    (("this", "it", "these", "there"), 1 << POINTING),
    (("that", "which"), 1 << RELATIVE),
    (lists.AMOUNTS, 1 << AMOUNT),
    (lists.ABBREVIATIONS, 1 << ABBREVIATED),
    (lists.FOREIGN, 1 << FOREIGN),
    (lists.ENGLISH, 1 << ENGLISH),
)
_ROLES: Final = {
    **dict.fromkeys(lists.EVALUATING, ADJECTIVE),
    **dict.fromkeys(_ADVERBS, ADVERB),
    **dict.fromkeys(lists.ARTICLES, ARTICLE),
    **dict.fromkeys(("is", "are", "was", "were"), COPULA),
    **dict.fromkeys(("your", "its", "their", "our"), POSSESSIVE),
    "and": AND,
    "that": THAT,
    **dict.fromkeys(("this", "these", "those"), THIS),
}


def split_chunk(chunk: str) -> tuple[str, str, str]:
    """A chunk without its space: the marks before its core, the core, the marks and punctuation behind.

    >>> split_chunk("(**word**),")
    ('(**', 'word', '**),')
    """
    match = _PARTS.match(chunk)
    lead, core, trail = match.groups() if match else ("", chunk, "")
    return (lead, core, trail) if core else ("", lead + trail, "")


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
    lead, core, trail = split_chunk(text)
    marks = f"{lead} {trail}" if lead else trail
    if len(text) <= _LONGEST_MARKER and _MARKER.match(text):
        marks += _IS_MARKER
    return "`" if "`" in core else core, marks, size, size - len(text) + len(lead), len(core)


def describe_word(core: str) -> Row:
    """Word, class, role and reach of a word without its marks, and its flags as bits."""
    if not core or core in _BLANKS:
        return (0, PAD_CLASS, OTHER, 0, _BLANK_FLAGS[core])
    low = core.lower()
    plain = core.isascii() and core.isalpha()
    kind, role, reach, bits = _LISTED.get(low) or _unlisted(low, plain)
    bits |= _plain_bits(core, low) if plain else _other_bits(core, low)
    return (crc32(low.encode("utf-8", "surrogatepass")), kind, role, reach, bits)


def _listed() -> dict[str, Row]:
    """Class, role, reach and flags of every word that stands on a list."""
    flags: dict[str, int] = {}
    for words, bits in _WORD_FLAGS:
        for word in words:
            flags[word] = flags.get(word, 0) | bits
    classes: dict[str, int] = {}
    for number, words in enumerate(lists.CLOSED_CLASSES):
        for word in words:
            classes.setdefault(word, number)
    listed: dict[str, Row] = {}
    for word in {*flags, *classes, *_ROLES}:
        kind, role, reach, content = _unlisted(word, word.isalpha())
        kind = classes.get(word, kind)
        if word in lists.NEGATIONS or word in lists.CONDITIONS:
            reach = _NEGATION_REACH if word in lists.NEGATIONS else 1
        bits = flags.get(word, 0)
        if kind >= _FUNCTION_CLASSES and not bits & 1 << CONNECTIVE:
            bits |= content
        listed[word] = (kind, _ROLES.get(word, role if kind >= _FUNCTION_CLASSES else OTHER), reach, bits)
    return listed


def _unlisted(low: str, plain: bool) -> Row:
    """Class, role, reach and flags of any other word."""
    if plain:
        adverb = low.endswith("ly") and low not in lists.KEPT_LY
        return (word_class(low), ADVERB if adverb else OTHER, 0, 1 << CONTENT)
    reach = _NEGATION_REACH if low.endswith(("n't", "n’t")) else int(low[:1].isdigit())
    return (word_class(low), OTHER, reach, bool(_LETTER.search(low)) << CONTENT)


def word_class(low: str) -> int:
    """The class of a word that stands on no list: its suffix, else its length."""
    size = len(low)
    for length in (4, 3, 2, 1):
        suffix = _SUFFIX_CLASSES.get(low[-length:])
        if suffix is not None and size > length + 2:
            return suffix
    return _LENGTH_CLASS + (0 if not low.isalpha() else 1 if size < 5 else 2)


def _plain_bits(core: str, low: str) -> int:
    """The flags of a word of Latin letters; it is locked where it is written like a name."""
    bits = (core[0] in "aeiouAEIOU") << VOWEL
    if core.islower():
        named = len(core) == 1 and low != "a"
        small = core not in lists.TOOLS and bool(_VOWEL.search(core))
        bits |= small << LOWER
    else:
        named = not core.istitle() or (len(core) == 1 and low != "a")
        bits |= core[0].isupper() << UPPER | (core not in ("An", "The")) << LOCKED_INSIDE
    return bits | _LOCKED if named or len(core) > _LONGEST else bits


def _other_bits(core: str, low: str) -> int:
    """The flags of what is not one word of Latin letters."""
    bits = bool(_DIGIT.search(core)) << DIGIT | core[0].isupper() << UPPER | ("|" in core) << PIPE
    bits |= core[0].isupper() << LOCKED_INSIDE
    if core in _DASHES:
        bits |= 1 << CLAUSE_END | 1 << SCOPE_END | 1 << COLON
    if _QUOTE.search(core):
        bits |= 1 << RAW_QUOTE
    if _FACT.search(core) or "n't" in low or "n’t" in low or len(core) > _LONGEST or _names(low):
        bits |= _LOCKED
    return bits if core.isascii() else bits | bool(_ALIEN.search(core)) << ALIEN


def _names(low: str) -> bool:
    """Whether a hyphenated word may be a name."""
    parts = low.split("-")
    return len(parts) > 1 and parts[0] not in lists.OPEN_COMPOUNDS and parts[-1] not in lists.OPEN_COMPOUNDS


def describe_marks(marks: str) -> Row:
    """What stands before and behind a word: both as a number, and the flags of both as bits."""
    if marks == _NO_WORD:
        return (_OTHER_PUNCTUATION, _OTHER_PUNCTUATION, 0)
    lead, _, trail = marks.removesuffix(_IS_MARKER).rpartition(" ")
    sentence = bool(set(".!?…").intersection(trail))
    scope = sentence or bool(set(";:)").intersection(trail))
    marked = bool(lead) or bool(trail.strip(_PLAIN))
    bracketed = marked and lead in ("", "(") and not trail.removeprefix(")").strip(_PLAIN)
    bits = (
        sentence << SENTENCE_END
        | scope << SCOPE_END
        | (scope or "," in trail) << CLAUSE_END
        | (trail.rstrip("*_")[-1:] == ":") << COLON
        | ("(" in lead) << OPENS
        | (")" in trail) << CLOSES
        | ("**" in lead or "__" in lead) << BOLD_ON
        | ("**" in trail or "__" in trail) << BOLD_OFF
        | marked << MARKED
        | bracketed << BRACKETED
        | bool(_QUOTE.search(lead + trail) or "'" in lead) << RAW_QUOTE
        | bool(trail) << TRAILS
        | marks.endswith(_IS_MARKER) << MARKER
    )
    behind = _PUNCTUATION.get(trail[-1:], _OTHER_PUNCTUATION)
    return _PUNCTUATION.get(lead[:1], _OTHER_PUNCTUATION), behind, bits


_LISTED: Final = _listed()


Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A word with the space before it, or other white space; code spans and links are one word each.
CHUNK: Final = re.compile(
    r" ?[^\s`\[]++(?:`[^`\n]++`[^\s`\[]*+|[`\[][^\s`\[]*+)*+"
    r"| ?(?:`[^`\n]++`|!?\[[^\[\]\n]{0,300}+\]\([^()\n]{0,500}+\)|[`\[])(?:[^\s`\[]++|`[^`\n]++`|[`\[])*+|\s++"
)
PAD: Final = ""  # the chunk that stands between blocks
_ROOM: Final = 1 << 17  # chunks remembered at most


class _Described:
    """Texts with the rows of numbers that describe them, worked out when they are first asked for."""

    def __init__(self, describe: Callable[[str], tuple[int, ...]]) -> None:
        self._describe = describe
        self._places: dict[str, int] = {}
        self._rows = array("q")

    def rows(self, texts: Sequence[str]) -> Ints:
        """The rows of some texts, one below the other."""
        fresh = set(texts).difference(self._places)
        self._rows.extend(chain.from_iterable(map(self._describe, fresh)))
        self._places.update(zip(fresh, count(len(self._places))))
        rows = np.frombuffer(self._rows, np.int64).reshape(len(self._places), -1)
        return rows.take(_places_of(texts, self._places), 0)


class Vocabulary:
    """Chunks with what is known of each; one not seen before is described as it is read.

    `read` gives the columns of many chunks at once. Safe to share between threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._empty()

    def read(self, chunks: Sequence[str]) -> tuple[Ints, Bools]:
        """The numbers (`NUMBERS` x chunks) and flags (`FLAGS` x chunks) of chunks, in order."""
        with self._lock:
            if len(self._places) > _ROOM:
                self._empty()
            fresh = list(set(chunks).difference(self._places))
            if fresh:
                self._add(fresh)
            places = _places_of(chunks, self._places)
            numbers, flags = self._numbers.take(places, 0), self._flags.take(places, 0)
        return np.ascontiguousarray(numbers.T), np.ascontiguousarray(flags.T)

    def _empty(self) -> None:
        self._places: dict[str, int] = {}
        self._words, self._marks = _Described(describe_word), _Described(describe_marks)
        self._numbers = np.zeros((1024, NUMBERS), np.int64)
        self._flags = np.zeros((1024, FLAGS), np.bool_)

    def _add(self, fresh: Sequence[str]) -> None:
        cores, bare_marks, *sizes = zip(*map(cut, fresh), strict=True)
        words, marks = self._words.rows(cores), self._marks.rows(bare_marks)
        old, new = len(self._places), len(self._places) + len(fresh)
        if new > len(self._numbers):
            room = max(new, 2 * len(self._numbers))
            self._numbers = _longer(self._numbers, room)
            self._flags = _longer(self._flags, room)
        self._numbers[old:new] = np.hstack((words[:, :-1], marks[:, :-1], np.array(sizes, np.int64).T))
        of_word, of_marks = words[:, -1:], marks[:, -1:]
        bits = of_word | np.where(of_word >> ABBREVIATED & 1, of_marks & ~ENDS, of_marks)
        self._flags[old:new] = bits >> np.arange(FLAGS) & 1
        self._places.update(zip(fresh, range(old, new), strict=True))


@cache
def shared_vocabulary() -> Vocabulary:
    """The vocabulary of this process."""
    return Vocabulary()


def _places_of(texts: Sequence[str], places: Mapping[str, int]) -> Ints:
    return np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))


def _longer(rows: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    longer = np.zeros((room, rows.shape[1]), rows.dtype)
    longer[: len(rows)] = rows
    return longer
