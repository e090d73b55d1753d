"""What may go from a text, as edits: single words, and phrases that only go whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from skill_distiller.rewriting.edits import Edit
from skill_distiller.rewriting.words import word_kinds as w
from skill_distiller.rewriting.words.word_kinds import Bools, Ints
from skill_distiller.rewriting.words.word_table import Column, Stream
from skill_distiller.skill.model import Skill

# How much surer a word that says something must be than a mere function word: it goes from the dial
# (1 - P) / SURER, so below P = 1 - SURER never.
SURER: Final = 0.65
WEAKEST: Final = 0.2  # P(drop) below which no word is ever looked at
_FUNCTION: Final = 5  # word classes below: articles, prepositions, conjunctions, auxiliaries, pronouns
_CONJUNCTION: Final = 2
_AUXILIARY: Final = 3
_FEWEST: Final = 3  # words of a sentence that may go whole, and words before a tail
_ENOUGH: Final = 2  # words before a tail that say something
_LONGEST_TAIL: Final = 16  # words


_OPEN_ENDED: Final = np.array((w.CONNECTIVE, w.PREPOSITION, w.BINDING, w.REPORTING))
# Classes of words before which a form of *to be* is a mere link: "is stored", "are unavailable".
_PREDICATES: Final = np.isin(np.arange(w.CLASSES), w.PREDICATE_CLASSES)


class Phrases(NamedTuple):
    """Runs of words `first`..`last` that may go together from the dial `strength`, `worth` expected words."""

    first: Ints
    last: Ints
    strength: Column
    worth: Column

    def only(self, kept: Bools) -> Phrases:
        """Those of the runs that are kept."""
        return Phrases(*(column[kept] for column in self))


def single_words(stream: Stream, drop: Column) -> tuple[Ints, Column]:
    """The words that may go alone, and the dial at which each may; `drop` is P(drop) a word."""
    role = stream.numbers[w.ROLE]
    words = np.flatnonzero((drop > WEAKEST) & (role > w.OTHER) & stream.bare)
    role = role[words]
    context = _context(stream, words)
    allowed = (_ASKS[role] & ~context) == 0
    words, role = words[allowed], role[allowed]
    says = role >= w.ADVERB
    strength = (1 - drop[words]) / np.where(says, SURER, 1.0)
    kept = strength < 1
    words, strength, says = words[kept], strength[kept], says[kept]
    fits = _within_limit(stream, words, strength, says)
    return words[fits], strength[fits]


# What a role may ask of the words around; the bits of `_context`.
(
    _FOLLOWED, _ONE_MARK, _INSIDE, _BEFORE_CONTENT, _UNBOUND, _AFTER_NOUN, _AFTER_COMMA, _AFTER_REPORT, _UNPAIRED,
    _STEADY, _NAMING,
) = (1 << bit for bit in range(11))  # fmt: skip
_ASKS: Final = np.zeros(w.ROLES, np.int64)
_ASKS[w.ARTICLE] = _FOLLOWED | _STEADY
_ASKS[w.COPULA] = _FOLLOWED | _INSIDE | _AFTER_NOUN
_ASKS[w.AND] = _FOLLOWED | _INSIDE | _AFTER_COMMA
_ASKS[w.THAT] = _FOLLOWED | _INSIDE | _AFTER_REPORT
_ASKS[w.POSSESSIVE] = _FOLLOWED | _BEFORE_CONTENT | _STEADY
_ASKS[w.THIS] = _FOLLOWED | _INSIDE | _BEFORE_CONTENT | _UNBOUND | _NAMING
_ASKS[w.ADVERB] = _ONE_MARK | _INSIDE | _UNBOUND | _UNPAIRED | _STEADY
_ASKS[w.ADJECTIVE] = _FOLLOWED | _INSIDE | _BEFORE_CONTENT | _UNBOUND | _UNPAIRED | _STEADY


def _context(stream: Stream, words: Ints) -> Ints:
    """What is true of the words around each of `words`, as bits."""
    flags, kind = stream.flags, stream.numbers[w.CLASS]
    before, after = words - 1, words + 1
    inside = stream.sentences.of[before] == stream.sentences.of[words]
    goes_on = stream.sentences.of[after] == stream.sentences.of[words]
    trails, plain_before = flags[w.TRAILS, words], ~flags[w.TRAILS, before]
    followed = goes_on & ~trails
    content_after = followed & flags[w.CONTENT, after]
    article_before = flags[w.INDEFINITE, before]
    same_sound = flags[w.VOWEL, words] == flags[w.VOWEL, after]
    joined = (kind[before] == _CONJUNCTION) | (kind[after] == _CONJUNCTION)
    steady = ~flags[w.AMOUNT, after] & (~article_before | (followed & same_sound))
    truths = (
        followed,
        plain_before | ~trails,
        inside,
        content_after,
        ~flags[w.BINDING, before] & plain_before,
        inside
        & (plain_before | flags[w.MARKED, before])
        & flags[w.CONTENT, before]
        & ~flags[w.SUBJECT, before]
        & _PREDICATES[kind[after]],
        stream.numbers[w.TRAIL, before] == w.COMMA,
        flags[w.REPORTING, before] & plain_before & (stream.numbers[w.REACH, after] == 0),
        ~joined,
        steady,
        (kind[after] != w.PLURAL_CLASS)
        & ~stream.covered[after]
        & (flags[w.PREPOSITION, before] | (kind[before] >= _FUNCTION)),
    )
    context = np.zeros(len(words), np.int64)
    for bit, truth in enumerate(truths):
        context |= truth.astype(np.int64) << bit
    return context


def _within_limit(stream: Stream, words: Ints, strength: Column, says: Bools) -> Bools:
    """Of the words that say something at most a fifth a sentence, the surest."""
    fits = ~says
    rows = np.flatnonzero(says)
    if not len(rows):
        return fits
    content = np.add.reduceat(stream.flags[w.CONTENT], stream.sentences.start, dtype=np.int64)
    left = dict[int, int]()
    of = stream.sentences.of[words]
    for row in rows[np.argsort(strength[rows], kind="stable")].tolist():
        sentence = int(of[row])
        rest = left.get(sentence)
        rest = int(content[sentence]) // 5 if rest is None else rest
        fits[row] = rest > 0
        left[sentence] = rest - 1
    return fits


def phrases(stream: Stream, drop: Column) -> tuple[Phrases, Phrases]:
    """The runs that may go as a whole, and apart from them the openings of sentences."""
    found = (_tails(stream), _sentences(stream), _relatives(stream), _openings(stream))
    sizes = [len(first) for first, _ in found]
    first, last = (np.concatenate(parts) for parts in zip(*found, strict=True))
    surer = np.repeat((SURER, SURER, 1.0, 1.0), sizes)
    opens = np.repeat((False, False, False, True), sizes)
    if not len(first):
        return (Phrases(first, last, surer, surer),) * 2
    article = stream.numbers[w.CLASS] == 0
    doubt = np.where(article & ~stream.locked, 1.0, drop)
    weakest = np.minimum.reduceat(doubt, np.stack((first, last + 1), 1).ravel())[::2]
    strength = (1 - weakest) / surer
    on_one_line = _counted(stream.lines, first, last) == stream.lines[first]
    both = Phrases(first, last, strength, weakest * (last - first + 1))
    kept = (strength < 1) & on_one_line
    return both.only(kept & ~opens), both.only(kept & opens)


def _solid(stream: Stream, words: Ints) -> Bools:
    """Whether a word can stand before a cut: it says something and binds nothing that follows."""
    open_ended = stream.flags[_OPEN_ENDED[:, None], words].any(0) | stream.marker[words]
    solid: Bools = (stream.numbers[w.CLASS, words] >= _FUNCTION) & ~open_ended & (stream.block[words] >= 0)
    return solid


def _tails(stream: Stream) -> tuple[Ints, Ints]:
    """Plain phrases with *for*, and clauses behind a comma, at the end of a sentence."""
    flags, sentences = stream.flags, stream.sentences
    starts = (flags[w.FOR] | flags[w.TAIL_CLAUSE]) & stream.bare
    first = np.flatnonzero(starts & (sentences.position >= _FEWEST))
    last = (sentences.start + sentences.size - 1)[sentences.of[first]]
    comma = stream.numbers[w.TRAIL, first - 1] == w.COMMA
    kind, role = stream.numbers[w.CLASS], stream.numbers[w.ROLE]
    verbal = (flags[w.CONNECTIVE] | ((kind >= _CONJUNCTION) & (kind < _FUNCTION))) & ~flags[w.FOR]
    verbal &= (role != w.POSSESSIVE) & (role != w.THIS)
    plain = flags[w.FOR, first] & ~flags[w.TRAILS, first - 1]
    plain &= (_counted(flags[w.CLAUSE_END], first, last - 1) == 0) & (_counted(verbal, first, last) == 0)
    # A rule for one case must not become a rule for all.
    begin = sentences.start[sentences.of[first]]
    plain &= _counted(stream.numbers[w.REACH] > 0, begin, first - 1) == 0
    fine = plain | (comma & flags[w.TAIL_CLAUSE, first])
    fine &= _counted(flags[w.CONTENT], sentences.start[sentences.of[first]], first - 1) >= _ENOUGH
    fine &= _solid(stream, first - 1) & stream.bare[first - 1] & stream.bare[last]
    fine &= (last > first) & (last - first < _LONGEST_TAIL) & ~flags[w.COLON, last]
    return first[fine], last[fine]


def _sentences(stream: Stream) -> tuple[Ints, Ints]:
    """Whole sentences that state something; never orders, never the first of a list item or paragraph."""
    sentences, flags = stream.sentences, stream.flags
    kind, start = stream.numbers[w.CLASS, sentences.start], sentences.start
    states = (kind < _FUNCTION) & (kind != _AUXILIARY) & (~flags[w.SUBJECT, start] | flags[w.POINTING, start])
    last = sentences.start + sentences.size - 1
    fine = states & (sentences.size >= _FEWEST) & flags[w.SENTENCE_END, last] & ~flags[w.COLON, last]
    fine[1:] &= (stream.items.of[start[1:]] == stream.items.of[last[:-1]]) & ~stream.marker[last[:-1]]
    fine[:1] = False
    fine &= flags[w.SENTENCE_END, start - 1] & stream.bare[start - 1]
    return start[fine], last[fine]


def _counted(values: Bools, first: Ints, last: Ints) -> Ints:
    """How many are true from `first` to `last`, both included."""
    total: Ints = np.cumsum(values)
    counted: Ints = total[last] - total[first] + values[first]
    return counted


def _relatives(stream: Stream) -> tuple[Ints, Ints]:
    """Relative pronouns with their verb: "files that are generated"."""
    flags, role = stream.flags, stream.numbers[w.ROLE]
    first = np.flatnonzero(flags[w.RELATIVE] & stream.bare & ~flags[w.TRAILS])
    last = first + 1
    first = first[role[last] == w.COPULA]
    last, before = first + 1, first - 1
    of, kind = stream.sentences.of, stream.numbers[w.CLASS]
    fine = stream.bare[last] & ~flags[w.TRAILS, last] & _solid(stream, before)
    fine &= (flags[w.MARKED, before] | ~flags[w.TRAILS, before]) & (kind[last + 1] >= _FUNCTION)
    fine &= (of[before] == of[last]) & (of[last + 1] == of[last])
    return first[fine], last[fine]


def _openings(stream: Stream) -> tuple[Ints, Ints]:
    """Starts of sentences that point at what is said anyway: "This is a", "There are"."""
    flags, role = stream.flags, stream.numbers[w.ROLE]
    first = np.flatnonzero(stream.fresh & flags[w.POINTING] & stream.bare & ~flags[w.TRAILS])
    first = first[role[first + 1] == w.COPULA]
    verb = first + 1
    last = verb + ((role[verb + 1] == w.ARTICLE) & stream.bare[verb + 1])
    follows = last + 1
    fine = stream.bare[verb] & (stream.sentences.of[follows] == stream.sentences.of[first])
    fine &= flags[w.CONTENT, follows] & ~flags[w.TRAILS, verb] & ~flags[w.TRAILS, last]
    fine &= ~(flags[w.INDEFINITE, last] & flags[w.AMOUNT, follows])
    return first[fine], last[fine]


# What can stand first in a line and is no list marker, fence or other mark of a block.
_STARTS_A_LINE: Final = re.compile(r"[^\W\d_]|`(?!``)")


_MISSED: Final = frozenset("this these those is are was were often usually typically generally sometimes".split())
_POSSESSIVES: Final = frozenset("my your its our their his her".split())
_ENGLISH: Final = re.compile(r"\b(?:the|and|with|your|you|that|this|from|when|are)\b", re.IGNORECASE)
_REACH: Final = 12  # characters before an article that may hold what makes it a number or a name
_BEFORE_AMOUNT: Final = re.compile(
    r"\b(?:about|around|under|over|within|half|per|once|twice|every|than|least|most|nearly"
    r"|variable|option|grade|step|section|answer|letter|column|row|point|the)\s*\Z",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"\s+(?:single|second|minute|hour|day|week|month|quarter|year|half|third|fifth|tenth|dozen|few|couple|hundred"
    r"|thousand|million|dollar|time|token|word|line|percent|and|or|to|is|then|of|in|on|at|for|by|the|element|tag|key)\b"
    r"|\s*(?:[,.;:)]|\Z)",
    re.IGNORECASE,
)


class _Draft(NamedTuple):
    """An edit with the block it belongs to and the words that are expected to go by it."""

    block: int
    start: int
    end: int
    replacement: str
    strength: float
    worth: float


def form_edits(skill: Skill, stream: Stream, drop: Column) -> dict[int, tuple[Edit, ...]]:
    """The edits by block, in order of position and without overlaps; `drop` is P(drop) of every word."""
    words, strength = single_words(stream, drop)
    whole, opening = phrases(stream, drop)
    leading = stream.fresh[words] | stream.lines[words]
    first = words[leading]
    drafts = [
        *_inner(stream, words[~leading], strength[~leading], drop),
        *_opening(skill, stream, Phrases(first, first, strength[leading], drop[first])),
        *_opening(skill, stream, opening),
        *_whole(stream, whole),
    ]
    drafts.sort()
    edits: dict[int, list[Edit]] = {}
    for block, of_block in groupby(_without_overlaps(drafts), key=attrgetter("block")):
        text = skill.blocks[block].text
        kept = [Edit(*draft[1:5]) for draft in of_block if not _stays(text, draft.start, draft.end)]
        if kept:
            edits[block] = kept
    return {block: tuple(of_block) for block, of_block in edits.items()}


def _stays(text: str, start: int, end: int) -> bool:
    """Whether a word is one that editors delete and readers miss: it points, hedges, joins clauses or counts.

    An `a` may be a word of another language, or a name; a whole sentence may be a verdict.
    """
    word = text[start:end].strip().lower()
    if word in ("a", "an"):
        named = _AMOUNT.match(text, end) or _BEFORE_AMOUNT.search(text, max(0, start - _REACH), start)
        return bool(named) or not _ENGLISH.search(text)
    if word in _POSSESSIVES:
        return len(_POSSESSIVES.intersection(text.lower().split())) > 1
    return word in _MISSED or word[-1:] in ".!?" or (word == "and" and text[:start].rstrip().endswith(","))


def _inner(stream: Stream, words: Ints, strength: Column, drop: Column) -> Iterator[_Draft]:
    """Words inside a line go with the space before them."""
    return map(
        _Draft,
        stream.block[words].tolist(),
        stream.piece_end[words - 1].tolist(),
        stream.end[words].tolist(),
        [""] * len(words),
        strength.tolist(),
        drop[words].tolist(),
    )


def _opening(skill: Skill, stream: Stream, found: Phrases) -> Iterator[_Draft]:
    """Words at the start of a line or sentence go with the space behind them; the next one takes the capital."""
    follows = found.last + 1
    movable = (stream.block[follows] >= 0) & ~stream.lines[follows] & ~stream.flags[w.TRAILS, found.last]
    capital = stream.fresh & stream.flags[w.UPPER]
    for first, last, allowed, worth in zip(*(column[movable].tolist() for column in found), strict=True):
        block, after = int(stream.block[first]), last + 1
        text, end, replacement = skill.blocks[block].text, int(stream.piece_start[after]), ""
        while text[end] == " ":
            end += 1
        if capital[first] and stream.flags[w.LOWER, after] and end == int(stream.start[after]):
            if stream.covered[after]:
                continue
            replacement, end = text[end].upper(), end + 1
        elif not _STARTS_A_LINE.match(text, end):
            continue
        yield _Draft(block, int(stream.start[first]), end, replacement, allowed, worth)


def _whole(stream: Stream, found: Phrases) -> Iterator[_Draft]:
    """Phrases go with the space before them; what closes the sentence stays where it is still needed."""
    inside = ~stream.lines[found.first]
    commas = (stream.numbers[w.TRAIL] == w.COMMA) & stream.bare
    for first, last, allowed, worth in zip(*(column[inside].tolist() for column in found), strict=True):
        block, start = int(stream.block[first]), int(stream.piece_end[first - 1])
        if stream.fresh[first]:
            end = int(stream.piece_end[last])
        else:
            start -= int(commas[first - 1])  # that set a clause apart
            end = int(stream.end[last])
        yield _Draft(block, start, end, "", allowed, worth)


def _without_overlaps(drafts: list[_Draft]) -> list[_Draft]:
    """Of edits that overlap, the one that is worth more than all those it covers."""
    kept: list[_Draft] = []
    for draft in drafts:
        clashing = 0
        while clashing < len(kept) and _clash(kept[-1 - clashing], draft):
            clashing += 1
        if clashing:
            if draft.worth <= sum(other.worth for other in kept[-clashing:]):
                continue
            del kept[-clashing:]
        kept.append(draft)
    return kept


def _clash(one: _Draft, other: _Draft) -> bool:
    return one.block == other.block and one.end > other.start
