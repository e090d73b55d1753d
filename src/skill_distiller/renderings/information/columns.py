"""The units of a skill that may go at all, with what tells how little each of them says."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skill_distiller.document import BlockKind, Skill
from skill_distiller.renderings.information.elsewhere import find_elsewhere
from skill_distiller.renderings.information.essential import is_essential
from skill_distiller.renderings.information.scorer import Information, Nats, Places, TokenScorer
from skill_distiller.renderings.information.units import Unit, UnitKind, mask, split_units
from skill_distiller.renderings.information.words import Words, read_words
from skill_distiller.renderings.locks import Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit of a block that is not essential."""

    block: int
    unit: Unit


@dataclass(frozen=True)
class SkillWords:
    """The words of a whole skill and where its blocks stand in its text.

    `block` numbers the block of each word by place in the skill, headings and frontmatter included;
    `starts` and `place` are, by a block's index, the offset of its text and that number.
    """

    words: Words
    block: Places
    starts: Places
    place: Places


def find_candidates(
    skill: Skill, blocks: Sequence[int], locked: Mapping[int, Sequence[Span]]
) -> tuple[Candidate, ...]:
    """The units of some blocks of prose that are not essential."""
    found = []
    for index in blocks:
        text = skill.blocks[index].text
        masked = mask(text, locked[index])
        following = skill.blocks[index + 1].text if index + 1 < len(skill.blocks) else ""
        found += [
            Candidate(index, unit)
            for unit in split_units(masked, following)
            if not is_essential(masked[unit.start : unit.end], unit.kind)
        ]
    return tuple(found)


def skill_words(skill: Skill) -> SkillWords:
    """Read a skill's words."""
    edges, own, at = [0], [], len(skill.frontmatter.raw)
    for section in skill.sections:
        edges.append(at)
        at += len(section.heading_source)
        for block in section.blocks:
            own.append(len(edges))
            edges.append(at)
            at += len(block.source)
    words, starts, place = read_words(skill.text), np.array(edges, np.int64), np.array(own, np.int64)
    return SkillWords(words, np.searchsorted(starts, words.start, "right") - 1, starts[place], place)


def unit_columns(
    skill: Skill, candidates: Sequence[Candidate], shortened: Collection[int], scorer: TokenScorer
) -> Nats:
    """COLUMNS x candidates; `shortened` are the blocks that may lose words."""
    read = skill_words(skill)
    words = read.words
    changing = np.zeros(len(read.starts) + len(skill.sections) + 2, np.bool_)
    changing[read.place[sorted(shortened)]] = True
    there = find_elsewhere(words, read.block, ~changing[read.block])
    nats = word_nats(scorer.information(skill.text), words)
    usual = nats.mean() or 1.0
    base = read.starts[[c.block for c in candidates]]
    first = np.searchsorted(words.start, base + [c.unit.start for c in candidates])
    last = np.searchsorted(words.start, base + [c.unit.end for c in candidates])

    def total(values: Nats) -> Nats:
        sums = np.append(0.0, np.cumsum(values))
        return np.asarray(sums[last] - sums[first])

    count, content = np.maximum(last - first, 1), total(there.content)
    says = np.maximum(content, 1)
    return np.stack(
        [
            total(there.word) / says,
            total(there.pair) / says,
            total(nats) / count / usual,
            total(nats * (there.content & ~there.word)) / count / usual,
            np.log1p(content),
            content / count,
            np.array([c.unit.kind is UnitKind.PARENTHETICAL for c in candidates], np.float64),
            np.array([c.unit.kind is UnitKind.CLAUSE for c in candidates], np.float64),
            np.array([skill.blocks[c.block].kind is not BlockKind.PARAGRAPH for c in candidates], np.float64),
        ]
    )


def word_nats(information: Information, words: Words) -> Nats:
    """The information of each word: that of the tokens that begin in it or reach into it from before."""
    if len(information.start) == len(words.start):  # tokens are words
        return information.nats
    at = np.searchsorted(words.end, information.start, "right")
    inside = (at < len(words.start)) & (information.end > words.start[np.minimum(at, len(words.start) - 1)])
    return np.bincount(at[inside], weights=information.nats[inside], minlength=len(words.start))
