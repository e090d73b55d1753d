"""Texts as rows of hashed tokens: one row for many texts, and one for a whole skill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.language.words import CLASSES, COUNTED, LEXICON, CharacterTables, Form, character_tables
from skill_distiller.skill.model import Skill

Hashes = npt.NDArray[np.uint64]
Flags = npt.NDArray[np.bool_]
Forms = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]
Amounts = npt.NDArray[np.float32]

_PLANE_MASK: Final = np.uint32(0xFFFF)
GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)  # 2 ** 64 by the golden ratio: spreads neighbours (Knuth)
_PLACES: Final = 32  # characters of a token whose order counts
_POWERS: Final = np.multiply.accumulate(np.full(_PLACES, 0xD1B54A32D192ED03, dtype=np.uint64))
EDGE: Final = 3  # characters
_NEAR: Final = np.arange(EDGE)
PAIRS: Final = ("**", "](", "->", "=>", "..")
_PAIRS: Final = [ord(first) << 16 | ord(second) for first, second in PAIRS]
_SLOT_BITS: Final = 16
TOKEN_DEFINITION: Final = repr((3, COUNTED, PAIRS, EDGE, [(name, sorted(words)) for name, words in LEXICON.items()]))


class Looks(NamedTuple):
    """What texts look like, whatever their words.

    `marks` counts each character of COUNTED, texts x (1 + COUNTED), `pairs` each of PAIRS, `items` the
    lines that begin with a list marker. `heads` and `tails` are a text's first and last characters as
    numbers in COUNTED, from 1; texts x EDGE.
    """

    marks: Amounts
    pairs: Amounts
    items: Amounts
    heads: Places
    tails: Places


class TokenRow(NamedTuple):
    """Several texts as one row of tokens, each text closed by an END token.

    `hashes` tell tokens apart whatever their case; `forms` say what they are made of; `classes` are
    numbers of `lexicon_sets()`, 0 for most; `cases` are 1 for a word with a capital, 2 for one in
    capitals. Text i begins at `starts[i]` and has `lengths[i]` tokens, END included.
    """

    hashes: Hashes
    forms: Forms
    classes: Places
    cases: Places
    starts: Places
    lengths: Places
    looks: Looks


class LexiconSets(NamedTuple):
    """The sets of classes that words have; `members[i]` flags the classes of set i, none of set 0."""

    members: Amounts
    words: Hashes
    sets: Places


def token_row(texts: Sequence[str]) -> TokenRow:
    """Cut texts into words, numbers, CJK characters and runs of marks; a line end begins a run."""
    tables = character_tables()
    written = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    codes: Places = (written & _PLANE_MASK).astype(np.intp)
    counts = np.fromiter(map(len, texts), dtype=np.intp, count=len(texts)) + 1
    forms = tables.forms.take(codes)
    forms[np.cumsum(counts) - 1] = Form.END
    marks, text_of = _count_marks(codes, counts, tables)
    solid = np.flatnonzero(forms != Form.SPACE)
    begins = _begins(forms).take(solid)
    codes, forms, text_of = codes.take(solid), forms.take(solid), text_of.take(solid)
    first = np.flatnonzero(begins)
    sizes = np.diff(first, append=len(codes))
    forms_of = forms[first]
    closes = np.flatnonzero(forms == Form.END)
    opens = np.append(0, closes[:-1] + 1)
    hashes = _hash(tables.lower.take(codes), first, sizes)
    hashes[forms_of == Form.END] = 0
    lengths = np.bincount(text_of[first], minlength=len(texts))
    looks = Looks(
        marks,
        _count_pairs(codes, text_of, len(texts)),
        _count_items(codes, forms, text_of, len(texts)),
        tables.counted.take(codes.take(np.minimum(opens[:, None] + _NEAR, closes[:, None]))),
        tables.counted.take(codes.take(np.maximum(closes[:, None] - 1 - _NEAR, opens[:, None]))),
    )
    return TokenRow(
        hashes,
        forms_of,
        _lexicon_sets_of(hashes),
        _cases(tables.upper.take(codes), first, sizes),
        np.cumsum(lengths) - lengths,
        lengths,
        looks,
    )


def _begins(forms: Forms) -> Flags:
    """Where a token begins: another form than before, a line end, or a character that stands alone."""
    kinds = _KINDS.take(forms)
    begins = kinds >= _ALONE
    begins[0] = True
    begins[1:] |= kinds[1:] != kinds[:-1]
    return np.asarray(begins & ~((forms == Form.MARK) & _after_line(forms)))


def _after_line(forms: Forms) -> Flags:
    after = np.zeros(len(forms), dtype=bool)
    after[1:] = forms[:-1] == Form.LINE
    return after


_ALONE: Final = 4
_KINDS: Final = np.array([0, 1, 1, 2, 4, 3, 5, 6], dtype=np.uint8)  # by form; letters are of one kind


def _count_marks(codes: Places, counts: Places, tables: CharacterTables) -> tuple[Amounts, Places]:
    width = len(COUNTED) + 1
    text_of = np.repeat(np.arange(len(counts)), counts)
    found = np.bincount(text_of * width + tables.counted.take(codes), minlength=width * len(counts))
    marks = found.reshape(-1, width).astype(np.float32)
    marks[:, 1 + COUNTED.index("\n")] -= 1  # the one that closes each text
    return marks, text_of


def _count_pairs(codes: Places, text_of: Places, count: int) -> Amounts:
    both = codes[:-1] << 16 | codes[1:]
    return np.stack(
        [np.bincount(text_of[np.flatnonzero(both == pair)], minlength=count) for pair in _PAIRS], axis=1
    ).astype(np.float32)


def _count_items(codes: Places, forms: Forms, text_of: Places, count: int) -> Amounts:
    begins = np.ones(len(codes), dtype=bool)
    begins[1:] = forms[:-1] >= Form.LINE
    at = np.flatnonzero(begins)
    marker = (forms[at] == Form.NUMBER) | (codes[at] == ord("-")) | (codes[at] == ord("*"))
    return np.bincount(text_of[at], weights=marker, minlength=count).astype(np.float32)


def _cases(upper: Flags, first: Places, sizes: Places) -> Places:
    capitals = np.add.reduceat(upper, first, dtype=np.intp)
    return np.asarray((capitals > 0).astype(np.intp) + ((capitals == sizes) & (sizes > 1)))


def _hash(codes: Hashes, first: Places, sizes: Places) -> Hashes:
    places = np.arange(len(codes)) - np.repeat(first, sizes)
    values = (codes + np.uint64(1)) * GOLDEN
    values ^= values >> np.uint64(31)
    values *= _POWERS.take(places, mode="clip")  # whatever stands beyond the last place counts alike
    return np.add.reduceat(values, first)


def hash_words(words: Sequence[str]) -> Hashes:
    """The hashes of words that are tokens."""
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    sizes = np.fromiter(map(len, words), dtype=np.intp, count=len(words))
    return _hash(codes, np.cumsum(sizes) - sizes, sizes)


@lru_cache(maxsize=1)
def lexicon_sets() -> LexiconSets:
    """The sets of the words of the lexicon."""
    words = sorted(frozenset[str]().union(*LEXICON.values()))
    flags = np.array([[word in LEXICON[name] for name in CLASSES] for word in words])
    members, sets = np.unique(flags, axis=0, return_inverse=True)
    none = np.zeros((1, len(CLASSES)))
    return LexiconSets(np.concatenate([none, members]).astype(np.float32), hash_words(words), sets.ravel() + 1)


@lru_cache(maxsize=1)
def _slots() -> tuple[Hashes, Places]:
    """Words of the lexicon by the top bits of their hashes; of two that share a slot the latter stays."""
    known = lexicon_sets()
    slots = (known.words >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
    words, sets = np.zeros(1 << _SLOT_BITS, dtype=np.uint64), np.zeros(1 << _SLOT_BITS, dtype=np.intp)
    words[slots], sets[slots] = known.words, known.sets
    return words, sets


def _lexicon_sets_of(hashes: Hashes) -> Places:
    words, sets = _slots()
    slots = (hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.intp)
    return np.where(words.take(slots) == hashes, sets.take(slots), 0)


_BLOCK: Final = 600  # characters of a block that are read: nine of ten have no more
_HEADING: Final = 120  # characters of a heading that are read


class SkillTokens(NamedTuple):
    """The texts of `tokens` are, in order: every block, for each section its heading, for each
    section the headings above that one, and the description. `section_of` is each block's section,
    `words` flags the tokens of letters or digits.
    """

    tokens: TokenRow
    words: Flags
    blocks: int
    sections: int
    section_of: Places
    depths: Places  # headings above a section, its own included

    @property
    def first_tokens(self) -> Places:
        """Where each block begins."""
        return self.tokens.starts[: self.blocks]

    @property
    def ends(self) -> Places:
        """Where the END of each block stands."""
        return self.first_tokens + self.tokens.lengths[: self.blocks] - 1


def skill_tokens(skill: Skill) -> SkillTokens:
    """Read a skill."""
    paths = [[heading[:_HEADING] for heading in skill.heading_path(section.index)] for section in skill.sections]
    texts = [block.text[:_BLOCK].rstrip() for block in skill.blocks]
    texts += [path[-1] if path else "" for path in paths]
    texts += [" ".join(path[:-1]) for path in paths]
    texts.append(skill.description)
    tokens = token_row(texts)
    return SkillTokens(
        tokens,
        (tokens.forms >= Form.WORD) & (tokens.forms <= Form.CJK),
        len(skill.blocks),
        len(paths),
        np.array(skill.section_of, dtype=np.intp),
        np.array([len(path) for path in paths], dtype=np.intp),
    )


def first_words(read: SkillTokens, count: int) -> Places:
    """Where the first words of each block stand, one row each; the block's END where it has fewer."""
    words = np.flatnonzero(read.words)
    padded = np.append(words, np.full(count, len(read.words)))
    return np.asarray(
        np.minimum(padded[np.searchsorted(words, read.first_tokens) + np.arange(count)[:, None]], read.ends)
    )
