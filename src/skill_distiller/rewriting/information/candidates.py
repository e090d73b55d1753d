"""The units of a skill that are not essential, with how much of each stands elsewhere and how much it tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skill_distiller.language.spans import Span
from skill_distiller.rewriting.information.elsewhere import find_elsewhere
from skill_distiller.rewriting.information.essential import is_essential
from skill_distiller.rewriting.information.scorer import Information, Nats, Places, TokenScorer
from skill_distiller.rewriting.information.units import Unit, mask, split_units
from skill_distiller.rewriting.information.words import Words, read_words
from skill_distiller.skill.model import Skill


class Candidate(NamedTuple):
    """A unit of a block that is not essential."""

    block: int
    unit: Unit


@dataclass(frozen=True)
class Scores:
    """By candidate: the share of its words that stand elsewhere, 0-1, and its information a word.

    Of the words those that say something are counted; `information` is that of the mean word of the
    skill = 1.
    """

    elsewhere: Nats
    information: Nats


class Outline(NamedTuple):
    """Where the frontmatter, each heading and each block begin; by block its offset and its place among them."""

    edges: list[int]
    starts: list[int]
    places: list[int]


def outline_of(skill: Skill) -> Outline:
    """Where everything in a skill's text begins."""
    outline, at = Outline([0], [], []), len(skill.frontmatter.raw)
    for section in skill.sections:
        outline.edges.append(at)
        at += len(section.heading_source)
        for block in section.blocks:
            outline.places.append(len(outline.edges))
            outline.starts.append(at)
            outline.edges.append(at)
            at += len(block.source)
    return outline


def find_candidates(skill: Skill, blocks: Sequence[int], locked: Mapping[int, Sequence[Span]]) -> tuple[Candidate, ...]:
    """The units of some blocks of prose that are not essential."""
    if not blocks:
        return ()
    found: list[Candidate] = []
    starts, text = outline_of(skill).starts, skill.text
    for index in blocks:
        masked = mask(skill.blocks[index].text, locked[index])
        said = partial(_said, text, starts[index])
        following = skill.blocks[index + 1].text if index + 1 < len(skill.blocks) else ""
        found += [
            Candidate(index, unit)
            for unit in split_units(masked, following)
            if not is_essential(masked[unit.start : unit.end], unit.kind, said)
        ]
    return tuple(found)


def score_candidates(
    skill: Skill, candidates: Sequence[Candidate], changing: Sequence[int], scorer: TokenScorer
) -> Scores:
    """The scores of some candidates; `changing` are the blocks that may lose units."""
    outline, words = outline_of(skill), read_words(skill.text)
    block = np.searchsorted(np.array(outline.edges), words.start, "right") - 1
    steady = np.ones(len(outline.edges), np.bool_)
    steady[[outline.places[i] for i in changing]] = False
    content, there = find_elsewhere(words, block, steady[block])
    nats = word_nats(scorer.information(skill.text), words)
    base = np.array([outline.starts[c.block] for c in candidates])
    first = np.searchsorted(words.start, base + [c.unit.start for c in candidates])
    last = np.searchsorted(words.start, base + [c.unit.end for c in candidates])
    said = _sums(content, first, last)
    return Scores(
        np.where(said > 0, _sums(there, first, last) / np.maximum(said, 1), 1.0),
        _sums(nats, first, last) / np.maximum(last - first, 1) / (nats.mean() or 1.0),
    )


def word_nats(information: Information, words: Words) -> Nats:
    """The information of each word: of all tokens that begin in it or in the blanks before it."""
    if np.array_equal(information.start, words.start):  # tokens are words
        return information.nats
    at = np.searchsorted(words.end, information.start, "right")
    inside = (at < len(words.start)) & (information.end > np.append(words.start, 0)[at])
    return np.asarray(np.bincount(at[inside], weights=information.nats[inside], minlength=len(words.start)), np.float64)


def _said(text: str, before: int, name: str) -> bool:
    """Whether a name stands in the text before a place."""
    return text.find(name, 0, before) >= 0


def _sums(values: npt.NDArray[Any], first: Places, last: Places) -> Nats:
    sums = np.append(0.0, np.cumsum(values))
    return np.asarray(sums[last] - sums[first])
