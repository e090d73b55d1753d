"""An original and a candidate side by side: what several checks look at, worked out once."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.analysis.pattern_set import BUILT_IN, PatternSet
from skill_distiller.checks.model import Declared, Tokens
from skill_distiller.language.facts import Fact, block_facts, heading_key
from skill_distiller.skill.model import SKILL_FILE, Block, Skill
from skill_distiller.tokens import TokenCounter, count_skill, load_counter

_LINE_END: Final = re.compile(r"\r\n|\n|\r")


class Place(NamedTuple):
    """A fact and the block it stands in."""

    block: Block
    fact: Fact

    @property
    def line(self) -> int:
        """The line of the fact in its file."""
        return line_at(self.block, self.fact.start)


def line_at(block: Block, offset: int) -> int:
    """The line of a file that an offset into the text of a block stands on."""
    return block.line + bisect_left(_line_ends(block.text), offset + 1)


@lru_cache(maxsize=256)
def _line_ends(text: str) -> tuple[int, ...]:
    # All at once: counted for each fact, a block as long as a book would take minutes.
    return tuple(match.end() for match in _LINE_END.finditer(text))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two skills to compare. `folder` is where the candidate will live, None where that is not known.

    Client fields in `allowed_fields` are no finding; with `strict` the others, and faults of the
    format that the original has too, are failures. `tokens` are counted where they are not given. `patterns` are
    the user's own, beside those of the reference.
    """

    original: Skill
    candidate: Skill
    folder: Path | None = None
    allowed_fields: frozenset[str] = frozenset()
    declared: Declared = field(default_factory=Declared)
    strict: bool = False
    counter: TokenCounter | None = None
    known_tokens: Tokens | None = None
    patterns: PatternSet = BUILT_IN

    @cached_property
    def tokens(self) -> Tokens:
        """Tokens of both files, frontmatter included."""
        if self.known_tokens:
            return self.known_tokens
        counter = self.counter or load_counter()
        known = {block.source: counter.count(block.source) for block in self.original.blocks}  # most are in both
        return Tokens(*(count_skill(skill, known, counter) for skill in (self.original, self.candidate)))

    @property
    def original_folder(self) -> Path | None:
        """Where the original's files are looked for, None where files are not looked for."""
        return self.original.path.parent if self.folder and self.original.path else self.folder

    @cached_property
    def kept_blocks(self) -> frozenset[str]:
        """The texts of blocks that both have, byte for byte."""
        return frozenset(b.text for b in self.original.blocks) & frozenset(b.text for b in self.candidate.blocks)

    @cached_property
    def original_alone(self) -> tuple[Block, ...]:
        """The blocks that only the original has."""
        return tuple(block for block in self.original.blocks if block.text not in self.kept_blocks)

    @cached_property
    def candidate_alone(self) -> tuple[Block, ...]:
        """The blocks that only the candidate has."""
        return tuple(block for block in self.candidate.blocks if block.text not in self.kept_blocks)

    @cached_property
    def original_keys(self) -> frozenset[str]:
        """What the facts of the original are looked up by, headings among them."""
        return _keys(self.original)

    @cached_property
    def candidate_keys(self) -> frozenset[str]:
        """What the facts of the candidate are looked up by, headings among them."""
        return _keys(self.candidate)

    @cached_property
    def folder_name(self) -> str:
        """The name of the skill's folder, "" where the original is no SKILL.md in one."""
        path = self.original.path
        if path is None or path.name.lower() != SKILL_FILE.lower():
            return ""
        return Path(os.path.abspath(path)).parent.name  # noqa: PTH100 - a link keeps its own name


def places(blocks: Iterable[Block]) -> Iterator[Place]:
    """Every fact of some blocks, in order."""
    return (Place(block, fact) for block in blocks for fact in block_facts(block))


def _keys(skill: Skill) -> frozenset[str]:
    headings = {heading_key(section.heading) for section in skill.sections if section.level}
    return frozenset(headings.union(fact.key for block in skill.blocks for fact in block_facts(block)))
