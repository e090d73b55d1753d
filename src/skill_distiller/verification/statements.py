"""What a modal word says of which words: two statements mean the same where they share them."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from skill_distiller.verification.modal_groups import MODAL_GROUP_WORDS, modal_group
from skill_distiller.verification.pair import Place

STATEMENT_END: Final = re.compile(r"[.!?;](?=[*_\"”)]{0,4}(?:\s|\Z))|[。！？；]|\n\s*\n|\n\s*(?:[-*+>]|\d+[.)])\s")
_TAIL: Final = 120  # characters after a modal word that it may govern
_GOVERNED: Final = 5  # words of them that are compared
_WORD: Final = re.compile(r"[^\W_]+(?:['’]t)?")
_ENDING: Final = re.compile(r"(?:ing|ions?|ed|es|e|s)\Z")
_MOST: Final = 2 / 3
_SHORT: Final = 2  # letters: at, in, to
_STEM: Final = 6  # letters
_SMALL: Final = frozenset(
    "the and for are was has have that this with from you your its use used any all been"
    " more than least most less fewer greater equal minimum maximum".split()  # of limits, which symbols may stand for
)


class Statement(NamedTuple):
    """A modal fact, the group of its word and the stems of the words that it governs."""

    place: Place
    group: str
    governed: frozenset[str]

    def means(self, other: Statement) -> bool:
        """Whether another can stand for this one: of the same group, with most of the words of the shorter one."""
        if self.group != other.group:
            return False
        fewer = min(len(self.governed), len(other.governed))
        return not fewer or len(self.governed & other.governed) > _MOST * fewer


def read_statement(place: Place) -> Statement:
    """The statement that a modal fact makes."""
    text, fact = place.block.text, place.fact
    tail = text[fact.start : fact.end + _TAIL]
    end = STATEMENT_END.search(tail, len(fact.key.split(" ", 1)[0]))
    return Statement(place, modal_group(fact.key), _stems(tail[: end.start() if end else None]))


def _stems(text: str) -> frozenset[str]:
    """The first words of a text without modal and small ones, each cut to its stem."""
    return frozenset(islice(filter(None, map(_stem, _WORD.findall(text))), _GOVERNED))


@lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    """The stem of a word, "" for one that says nothing by itself. Cached: a vocabulary is small."""
    word = word.lower().replace("’", "'")
    if word in MODAL_GROUP_WORDS or word in _SMALL:
        return ""
    if len(word) <= _SHORT and word.isascii() and not word.isdigit():
        return ""
    return _ENDING.sub("", word)[:_STEM] or word
