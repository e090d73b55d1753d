"""The labelled skills: each label put to the block of our document model that it is about."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skill_distiller.analysis.reading import SectionType, Taxonomy
from skill_distiller.skill.model import SKILL_FILE, Block, Skill
from skill_distiller.skill.read import read_skill


@dataclass(frozen=True, slots=True)
class Label:
    """What a reader said of a block: `importance` is 0-10."""

    block: int
    type: SectionType
    taxonomy: Taxonomy
    importance: float


@dataclass(frozen=True, slots=True)
class LabelledSkill:
    """A skill with the labels of some of its blocks, in order."""

    id: str
    repo: str
    language: str
    skill: Skill
    labels: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How labels met blocks: with the same lines, with some lines in common, with none."""

    exact: int
    partial: int
    lost: int


@dataclass(frozen=True, slots=True)
class LabelSet:
    """All labelled skills, in order of their names."""

    skills: tuple[LabelledSkill, ...]
    alignment: Alignment


def read_labels(shared: Path, name: str = "blocks.jsonl") -> LabelSet:
    """The labels of a file under `labels/`, with the skills of `corpus/` that they are about."""
    index = {row["id"]: row for row in _rows(shared / "corpus" / "index.jsonl")}
    labels: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(shared / "labels" / name):
        labels[row["skill"]].append(row)
    skills, met = [], []
    for key in sorted(labels):
        skill = read_skill(shared / "corpus" / key / SKILL_FILE)
        rows = sorted(labels[key], key=lambda row: int(row["unit"]))
        found = [best_block(skill.blocks, row["start"] + 1, row["end"]) for row in rows]
        mine = [_label(row, block) for row, block in zip(rows, found, strict=True) if block is not None]
        skills.append(LabelledSkill(key, index[key]["repo"], index[key]["language"], skill, tuple(mine)))
        met += [_same_lines(row, block) for row, block in zip(rows, found, strict=True)]
    return LabelSet(tuple(skills), Alignment(met.count(True), met.count(False), met.count(None)))


def best_block(blocks: Sequence[Block], first: int, last: int) -> Block | None:
    """The block that has most of these lines (counted from 1, both included), the first of equals."""
    shared = [(min(block.last_line, last) - max(block.line, first) + 1, -block.index) for block in blocks]
    most, index = max(shared, default=(0, 0))
    return blocks[-index] if most > 0 else None


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    return (json.loads(line) for line in path.read_text("utf-8").splitlines() if line)


def _label(row: dict[str, Any], block: Block) -> Label:
    return Label(block.index, SectionType(row["type"]), Taxonomy(row["taxonomy"]), float(row["importance"]))


def _same_lines(row: dict[str, Any], block: Block | None) -> bool | None:
    return None if block is None else (block.line, block.last_line) == (row["start"] + 1, row["end"])
