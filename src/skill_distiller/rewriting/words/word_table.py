"""The words of a skill's prose in one table: what each stands in, which belong together, what is next to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skill_distiller.language.facts import Span
from skill_distiller.rewriting.words import word_kinds as w
from skill_distiller.rewriting.words.word_kinds import CHUNK, PAD, Bools, Ints, shared_vocabulary
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


@dataclass(frozen=True)
class Stream:
    """All words of a skill's prose blocks in order, `_PADS` empty words around each block.

    `block` is the index of the block in the skill, -1 at an empty word. Offsets (`start`, `end` of
    the core, `piece_start`, `piece_end` of the word with its marks) count in the block's text.
    `lines` says whether a line break stands before a word. `locked` words stay whatever their
    score; `bare` tells of the others which may go alone: they bear no mark. A span that was given
    touches the words that are `covered`.
    """

    numbers: Ints
    flags: Bools
    block: Ints
    unit: Ints
    is_list: Bools
    piece_start: Ints
    piece_end: Ints
    lines: Bools
    marker: Bools
    fresh: Bools
    bold: Bools
    open: Bools
    locked: Bools
    bare: Bools
    covered: Bools
    sentences: Groups
    clauses: Groups
    items: Groups
    units: Groups

    @cached_property
    def start(self) -> Ints:
        """Where the core of each word starts."""
        start: Ints = self.piece_start + self.numbers[w.CORE_AT]
        return start

    @cached_property
    def end(self) -> Ints:
        """Where the core of each word ends."""
        end: Ints = self.start + self.numbers[w.CORE_LENGTH]
        return end


def read_stream(skill: Skill, prose: Sequence[int], locked: Mapping[int, Sequence[Span]]) -> Stream | None:
    """The words of the given blocks; None where the skill is not English or holds no words."""
    if not _starts_in_english(skill, prose):
        return None
    pads = [PAD] * _PADS
    chunks, sizes = list(pads), []
    for index in prose:
        before = len(chunks)
        chunks += CHUNK.findall(skill.blocks[index].text)
        chunks += pads
        sizes.append(len(chunks) - before)
    numbers, flags = shared_vocabulary().read(chunks)
    if len(chunks) == _PADS or not _english({flag: np.count_nonzero(flags[flag]) for flag in _LANGUAGE}, len(chunks)):
        return None
    end = np.cumsum(numbers[w.LENGTH])
    lines = back(flags[w.NEWLINE])
    blank = back(flags[w.BLANK])
    words = np.flatnonzero(~flags[w.SPACE])
    unit = np.repeat(np.arange(-1, len(sizes)), [_PADS, *sizes])[words]
    numbers, flags, lines, blank, end = numbers[:, words], flags[:, words], lines[words], blank[words], end[words]
    return _structured(skill, prose, locked, numbers, flags, lines, blank, end, unit)


def _starts_in_english(skill: Skill, prose: Sequence[int]) -> bool:
    """A look at the first words, so that nothing is worked out of a text in another language."""
    chunks: list[str] = []
    for index in prose:
        chunks += CHUNK.findall(skill.blocks[index].text, 0, _GLANCE)
        if len(chunks) > _GLANCE:
            break
    _, flags = shared_vocabulary().read(chunks)
    return bool(_english({flag: np.count_nonzero(flags[flag]) for flag in _LANGUAGE}, len(chunks)))


def _structured(
    skill: Skill,
    prose: Sequence[int],
    locked: Mapping[int, Sequence[Span]],
    numbers: Ints,
    flags: Bools,
    lines: Bools,
    blank: Bools,
    end: Ints,
    unit: Ints,
) -> Stream:
    pad = numbers[w.LENGTH] == 0
    start = end - numbers[w.LENGTH]
    bases = np.concatenate(([0], np.cumsum([len(skill.blocks[i].text) for i in prose], dtype=np.int64)))
    first = lines | back(pad)
    mark = flags[w.MARKER]
    marker = first & mark
    for _ in range(2):  # a task box, a list in a list
        marker |= back(marker) & mark
    new_item = (first & mark) | blank | pad | back(pad)
    after_marker = back(marker) & ~marker
    fresh = (new_item | after_marker | back(flags[w.SENTENCE_END] | pad)) & ~marker
    new_sentence = fresh | new_item
    connective = flags[w.CONNECTIVE] & ~flags[w.OPENS]
    new_clause = new_sentence | back(flags[w.CLAUSE_END]) | flags[w.OPENS] | connective
    sentences, items, units = group(new_sentence), group(new_item), group(pad | back(pad))
    bold = _inside(flags[w.BOLD_ON], flags[w.BOLD_OFF], items)
    covered = _covered(prose, locked, bases, start, end)
    hard = _hard_locks(numbers, flags, fresh, marker, sentences, covered | pad | marker)
    hard |= _by_line(flags, lines | pad, covered) | _foreign(flags, units)
    scope = _governed(numbers, new_sentence | back(flags[w.SCOPE_END] | flags[w.COLON]))
    article = numbers[w.CLASS] == 0
    hard |= (bold | scope) & ~article
    bracketed = flags[w.BRACKETED]
    block = np.concatenate((np.asarray(prose, np.int64), [-1]))[unit]
    block[pad] = -1
    offset = bases[np.maximum(unit, 0)]
    is_list = np.array([skill.blocks[i].kind is not BlockKind.PARAGRAPH for i in prose])
    return Stream(
        numbers,
        flags,
        block,
        unit,
        is_list[np.maximum(unit, 0)],
        start - offset,
        end - offset,
        lines,
        marker,
        fresh,
        bold,
        _inside(flags[w.OPENS], flags[w.CLOSES], sentences),
        hard | (flags[w.MARKED] & ~bracketed),
        ~flags[w.MARKED],
        covered,
        sentences,
        group(new_clause),
        items,
        units,
    )


def _inside(opens: Bools, closes: Bools, groups: Groups) -> Bools:
    """Whether a word stands between an opening and its closing mark, both included, in its group."""
    depth: Ints = np.cumsum(opens) - back(np.cumsum(closes))
    inside: Bools = depth > (depth - opens)[groups.start][groups.of]
    return inside


def _covered(prose: Sequence[int], locked: Mapping[int, Sequence[Span]], bases: Ints, start: Ints, end: Ints) -> Bools:
    """Whether a locked span touches a word."""
    spans = [locked.get(index, ()) for index in prose]
    counts = [len(of_block) for of_block in spans]
    total = sum(counts)
    if not total:
        return np.zeros(len(start), np.bool_)
    pairs = np.fromiter(chain.from_iterable(chain.from_iterable(spans)), np.int64, 2 * total)
    shift = np.repeat(bases[:-1], counts)
    begun = np.searchsorted(pairs[0::2] + shift, end, "left")
    ended = np.searchsorted(pairs[1::2] + shift, start, "right")
    return begun > ended


def _hard_locks(numbers: Ints, flags: Bools, fresh: Bools, marker: Bools, sentences: Groups, covered: Bools) -> Bools:
    """What a word is on its own or by the words right beside it."""
    locked: Bools = covered | np.where(fresh, flags[w.LOCKED_FIRST], flags[w.LOCKED_INSIDE])
    locked |= ahead(flags[w.NOT]) | back(flags[w.DIGIT] & ~marker)
    locked |= (numbers[w.CLASS] == 0) & flags[w.TRAILS]  # a letter, no article
    stops = np.flatnonzero(flags[w.COLON])
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
    pipe: Bools = flags[w.PIPE] & ~covered
    raw = flags[w.RAW_QUOTE] & ~covered
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
    sums = {flag: np.add.reduceat(flags[flag], units.start, dtype=np.int64) for flag in _LANGUAGE}
    foreign: Bools = ~_english(sums, units.size)[units.of]
    return foreign


_LANGUAGE: Final = (w.FOREIGN, w.ENGLISH, w.ALIEN)


def _english(sums: Mapping[int, Any], words: Any) -> Any:  # noqa: ANN401  # one number each, or one a block
    few_foreign = sums[w.FOREIGN] <= np.maximum(1, sums[w.ENGLISH] // 3)
    return (sums[w.ALIEN] <= 0.05 * words) & few_foreign


def _governed(numbers: Ints, new_scope: Bools) -> Bools:
    """Whether a negation, condition or number before a word may govern it; articles are not counted."""
    counted = np.cumsum(numbers[w.CLASS] != 0)
    reach = numbers[w.REACH]
    scope = np.cumsum(new_scope) * (1 << 32)
    furthest = np.maximum.accumulate(scope + np.where(reach > 0, counted + reach, 0))
    governed: Bools = back(furthest) >= scope + counted
    return governed
