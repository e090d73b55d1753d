"""What may go from a text, as edits: single words, and phrases that only go whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np

from skill_distiller.rewriting.edits import Edit
from skill_distiller.rewriting.words.word_kinds import CLASSES, COMMA, Bools, Flag, Ints, Number, Role, WordClass
from skill_distiller.rewriting.words.word_table import Column, WordTable
from skill_distiller.skill.model import Skill

# How much surer a word that says something must be than a mere function word: it goes from the dial
# (1 - P) / SURER, so below P = 1 - SURER never.
SURER: Final = 0.65
WEAKEST: Final = 0.2  # P(drop) below which no word is ever looked at
_FEWEST: Final = 3  # words of a sentence that may go whole, and words before a tail
_ENOUGH: Final = 2  # words before a tail that say something
_LONGEST_TAIL: Final = 16  # words
_OPEN_ENDED: Final = np.array((Flag.CONNECTIVE, Flag.PREPOSITION, Flag.BINDING, Flag.REPORTING))[:, None]
# Classes of words before which a form of *to be* is a mere link: "is stored", "are unavailable".
_PREDICATES: Final = np.zeros(CLASSES, np.bool_)
_PREDICATES[[getattr(WordClass, name) for name in "ED ING ABLE IVE AL FUL OUS".split()]] = True


class Runs(NamedTuple):
    """Runs of words `first`..`last` that may go together from the dial `strength`, `worth` expected words."""

    first: Ints
    last: Ints
    strength: Column
    worth: Column

    def only(self, kept: Bools) -> Runs:
        """Those of the runs that are kept."""
        return Runs(*(column[kept] for column in self))


def single_words(table: WordTable, drop: Column) -> Runs:
    """The words that may go alone; `drop` is P(drop) a word."""
    role = table.numbers[Number.ROLE]
    words = np.flatnonzero((drop > WEAKEST) & (role > Role.OTHER) & table.bare)
    words = words[_allowed(table, words, role[words])]
    says = role[words] >= Role.ADVERB
    strength = (1 - drop[words]) / np.where(says, SURER, 1.0)
    kept = strength < 1
    runs = Runs(words, words, strength, drop[words]).only(kept)
    return runs.only(_within_limit(table, runs, says[kept]))


def _allowed(table: WordTable, words: Ints, roles: Ints) -> Bools:
    """Whether the words around each of some words let it go alone: each role asks for something else."""
    flags, classes = table.flags, table.numbers[Number.CLASS]
    before, after = words - 1, words + 1
    inside = table.sentences.of[before] == table.sentences.of[words]
    trails, plain_before = flags[Flag.TRAILS, words], ~flags[Flag.TRAILS, before]
    followed = (table.sentences.of[after] == table.sentences.of[words]) & ~trails
    before_content = followed & flags[Flag.CONTENT, after]
    same_sound = flags[Flag.VOWEL, words] == flags[Flag.VOWEL, after]
    steady = ~flags[Flag.AMOUNT, after] & (~flags[Flag.INDEFINITE, before] | (followed & same_sound))
    unbound = ~flags[Flag.BINDING, before] & plain_before
    unpaired = (classes[before] != WordClass.CONJUNCTION) & (classes[after] != WordClass.CONJUNCTION)
    after_noun = (plain_before | flags[Flag.MARKED, before]) & flags[Flag.CONTENT, before]
    links = after_noun & ~flags[Flag.SUBJECT, before] & _PREDICATES[classes[after]]
    after_comma = table.numbers[Number.TRAIL, before] == COMMA
    reported = flags[Flag.REPORTING, before] & plain_before & (table.numbers[Number.REACH, after] == 0)
    named = (classes[after] != WordClass.S) & ~table.states.covered[after]
    named &= flags[Flag.PREPOSITION, before] | (classes[before] > WordClass.PRONOUN)
    asked = {
        Role.ARTICLE: followed & steady,
        Role.COPULA: followed & inside & links,
        Role.AND: followed & inside & after_comma,
        Role.THAT: followed & inside & reported,
        Role.POSSESSIVE: before_content & steady,
        Role.THIS: before_content & inside & unbound & named,
        Role.ADVERB: (plain_before | ~trails) & inside & unbound & unpaired & steady,
        Role.ADJECTIVE: before_content & inside & unbound & unpaired & steady,
    }
    allowed: Bools = np.select([roles == role for role in asked], list(asked.values()), False)
    return allowed


def _within_limit(table: WordTable, runs: Runs, says: Bools) -> Bools:
    """Of the words that say something at most a fifth a sentence, the surest."""
    fits = ~says
    left = (np.add.reduceat(table.flags[Flag.CONTENT], table.sentences.start, dtype=np.int64) // 5).tolist()
    rows = np.flatnonzero(says)
    rows = rows[np.argsort(runs.strength[rows], kind="stable")]
    for row, sentence in zip(rows.tolist(), table.sentences.of[runs.first[rows]].tolist(), strict=True):
        fits[row] = left[sentence] > 0
        left[sentence] -= 1
    return fits


def phrases(table: WordTable, drop: Column) -> tuple[Runs, Runs]:
    """The runs that may go as a whole, and apart from them the openings of sentences."""
    found = (_tails(table), _sentences(table), _relatives(table), _openings(table))
    sizes = [len(first) for first, _ in found]
    first, last = (np.concatenate(parts) for parts in zip(*found, strict=True))
    surer = np.repeat((SURER, SURER, 1.0, 1.0), sizes)
    if not len(first):
        return (Runs(first, last, surer, surer),) * 2
    article = table.numbers[Number.CLASS] == WordClass.ARTICLE
    doubt = np.where(article & ~table.states.locked, 1.0, drop)
    weakest = np.minimum.reduceat(doubt, np.stack((first, last + 1), 1).ravel())[::2]
    strength = (1 - weakest) / surer
    on_one_line = _counted(table.flags[Flag.NEWLINE], first, last) == table.flags[Flag.NEWLINE, first]
    both = Runs(first, last, strength, weakest * (last - first + 1))
    kept = (strength < 1) & on_one_line
    opens = np.repeat((False, False, False, True), sizes)
    return both.only(kept & ~opens), both.only(kept & opens)


def _solid(table: WordTable, words: Ints) -> Bools:
    """Whether a word can stand before a cut: it says something and binds nothing that follows."""
    open_ended = table.flags[_OPEN_ENDED, words].any(0) | table.states.marker[words]
    function = table.numbers[Number.CLASS, words] <= WordClass.PRONOUN
    solid: Bools = ~function & ~open_ended & (table.places.block[words] >= 0)
    return solid


def _tails(table: WordTable) -> tuple[Ints, Ints]:
    """Plain phrases with *for*, and clauses behind a comma, at the end of a sentence."""
    flags, sentences = table.flags, table.sentences
    starts = (flags[Flag.FOR] | flags[Flag.TAIL_CLAUSE]) & table.bare
    first = np.flatnonzero(starts & (sentences.position >= _FEWEST))
    begin = sentences.start[sentences.of[first]]
    last = begin + sentences.size[sentences.of[first]] - 1
    comma = table.numbers[Number.TRAIL, first - 1] == COMMA
    classes, role = table.numbers[Number.CLASS], table.numbers[Number.ROLE]
    verbal = (classes >= WordClass.CONJUNCTION) & (classes <= WordClass.PRONOUN)
    verbal = (flags[Flag.CONNECTIVE] | verbal) & ~flags[Flag.FOR]
    verbal &= (role != Role.POSSESSIVE) & (role != Role.THIS)
    plain = flags[Flag.FOR, first] & ~flags[Flag.TRAILS, first - 1]
    plain &= (_counted(flags[Flag.CLAUSE_END], first, last - 1) == 0) & (_counted(verbal, first, last) == 0)
    # A rule for one case must not become a rule for all.
    plain &= _counted(table.numbers[Number.REACH] > 0, begin, first - 1) == 0
    fine = plain | (comma & flags[Flag.TAIL_CLAUSE, first])
    fine &= _counted(flags[Flag.CONTENT], begin, first - 1) >= _ENOUGH
    fine &= _solid(table, first - 1) & table.bare[first - 1] & table.bare[last]
    fine &= (last > first) & (last - first < _LONGEST_TAIL) & ~flags[Flag.COLON, last]
    return first[fine], last[fine]


def _sentences(table: WordTable) -> tuple[Ints, Ints]:
    """Whole sentences that state something; never orders, never the first of a list item or paragraph."""
    sentences, flags = table.sentences, table.flags
    start, last = sentences.start, sentences.start + sentences.size - 1
    opening = table.numbers[Number.CLASS, start]
    states = (opening <= WordClass.PRONOUN) & (opening != WordClass.AUXILIARY)
    states &= ~flags[Flag.SUBJECT, start] | flags[Flag.POINTING, start]
    fine = states & (sentences.size >= _FEWEST) & flags[Flag.SENTENCE_END, last] & ~flags[Flag.COLON, last]
    fine[1:] &= (table.items.of[start[1:]] == table.items.of[last[:-1]]) & ~table.states.marker[last[:-1]]
    fine[:1] = False
    fine &= flags[Flag.SENTENCE_END, start - 1] & table.bare[start - 1]
    return start[fine], last[fine]


def _counted(values: Bools, first: Ints, last: Ints) -> Ints:
    """How many are true from `first` to `last`, both included."""
    total: Ints = np.cumsum(values)
    counted: Ints = total[last] - total[first] + values[first]
    return counted


def _relatives(table: WordTable) -> tuple[Ints, Ints]:
    """Relative pronouns with their verb: "files that are generated"."""
    flags, of = table.flags, table.sentences.of
    first = np.flatnonzero(flags[Flag.RELATIVE] & table.bare & ~flags[Flag.TRAILS])
    first = first[table.numbers[Number.ROLE, first + 1] == Role.COPULA]
    last, before = first + 1, first - 1
    fine = table.bare[last] & ~flags[Flag.TRAILS, last] & _solid(table, before)
    fine &= flags[Flag.MARKED, before] | ~flags[Flag.TRAILS, before]
    fine &= table.numbers[Number.CLASS, last + 1] > WordClass.PRONOUN
    fine &= (of[before] == of[last]) & (of[last + 1] == of[last])
    return first[fine], last[fine]


def _openings(table: WordTable) -> tuple[Ints, Ints]:
    """Starts of sentences that point at what is said anyway: "This is a", "There are"."""
    flags, role = table.flags, table.numbers[Number.ROLE]
    first = np.flatnonzero(table.states.fresh & flags[Flag.POINTING] & table.bare & ~flags[Flag.TRAILS])
    first = first[role[first + 1] == Role.COPULA]
    verb = first + 1
    last = verb + ((role[verb + 1] == Role.ARTICLE) & table.bare[verb + 1])
    follows = last + 1
    fine = table.bare[verb] & (table.sentences.of[follows] == table.sentences.of[first])
    fine &= flags[Flag.CONTENT, follows] & ~flags[Flag.TRAILS, verb] & ~flags[Flag.TRAILS, last]
    fine &= ~(flags[Flag.INDEFINITE, last] & flags[Flag.AMOUNT, follows])
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


def form_edits(skill: Skill, table: WordTable, drop: Column) -> dict[int, tuple[Edit, ...]]:
    """The edits by block, in order of position and without overlaps; `drop` is P(drop) of every word."""
    words = single_words(table, drop)
    whole, opening = phrases(table, drop)
    leading = table.states.fresh[words.first] | table.flags[Flag.NEWLINE, words.first]
    drafts = [
        *_inner(table, words.only(~leading)),
        *_opening(skill, table, words.only(leading)),
        *_opening(skill, table, opening),
        *_whole(table, whole),
    ]
    drafts.sort()
    edits: dict[int, tuple[Edit, ...]] = {}
    for block, of_block in groupby(_without_overlaps(drafts), key=attrgetter("block")):
        text = skill.blocks[block].text
        kept = tuple(Edit(*draft[1:5]) for draft in of_block if not _stays(text, draft.start, draft.end))
        if kept:
            edits[block] = kept
    return edits


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


def _inner(table: WordTable, words: Runs) -> Iterator[_Draft]:
    """Words inside a line go with the space before them."""
    places = table.places
    spans = places.block[words.first], places.piece_end[words.first - 1], places.end[words.first]
    for (block, start, end), allowed, worth in zip(
        np.stack(spans, 1).tolist(), words.strength.tolist(), words.worth.tolist(), strict=True
    ):
        yield _Draft(block, start, end, "", allowed, worth)


def _opening(skill: Skill, table: WordTable, found: Runs) -> Iterator[_Draft]:
    """Words at the start of a line or sentence go with the space behind them; the next one takes the capital."""
    places, flags = table.places, table.flags
    follows = found.last + 1
    movable = (places.block[follows] >= 0) & ~flags[Flag.NEWLINE, follows] & ~flags[Flag.TRAILS, found.last]
    capital = table.states.fresh & flags[Flag.UPPER]
    for first, last, allowed, worth in zip(*(column.tolist() for column in found.only(movable)), strict=True):
        block, after = int(places.block[first]), last + 1
        text, end, replacement = skill.blocks[block].text, int(places.piece_start[after]), ""
        while text[end] == " ":
            end += 1
        if capital[first] and flags[Flag.LOWER, after] and end == int(places.start[after]):
            if table.states.covered[after]:
                continue
            replacement, end = text[end].upper(), end + 1
        elif not _STARTS_A_LINE.match(text, end):
            continue
        yield _Draft(block, int(places.start[first]), end, replacement, allowed, worth)


def _whole(table: WordTable, found: Runs) -> Iterator[_Draft]:
    """Phrases go with the space before them; what closes the sentence stays where it is still needed."""
    places = table.places
    found = found.only(~table.flags[Flag.NEWLINE, found.first])
    commas = (table.numbers[Number.TRAIL] == COMMA) & table.bare
    for first, last, allowed, worth in zip(*(column.tolist() for column in found), strict=True):
        block, start = int(places.block[first]), int(places.piece_end[first - 1])
        if table.states.fresh[first]:
            end = int(places.piece_end[last])
        else:
            start -= int(commas[first - 1])  # that set a clause apart
            end = int(places.end[last])
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
