"""The tightenings: prose of real skills with what a careful editor left of it, word by word."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from skill_distiller.language.facts import Span, block_facts, locked_spans
from skill_distiller.rewriting.words.word_kinds import CHUNK
from skill_distiller.rewriting.words.word_table import WordTable, read_words
from skill_distiller.skill.model import PROSE, SKILL_FILE, Skill
from skill_distiller.skill.read import read_skill

KEPT, DELETED, UNKNOWN = 0, 1, -1
_RUN_BONUS: Final = 0.1  # what an alignment gains by going on where it was


@dataclass(frozen=True, slots=True)
class Pair:
    """A unit of prose, the lines `start`..`end` of a SKILL.md (from 0, end exclusive), and its shortest version."""

    start: int
    end: int
    short: str


@dataclass(frozen=True)
class TightenedSkill:
    """A skill with the editor's decision (KEPT, DELETED or UNKNOWN) on every word of its table."""

    name: str
    repo: str
    skill: Skill
    table: WordTable
    labels: npt.NDArray[np.int8]

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which words of the table have a label."""
        return self.labels >= 0


def load_tightenings(shared: Path) -> tuple[TightenedSkill, ...]:
    """Every English skill of `shared/tightening` with its labels, in order of name."""
    repos = load_repos(shared)
    pairs: dict[str, list[Pair]] = {}
    for line in (shared / "tightening" / "pairs.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        pairs.setdefault(row["skill"], []).append(Pair(row["start"], row["end"], row["short"]))
    skills = (
        tighten(name, repos[name], read_skill(shared / "corpus" / name / SKILL_FILE), of_skill)
        for name, of_skill in sorted(pairs.items())
    )
    return tuple(skill for skill in skills if skill is not None)


def load_repos(shared: Path) -> dict[str, str]:
    """The repository that each skill of the corpus is from."""
    rows = map(json.loads, (shared / "corpus" / "index.jsonl").read_text("utf-8").splitlines())
    return {row["id"]: row["repo"] for row in rows}


def tighten(name: str, repo: str, skill: Skill, pairs: Sequence[Pair]) -> TightenedSkill | None:
    """A skill with labels from its pairs; None where its prose is not English."""
    prose, locked = prose_of(skill)
    table = read_words(skill, prose, locked)
    return None if table is None else TightenedSkill(name, repo, skill, table, _labels(skill, table, pairs))


def prose_of(skill: Skill) -> tuple[tuple[int, ...], dict[int, tuple[Span, ...]]]:
    """The blocks of a skill that can be pruned, and their locked spans."""
    prose = tuple(block.index for block in skill.blocks if block.kind in PROSE)
    return prose, {i: locked_spans(skill.blocks[i].text, block_facts(skill.blocks[i])) for i in prose}


def _labels(skill: Skill, table: WordTable, pairs: Sequence[Pair]) -> npt.NDArray[np.int8]:
    labels = np.full(len(table.places.block), UNKNOWN, np.int8)
    lines = _line_numbers(skill, table)
    for pair in pairs:
        rows = np.flatnonzero((lines >= pair.start) & (lines < pair.end))
        source = [_bare(_chunk(skill, table, row)) for row in rows.tolist()]
        short = [_bare(chunk.strip()) for chunk in CHUNK.findall(pair.short) if not chunk.isspace()]
        labels[rows] = [KEPT if kept else DELETED for kept in align(source, short)]
    labels[table.states.marker] = UNKNOWN
    return labels


def _line_numbers(skill: Skill, table: WordTable) -> npt.NDArray[np.int64]:
    """The line of the file, from 0, that each word stands on; -1 at empty words."""
    ends = [at for at, character in enumerate(skill.text) if character == "\n"]
    offsets, at = {}, len(skill.frontmatter.raw)
    for section in skill.sections:
        at += len(section.heading_source)
        for block in section.blocks:
            offsets[block.index] = at
            at += len(block.source)
    return np.array(
        [
            bisect_right(ends, offsets[block] + start - 1) if block >= 0 else -1
            for block, start in zip(table.places.block.tolist(), table.places.start.tolist(), strict=True)
        ]
    )


def _chunk(skill: Skill, table: WordTable, row: int) -> str:
    text = skill.blocks[int(table.places.block[row])].text
    return text[int(table.places.piece_start[row]) : int(table.places.piece_end[row])].strip()


def _bare(chunk: str) -> str:
    """A word as it is compared: without emphasis and trailing punctuation, which an editor may move."""
    plain = chunk.replace("*", "").replace("_", "")
    return plain.rstrip(".,;:!?…)").lstrip("(") or chunk


def align(source: Sequence[str], short: Sequence[str]) -> list[bool]:
    """Which words of `source` are those of `short`: their longest common subsequence, in long runs.

    >>> align("check the name of the file".split(), "check the file".split())
    [True, False, False, False, True, True]
    """
    best = [[0.0] * (len(short) + 1) for _ in range(len(source) + 1)]
    taken = [[False] * (len(short) + 1) for _ in range(len(source) + 1)]
    for i in range(len(source) - 1, -1, -1):
        for j in range(len(short) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if source[i] == short[j]:
                together = best[i + 1][j + 1] + 1 + _RUN_BONUS * taken[i + 1][j + 1]
                if together >= best[i][j]:
                    best[i][j], taken[i][j] = together, True
    kept, i, j = [False] * len(source), 0, 0
    while i < len(source) and j < len(short):
        if taken[i][j]:
            kept[i] = True
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return kept
