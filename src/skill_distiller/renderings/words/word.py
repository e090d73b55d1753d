"""What can be said of one chunk of text on its own: class, locks, punctuation, as numbers and flags."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from zlib import crc32

from skill_distiller.renderings.words import word_lists as lists

# The numbers of a chunk, by position.
WORD, STEM, CLASS, ROLE, REACH, LENGTH, CORE_AT, CORE_LENGTH, LEAD, TRAIL = range(10)
NUMBERS: Final = 10
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
    FOR, TAIL_CLAUSE,
) = range(39)  # fmt: skip
FLAGS: Final = 39
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
_STEM_ENDS: Final = {"ing": 3, "ed": 2, "es": 2, "ly": 2, "s": 1, "e": 1}
_DASHES: Final = frozenset("— – - -- →".split())
_PUNCTUATION: Final = {
    "": 0, ",": 1, ".": 2, "!": 2, "?": 2, "…": 2, ":": 3, ";": 4, ")": 5, "*": 6, "_": 6, '"': 7, "”": 7, "'": 7,
    "(": 8, "[": 8,
}  # fmt: skip
_OTHER_PUNCTUATION: Final = 9
_PLAIN: Final = ",.;:!?…"  # what may stay behind when a word goes
_TRAILS: Final = frozenset(",.:;")
_ENDS: Final = 1 << SENTENCE_END | 1 << SCOPE_END | 1 << CLAUSE_END
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


def describe(chunk: str) -> Row:
    """The numbers of a chunk, and behind them its flags as the bits of one number."""
    text = chunk[1:] if chunk[:1] == " " else chunk
    core, trail = text, ""
    if text[-1:] in _TRAILS:
        core, trail = text[:-1], text[-1]
    if core.isalpha() and core.isascii() and core.lower() not in lists.ABBREVIATIONS:
        numbers, bits = _word(core)
        size = len(chunk)
        _, behind, marks = _marks("", trail)
        return (*numbers, size, size - len(text), len(core), 0, behind, bits | marks)
    return _marked(chunk, text)


def _marked(chunk: str, text: str) -> Row:
    """The same for a chunk that is not one word in Latin letters with at most one mark behind it."""
    if not text or text.isspace():
        return _blank(chunk)
    lead, core, trail = split_chunk(text)
    numbers, bits = _word("`" if "`" in core else core)
    before, behind, marks = _marks(lead, trail)
    if len(text) <= _LONGEST_MARKER and _MARKER.match(text):
        marks |= 1 << MARKER
    if core.lower() in lists.ABBREVIATIONS:
        marks &= ~_ENDS
    size = len(chunk)
    return (*numbers, size, size - len(text) + len(lead), len(core), before, behind, bits | marks)


def _blank(chunk: str) -> Row:
    lines = chunk.count("\n") + chunk.count("\r") - chunk.count("\r\n")
    bits = 1 << SPACE | (lines > 0) << NEWLINE | (lines > 1) << BLANK
    if not chunk:
        bits = _LOCKED | 1 << SENTENCE_END | 1 << CLAUSE_END | 1 << SCOPE_END
    return (0, 0, PAD_CLASS, OTHER, 0, len(chunk), 0, 0, _OTHER_PUNCTUATION, _OTHER_PUNCTUATION, bits)


@lru_cache(maxsize=65536)
def _word(core: str) -> tuple[Row, int]:
    """Word, stem, class, role and reach of a word without its marks; and its flags."""
    low = core.lower()
    plain = core.isascii() and core.isalpha()
    kind, role, reach, bits = _LISTED.get(low) or _unlisted(low, plain)
    bits |= _plain_bits(core, low) if plain else _other_bits(core, low)
    return (_hash(low), _hash(stem(low)), kind, role, reach), bits


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


def _hash(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


def stem(low: str) -> str:
    """A word without its ending, roughly: what two forms of a word share.

    >>> stem("checking"), stem("checks")
    ('check', 'check')
    """
    cut = _STEM_ENDS.get(low[-3:]) or _STEM_ENDS.get(low[-2:]) or _STEM_ENDS.get(low[-1:]) or 0
    return low[:-cut] if cut and len(low) > cut + 3 else low


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


@lru_cache(maxsize=4096)
def _marks(lead: str, trail: str) -> tuple[int, int, int]:
    """What stands before and behind a word: both as a number, and the flags of both."""
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
    )
    behind = _PUNCTUATION.get(trail[-1:], _OTHER_PUNCTUATION)
    return _PUNCTUATION.get(lead[:1], _OTHER_PUNCTUATION), behind, bits


_LISTED: Final = _listed()
