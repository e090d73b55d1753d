"""The words of a skill's prose in one table: what each stands in, which belong together, what is next to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skill_distiller.language.facts import Span
from skill_distiller.rewriting.words.word_kinds import CHUNK, PAD, Bools, Flag, Ints, Number, WordClass, read_chunks
from skill_distiller.skill.model import BlockKind, Skill

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Groups:
    """Consecutive words that belong together.

    `of` a word its group and `position` in it; `start` and `size` of each group.
    """

    of: Ints
    position: Ints
    start: Ints
    size: Ints

    def mean(self, values: Column) -> Column:
        """For each word the mean of its group."""
        mean: Column = (np.add.reduceat(values, self.start) / self.size)[self.of]
        return mean


def back(values: Column) -> Column:
    """The value of the word before; the first word has its own."""
    moved = np.empty_like(values)
    moved[:1] = values[:1]
    moved[1:] = values[:-1]
    return moved


def ahead(values: Column) -> Column:
    """The value of the word after; the last word has its own."""
    moved = np.empty_like(values)
    moved[-1:] = values[-1:]
    moved[:-1] = values[1:]
    return moved


def group(starts: Bools) -> Groups:
    """Groups that begin where `starts` says; the first word must begin one."""
    start = np.flatnonzero(starts)
    size = np.empty_like(start)
    size[:-1] = start[1:] - start[:-1]
    size[-1:] = len(starts) - start[-1:]
    of = starts.cumsum() - 1
    return Groups(of, np.arange(len(starts)) - start[of], start, size)


_PADS: Final = 3  # empty words around each block: what looks a few words aside never sees another block
_GLANCE: Final = 256  # words that show the language; also characters of a block looked at
_LABEL: Final = 4  # words before a colon or dash that name what follows


@dataclass(frozen=True, slots=True)
class Places:
    """Where each word stands: the index of its block (-1 at an empty word), and offsets in the block's text.

    `start` and `end` are those of its core, `piece_start` and `piece_end` those of the word with its marks.
    """

    block: Ints
    start: Ints
    end: Ints
    piece_start: Ints
    piece_end: Ints


@dataclass(frozen=True, slots=True)
class States:
    """What is true of each word where it stands.

    A word may be `in_list`, in `bold` text, in round brackets (`bracketed`), the `marker` of a list item,
    or the first of a sentence or item (`fresh`). `covered` words are touched by a span that was given;
    `locked` ones stay whatever their score.
    """

    in_list: Bools
    marker: Bools
    fresh: Bools
    bold: Bools
    bracketed: Bools
    covered: Bools
    locked: Bools


@dataclass(frozen=True, slots=True)
class WordTable:
    """All words of a skill's prose blocks in order, `_PADS` empty words around each block.

    `numbers` (`Number` x words) and `flags` (`Flag` x words) are those of each word on its own; the flags
    of white space are those of what stands before it.
    """

    numbers: Ints
    flags: Bools
    places: Places
    states: States
    sentences: Groups
    clauses: Groups
    items: Groups
    units: Groups

    @property
    def bare(self) -> Bools:
        """Which words may go alone: those that bear no mark."""
        bare: Bools = ~self.flags[Flag.MARKED]
        return bare


def read_words(skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]) -> WordTable | None:
    """The words of the given blocks; None where the skill is not English or holds no words."""
    texts = [skill.blocks[index].text for index in prose]
    if not _starts_in_english(texts):
        return None
    pads = [PAD] * _PADS
    chunks, sizes = list(pads), [_PADS]
    for text in texts:
        before = len(chunks)
        chunks += CHUNK.findall(text)
        chunks += pads
        sizes.append(len(chunks) - before)
    numbers, flags = read_chunks(chunks)
    if len(chunks) == _PADS or not _is_english(flags):
        return None
    for flag in (Flag.NEWLINE, Flag.BLANK):
        flags[flag] = back(flags[flag])
    words = np.flatnonzero(~flags[Flag.SPACE])
    end = np.cumsum(numbers[Number.LENGTH])[words]
    unit = np.repeat(np.maximum(np.arange(len(sizes)) - 1, 0), sizes)[words]
    numbers, flags = numbers[:, words], flags[:, words]
    start = end - numbers[Number.LENGTH]
    block = np.where(end > start, np.asarray(prose, np.int64)[unit], -1)
    bases = np.concatenate(([0], np.cumsum(list(map(len, texts)), dtype=np.int64)))
    covered = _covered([locked.get(index, ()) for index in prose], bases, start, end)
    start, end = start - bases[unit], end - bases[unit]
    core = start + numbers[Number.CORE_AT]
    places = Places(block, core, core + numbers[Number.CORE_LENGTH], start, end)
    in_list = np.array([skill.blocks[index].kind is not BlockKind.PARAGRAPH for index in prose])[unit]
    return _structured(numbers, flags, places, in_list, covered)


def _starts_in_english(texts: Sequence[str]) -> bool:
    """A look at the first words, so that nothing is worked out of a text in another language."""
    chunks: list[str] = []
    for text in texts:
        chunks += CHUNK.findall(text, 0, _GLANCE)
        if len(chunks) > _GLANCE:
            break
    return _is_english(read_chunks(chunks)[1])


def _structured(numbers: Ints, flags: Bools, places: Places, in_list: Bools, covered: Bools) -> WordTable:
    pad = places.block < 0
    new_unit = pad | back(pad)
    new_line = flags[Flag.NEWLINE]
    new_marker = (new_line | back(pad)) & flags[Flag.MARKER]
    marker = new_marker.copy()
    for _ in range(2):  # a task box, a list in a list
        marker |= back(marker) & flags[Flag.MARKER]
    new_item = new_marker | flags[Flag.BLANK] | new_unit
    fresh = (new_item | back(marker) | back(flags[Flag.SENTENCE_END] | pad)) & ~marker
    new_sentence = fresh | new_item
    connective = flags[Flag.CONNECTIVE] & ~flags[Flag.OPENS]
    new_clause = new_sentence | back(flags[Flag.CLAUSE_END]) | flags[Flag.OPENS] | connective
    sentences, items, units = group(new_sentence), group(new_item), group(new_unit)
    bold = _inside(flags[Flag.BOLD_ON], flags[Flag.BOLD_OFF], items)
    locked = covered | pad | marker | (flags[Flag.MARKED] & ~flags[Flag.BRACKETED])
    locked |= _locked_nearby(numbers, flags, fresh, marker, sentences)
    locked |= _by_line(flags, new_line | pad, covered) | _foreign(flags, units)
    governed = _governed(numbers, new_sentence | back(flags[Flag.SCOPE_END] | flags[Flag.COLON]))
    locked |= (bold | governed) & (numbers[Number.CLASS] != WordClass.ARTICLE)
    bracketed = _inside(flags[Flag.OPENS], flags[Flag.CLOSES], sentences)
    states = States(in_list, marker, fresh, bold, bracketed, covered, locked)
    return WordTable(numbers, flags, places, states, sentences, group(new_clause), items, units)


def _inside(opens: Bools, closes: Bools, groups: Groups) -> Bools:
    """Whether a word stands between an opening and its closing mark, both included, in its group."""
    depth: Ints = np.cumsum(opens) - back(np.cumsum(closes))
    inside: Bools = depth > (depth - opens)[groups.start][groups.of]
    return inside


def _covered(spans: Sequence[Sequence[Span]], bases: Ints, start: Ints, end: Ints) -> Bools:
    """Whether a locked span of its block touches a word; offsets of the words count from the first block on."""
    counts = [len(of_block) for of_block in spans]
    total = sum(counts)
    if not total:
        return np.zeros(len(start), np.bool_)
    pairs = np.fromiter(chain.from_iterable(chain.from_iterable(spans)), np.int64, 2 * total)
    shift = np.repeat(bases[:-1], counts)
    begun = np.searchsorted(pairs[0::2] + shift, end, "left")
    ended = np.searchsorted(pairs[1::2] + shift, start, "right")
    return begun > ended


def _locked_nearby(numbers: Ints, flags: Bools, fresh: Bools, marker: Bools, sentences: Groups) -> Bools:
    """What a word is on its own or by the words right beside it."""
    locked: Bools = np.where(fresh, flags[Flag.LOCKED_FIRST], flags[Flag.LOCKED_INSIDE])
    locked |= ahead(flags[Flag.NOT]) | back(flags[Flag.DIGIT] & ~marker)
    locked |= (numbers[Number.CLASS] == WordClass.ARTICLE) & flags[Flag.TRAILS]  # a letter, no article
    stops = np.flatnonzero(flags[Flag.COLON])
    if len(stops):  # the term that is explained
        begin = sentences.start[sentences.of[stops]]
        near = stops - begin <= _LABEL
        edges = np.zeros(len(fresh) + 1, np.int64)
        np.add.at(edges, begin[near], 1)
        np.add.at(edges, stops[near] + 1, -1)
        locked |= np.cumsum(edges)[:-1] > 0
    return locked


def _by_line(flags: Bools, new_line: Bools, covered: Bools) -> Bools:
    """What stands in a line with table pipes, or behind a quote that is never closed."""
    pipe: Bools = flags[Flag.PIPE] & ~covered
    raw = flags[Flag.RAW_QUOTE] & ~covered
    if not (pipe.any() or raw.any()):
        return pipe
    lines = group(new_line)
    with_pipe = np.zeros(len(lines.start), np.bool_)
    with_pipe[lines.of[pipe]] = True
    quotes = np.cumsum(raw)
    unsure: Bools = with_pipe[lines.of] | (quotes > (quotes - raw)[lines.start][lines.of])
    return unsure


def _foreign(flags: Bools, units: Groups) -> Bools:
    """Words of blocks that are not English."""
    sums = np.add.reduceat(flags[_LANGUAGE], units.start, axis=1, dtype=np.int64)
    foreign: Bools = ~_english(sums, units.size)[units.of]
    return foreign


_LANGUAGE: Final = np.array((Flag.FOREIGN, Flag.ENGLISH, Flag.ALIEN))


def _is_english(flags: Bools) -> bool:
    return bool(_english(np.count_nonzero(flags[_LANGUAGE], axis=1), flags.shape[1]))


def _english(sums: Ints, words: Any) -> Any:  # noqa: ANN401  # one number each, or one a block
    foreign, english, alien = sums
    return (alien <= 0.05 * words) & (foreign <= np.maximum(1, english // 3))


def _governed(numbers: Ints, new_scope: Bools) -> Bools:
    """Whether a negation, condition or number before a word may govern it; articles are not counted."""
    counted = np.cumsum(numbers[Number.CLASS] != WordClass.ARTICLE)
    reach = numbers[Number.REACH]
    scope = np.cumsum(new_scope) * (1 << 32)
    furthest = np.maximum.accumulate(scope + np.where(reach > 0, counted + reach, 0))
    governed: Bools = back(furthest) >= scope + counted
    return governed
