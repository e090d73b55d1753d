"""Of every instruction something is left: a sentence that says what to do may be reworded, not taken out."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import Final

from skill_distiller.analysis.clauses import Sentence, sentences
from skill_distiller.document import PROSE, Block, Skill
from skill_distiller.verification.model import Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair, line_at

_TRACE: Final = 0.34  # of its words and facts: so much at least stands in one sentence of the candidate
_FEWEST: Final = 2  # of them
_COMMON: Final = 500  # sentences that share a word; it tells nothing then
_LONGEST: Final = 20_000  # characters of a block that is looked at


def find_lost_instructions(pair: Pair, known: Collection[str] = ()) -> Iterator[Finding]:
    """The instructions of which no sentence of the candidate holds a third; those with a text in `known` apart."""
    found = ((block, sentence) for block in pair.original_alone for sentence in _instructions(block))
    # Of which a fact is lost is told already.
    gone = [(block, sentence) for block, sentence in found if pair.candidate_keys.issuperset(sentence.keys)]
    if not gone:
        return
    places = _places(pair.candidate)
    for block, sentence in gone:
        own = _words(sentence)
        shared = Counter(place for word in own for place in places.get(word, ())[:_COMMON])
        if max(shared.values(), default=0) >= math.ceil(_TRACE * len(own)) or sentence.text in known:
            continue
        level = Level.DECLARED if block.text in pair.declared.removed else Level.FAILURE
        line = line_at(block, max(0, block.text.find(sentence.text)))
        yield Finding(FindingKind.LOST, level, " ".join(sentence.text.split()), line, "instruction")


def _instructions(block: Block) -> Iterator[Sentence]:
    for sentence in sentences(block.text) if block.kind in PROSE and len(block.text) <= _LONGEST else ():
        if sentence.asks and not sentence.governed and len(_words(sentence)) >= _FEWEST:
            yield sentence


def _places(skill: Skill) -> dict[str, list[int]]:
    """For each word and fact the sentences of a skill that hold it, by number; headings are sentences too."""
    places = defaultdict[str, list[int]](list)
    texts = [*(block.text for block in skill.blocks), *(section.heading for section in skill.sections)]
    for number, sentence in enumerate(sentence for text in texts for sentence in sentences(text)):
        for word in _words(sentence):
            places[word].append(number)
    return places


def _words(sentence: Sentence) -> frozenset[str]:
    return sentence.stems.union(sentence.keys)
