"""Of every instruction something is left: a sentence that says what to do may be reworded, not taken out."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from skill_distiller.analysis.clauses import Sentence, sentences
from skill_distiller.document import PROSE, Block
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, line_at

_TRACE: Final = 0.34  # of its words and facts: so much at least stands in one sentence of the candidate
_FEWEST: Final = 2  # of them
_COMMON: Final = 500  # sentences that share a word; it tells nothing then
_MOST: Final = 0.9  # of the long words of a sentence, where it was shortened and not taken out
_NEAR: Final = 8  # blocks of the candidate that are looked through for it
_LONG_WORD: Final = re.compile(r"\w{4,}")
_PIECE_END: Final = re.compile(r"[.!?;:。！？；]\s|\n")
_LONGEST: Final = 20_000  # characters of a block that is looked at


def find_lost_instructions(pair: Pair, known: Collection[str] = ()) -> Iterator[Finding]:
    """The instructions of which no sentence of the candidate holds a third; those with a text in `known` apart.

    A block that the receipt says was removed is declared with all its instructions.
    """
    found = ((block, sentence) for block in _to_look_at(pair) for sentence in _instructions(block))
    # Of which a fact is lost is told already.
    gone = [(block, sentence) for block, sentence in found if pair.candidate_keys.issuperset(sentence.keys)]
    for look in (_changed, _all):  # mostly it stands in a block that was changed: the whole is looked at last
        places = _places(look(pair)) if gone else {}
        gone = [(block, sentence) for block, sentence in gone if not _is_left(sentence, places)]
    for block, sentence in gone:
        if sentence.text not in known:
            line = line_at(block, max(0, block.text.find(sentence.text)))
            yield Finding(FindingKind.LOST, Level.FAILURE, " ".join(sentence.text.split()), line, "instruction")


def _to_look_at(pair: Pair) -> Iterator[Block]:
    """The blocks that are neither in the candidate nor declared, but for those of which only small words went.

    Of these a block of the candidate, not far behind the one before, has nearly all long words of each piece.
    """
    changed = [_long_words(block.text) for block in pair.candidate_alone]
    at = 0
    for block in pair.original_alone:
        if block.text in pair.declared.removed:
            continue
        pieces = [words for piece in _PIECE_END.split(block.text) if (words := _long_words(piece))]
        for place in range(at, min(at + _NEAR, len(changed))):
            if all(len(words & changed[place]) >= _MOST * len(words) for words in pieces):
                at = place + 1
                break
        else:
            yield block


def _long_words(text: str) -> frozenset[str]:
    return frozenset(_LONG_WORD.findall(text.lower()))


def _is_left(sentence: Sentence, places: Mapping[str, Sequence[int]]) -> bool:
    own = _words(sentence)
    shared = Counter(place for word in own for place in places.get(word, ())[:_COMMON])
    return max(shared.values(), default=0) >= math.ceil(_TRACE * len(own))


def _changed(pair: Pair) -> list[str]:
    return [block.text for block in pair.candidate_alone]


def _all(pair: Pair) -> list[str]:
    skill = pair.candidate
    return [*(block.text for block in skill.blocks), *(section.heading for section in skill.sections)]


def _instructions(block: Block) -> Iterator[Sentence]:
    for sentence in sentences(block.text) if block.kind in PROSE and len(block.text) <= _LONGEST else ():
        if sentence.asks and not sentence.governed and len(_words(sentence)) >= _FEWEST:
            yield sentence


def _places(texts: Sequence[str]) -> dict[str, list[int]]:
    """For each word and fact the sentences of some texts that hold it, by number."""
    places = defaultdict[str, list[int]](list)
    for number, sentence in enumerate(sentence for text in texts for sentence in sentences(text)):
        for word in _words(sentence):
            places[word].append(number)
    return places


def _words(sentence: Sentence) -> frozenset[str]:
    return sentence.stems.union(sentence.keys)
