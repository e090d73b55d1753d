"""What each part is worth: the share of what is asked of an agent that hangs on it, by what it is like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import islice
from math import exp, fsum, log
from operator import mul
from typing import Final, NamedTuple
from zlib import crc32

from skill_distiller.analysis.reading import Reading, SectionType, Verdict, once_per_reading
from skill_distiller.language.fact import FACT_WEIGHTS, Fact, FactKind
from skill_distiller.language.facts import inventory
from skill_distiller.language.lexicon import Sense, words_of
from skill_distiller.language.words import content_words, unique_words, words_in
from skill_distiller.rewriting.parts import Part, PartKind, parts_of
from skill_distiller.rewriting.sentences import goes_on
from skill_distiller.skill.model import Block, BlockKind
from skill_distiller.skill.parse import parse_skill
from skill_distiller.weights import load_weights

_KINDS: Final = (BlockKind.PARAGRAPH, BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.CODE, BlockKind.TABLE)
_LITTLE: Final = frozenset({BlockKind.HTML, BlockKind.RULE})
_TEXT: Final = (
    "log characters",
    "log words that stand in no other part, heading or description",
    "log information of these words",
    "mean information of its words",
    "log digits",
    "log names in capitals",
    "log code spans",
    "log bold spans",
    "log quotation marks",
    "log brackets",
    "log lines",
    "gives a reason",
    "tells of a failure",
    "log conditions",
    "log negations",
    "ends in a colon",
)
_FACTS: Final = {
    "modal words": (FactKind.MODAL,),
    "numbers": (FactKind.NUMBER,),
    "links": (FactKind.LINK, FactKind.URL),
    "names": (FactKind.PATH, FactKind.FLAG, FactKind.ENV_VAR, FactKind.IDENTIFIER, FactKind.ERROR_CODE),
    "lines of code": (FactKind.CODE_LINE,),
    "quotations": (FactKind.QUOTED,),
}
_COLUMN_OF: Final = {kind: at for at, kinds in enumerate(_FACTS.values()) for kind in kinds}
_PLACE: Final = (
    "place in the block, 0-1",
    "is the first part",
    "is one of several parts",
    "log parts of the block",
    "share of the block",
    "depth in the list",
    "log parts below it",
    *(f"is a part of kind {kind}" for kind in PartKind),
    "goes on from the sentence before",
)
_BLOCK: Final = (
    "importance of the block",
    "log importance of the block",
    *(f"its block is of type {kind}" for kind in SectionType),
    *(f"its block is of kind {kind}" for kind in _KINDS),
    "its block is a tag or rule",
    "its block is a lead-in",
    "log characters of the block",
    "place of the block in the section",
    "log blocks of the section",
    "level of the section",
    "place of the block in the skill, 0-1",
    "its block is among the first tenth",
)
FEATURES: Final = (*_TEXT, *(f"log {name} that stand in no other part" for name in _FACTS), *_PLACE, *_BLOCK)
_CHARACTERS: Final = 8  # added before the logarithm: the shortest parts are much alike
_IMPORTANCE: Final = 0.05
_OPENING: Final = 0.1  # the part of a skill, in blocks, that opens it
_STOP: Final = frozenset(
    "the and for with that this from into than then such via your you they will can are not".split()
)
_WORD: Final = re.compile(r"[\w'’]+")
_CONDITIONS: Final = (Sense.CONDITION, Sense.EXCEPTION, Sense.ONLY, Sense.UNTIL, Sense.BEFORE, Sense.AFTER)
_NEGATIONS: Final = (Sense.NEGATION, Sense.AVOIDANCE, Sense.LACK)
_NO_FACTS: Final = (0.0,) * len(_FACTS)
# For each kind of part and type of section a 1 in its own column, for each kind of block one in that of its like.
_ONE_HOT: Final[Mapping[PartKind | SectionType, tuple[float, ...]]] = {
    kind: tuple(float(kind is other) for other in kinds) for kinds in (PartKind, SectionType) for kind in kinds
}
_BLOCK_KINDS: Final = {kind: tuple(float(kind is other) for other in _KINDS) for kind in BlockKind}
_DIGITS: Final = re.compile(r"\d+")
_CAPITALS: Final = re.compile(r"[A-Z]\w")
_MARKS: Final = ("`", "**", '"', "(", "\n")


def word_number(word: str) -> int:
    """The number by which a word is known to the weights: a hash of 32 bits."""
    return crc32(word.encode())


class Vocabulary(NamedTuple):
    """How many of `skills` skills use each word of those that several use, by its number."""

    skills: int = 0
    uses: Mapping[int, int] = {}

    def information(self, word: str) -> float:
        """How little a word is to be expected in a skill: minus the logarithm of the share that uses it, in nats."""
        return log((self.skills + 1) / (self.uses.get(word_number(word), 0) + 1))


@once_per_reading
def skill_parts(reading: Reading) -> tuple[tuple[Part, ...], ...]:
    """For each block its parts."""
    return tuple(map(parts_of, reading.skill.blocks, reading.locked))


def worth_features(reading: Reading, vocabulary: Vocabulary) -> list[tuple[float, ...]]:
    """One row a part, in order of reading, one value for each of FEATURES."""
    skill = reading.skill
    blocks = list(zip(skill.blocks, skill_parts(reading), reading.facts, strict=True))
    texts = [block.text[part.start : part.end] for block, parts, _ in blocks for part in parts]
    facts = [own for _, parts, known in blocks for own in _facts_by_part(parts, known)]
    words = [content_words(text) for text in texts]
    known = _STOP | content_words("\n".join([skill.description, *(section.heading for section in skill.sections)]))
    novel = unique_words(words) - known
    information = {word: vocabulary.information(word) for word in frozenset[str]().union(*words)}
    spread = Counter(key for own in facts for key in {fact.key for fact in own})
    rows = []
    at = 0
    for block, parts, _ in blocks:
        whole = tuple(_block_columns(reading, block, reading.verdicts[block.index]))
        below = Counter(part.above for part in parts)
        for place in range(len(parts)):
            text, own = texts[at], {fact.key: fact.kind for fact in facts[at] if spread[fact.key] == 1}
            said = _text_columns(text, [information[word] for word in words[at]], words[at] & novel, information)
            rows.append((*said, *_fact_columns(own), *_place_columns(block, parts, place, below[place]), *whole))
            at += 1
    return rows


def _fact_columns(own: Mapping[str, FactKind]) -> Iterable[float]:
    """The logarithms of how many facts there are of each of _FACTS; most parts have none."""
    if not own:
        return _NO_FACTS
    counts = [1] * len(_FACTS)
    for kind in own.values():
        if kind in _COLUMN_OF:
            counts[_COLUMN_OF[kind]] += 1
    return map(log, counts)


def _facts_by_part(parts: Sequence[Part], facts: Sequence[Fact]) -> list[list[Fact]]:
    """The facts, in order of position, that begin in each of the parts of their block."""
    found: list[list[Fact]] = [[] for _ in parts]
    at = 0
    for fact in facts:
        while at + 1 < len(parts) and parts[at].end <= fact.start:
            at += 1
        found[at].append(fact)
    return found


@cache
def _asked() -> tuple[frozenset[str], ...]:
    """The words of conditions, of negations, of reasons and of failures."""
    return words_of(*_CONDITIONS), words_of(*_NEGATIONS), words_of(Sense.BECAUSE), words_in("field_notes")


def _text_columns(
    text: str, information: Sequence[float], novel: frozenset[str], known: Mapping[str, float]
) -> Iterable[float]:
    words = _WORD.findall(text.lower())
    asked = _asked()
    conditions, negations = [
        0.0 if own.isdisjoint(words) else log(sum(map(own.__contains__, words)) + 1) for own in asked[:2]
    ]
    reason, failure = [float(not own.isdisjoint(words)) for own in asked[2:]]
    return (
        log(len(text) + _CHARACTERS),
        log(len(novel) + 1),
        log(sum(sorted(map(known.__getitem__, novel))) + 1),
        sum(sorted(information)) / (len(information) + 3),
        log(len(_DIGITS.findall(text)) + 1),
        log(len(_CAPITALS.findall(text)) + 1),
        *[log(text.count(mark) + 1) for mark in _MARKS],
        reason,
        failure,
        conditions,
        negations,
        float(text.rstrip().endswith((":", "："))),
    )


def _place_columns(block: Block, parts: Sequence[Part], place: int, below: int) -> Iterable[float]:
    part = parts[place]
    depth, above = 0, part.above
    while above >= 0:
        depth, above = depth + 1, parts[above].above
    return (
        place / max(1, len(parts) - 1),
        float(place == 0),
        float(len(parts) > 1),
        log(len(parts)),
        (part.end - part.start) / len(block.text),
        depth,
        log(below + 1),
        *_ONE_HOT[part.kind],
        float(goes_on(block.text[part.start : part.end])),
    )


def _block_columns(reading: Reading, block: Block, verdict: Verdict) -> Iterator[float]:
    skill = reading.skill
    section = skill.sections[skill.section_of[block.index]]
    last = max(1, len(skill.blocks) - 1)
    yield verdict.importance
    yield log(verdict.importance + _IMPORTANCE)
    yield from _ONE_HOT[verdict.type]
    yield from _BLOCK_KINDS[block.kind]
    yield float(block.kind in _LITTLE)
    yield float(block.index in reading.lead_ins)
    yield log(len(block.text) + _CHARACTERS)
    yield block.index - section.blocks[0].index
    yield log(len(section.blocks))
    yield section.level
    yield block.index / last
    yield float(block.index < _OPENING * len(skill.blocks))


NAME: Final = "worth"
DEFINITION: Final = "2 " + " ".join(FEATURES)  # of what the weights were fitted on


@dataclass(frozen=True, eq=False)  # compared and hashed by identity: it holds a vocabulary
class WorthModel:
    """One coefficient a feature of `worth_features`, and the other numbers that were fitted with them.

    `exponent`: functionality = share of worth ** exponent. `required_importance` (0-1): from which on
    a block of a required type may not be dropped. `low_confidence` (0-1): below it a block's type
    counts as uncertain.
    """

    coefficients: tuple[float, ...]
    exponent: float
    required_importance: float
    low_confidence: float
    vocabulary: Vocabulary = field(default_factory=Vocabulary)

    def functionality(self, share: float) -> float:
        """The functionality (0-1) estimated for a share (0-1) of the worth kept."""
        return float(share**self.exponent)

    def share(self, functionality: float) -> float:
        """The share of the worth (0-1) that a functionality (0-1) asks for: the inverse."""
        return float(functionality ** (1 / self.exponent))


@lru_cache(maxsize=1)
def load_worth_model() -> WorthModel:
    """The model that ships in the wheel. Raises WeightsError where it is not for this code."""
    arrays = load_weights(NAME, DEFINITION)
    coefficients = tuple(float(value) for value in arrays["coefficients"])
    exponent, required_importance, low_confidence = (float(value) for value in arrays["settings"])
    skills, *uses = arrays["uses"].tolist()
    vocabulary = Vocabulary(skills, dict(zip(arrays["words"].tolist(), uses, strict=True)))
    return WorthModel(coefficients, exponent, required_importance, low_confidence, vocabulary)


# What a separator counts of what the model gives it: nothing hangs on it, and no heading may stay for it alone.
_ORNAMENT: Final = 0.01
FACT_SHARE: Final = 0.2  # of the worth that facts make up; what the model gives makes up the rest


def block_worths(reading: Reading, model: WorthModel) -> tuple[float, ...]:
    """One number a block; together they are 1 (or 0 where there is no block)."""
    values = block_values(reading, model)
    facts = [fsum(own.values()) for own in _facts_of(reading)]
    fact_total = sum(facts)
    share = FACT_SHARE if fact_total else 0.0
    return tuple(
        (1 - share) * value + share * fact / (fact_total or 1.0) for value, fact in zip(values, facts, strict=True)
    )


@once_per_reading
def part_values(reading: Reading, model: WorthModel) -> tuple[tuple[float, ...], ...]:
    """For each part of each block the probability that it is the one a criterion hangs on; together 1.

    A conditional logit over the parts of a skill (McFadden 1974), fitted on criteria of exams.
    """
    parts = [block for block, own in zip(reading.skill.blocks, skill_parts(reading), strict=True) for _ in own]
    scores = [sum(map(mul, model.coefficients, row)) for row in worth_features(reading, model.vocabulary)]
    top = max(scores, default=0.0)
    odds = [
        exp(score - top) * (_ORNAMENT if block.kind is BlockKind.RULE else 1)
        for block, score in zip(parts, scores, strict=True)
    ]
    total = fsum(odds)
    values = iter([value / total for value in odds])
    return tuple(tuple(islice(values, len(parts))) for parts in skill_parts(reading))


@once_per_reading
def block_values(reading: Reading, model: WorthModel) -> tuple[float, ...]:
    """For each block the probability that a criterion hangs on a part of it; together 1."""
    return tuple(map(fsum, part_values(reading, model)))


@once_per_reading
def fact_weights(reading: Reading) -> dict[str, float]:
    """The weight of every distinct fact of the blocks, by key."""
    return {fact.key: FACT_WEIGHTS.get(fact.kind, 1.0) for facts in reading.facts for fact in facts}


def joint_loss(reading: Reading, model: WorthModel, blocks: Sequence[int], text: str, share: float) -> float:
    """The worth (0-1) that goes where some blocks are written together as `text`, which keeps `share` of their value.

    Facts are looked for in the text: what it lacks is lost, however much the rest is worth.
    """
    values, facts = block_values(reading, model), _facts_of(reading)
    left = inventory(parse_skill(text)).keys()
    missing = fsum(mass for block in blocks for key, mass in facts[block].items() if key not in left)
    fact_total = fsum(mass for own in facts for mass in own.values())
    fact_share = FACT_SHARE if fact_total else 0.0
    value = (1 - share) * fsum(values[block] for block in blocks)
    return (1 - fact_share) * value + fact_share * missing / (fact_total or 1.0)


@once_per_reading
def _facts_of(reading: Reading) -> tuple[dict[str, float], ...]:
    """For each block the mass of its facts, by key."""
    # A fact that stands in k blocks counts 1/k in each: what the planner adds up is never more than
    # what the judge finds in the result.
    weights = fact_weights(reading)
    keys = [{fact.key for fact in facts} for facts in reading.facts]
    spread = Counter(key for own in keys for key in own)
    return tuple({key: weights[key] / spread[key] for key in own} for own in keys)
