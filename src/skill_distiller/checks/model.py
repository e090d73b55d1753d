"""What is verified and what is found: a pair of skills, checks with their findings, and what a receipt declares."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.checks.receipt import Receipt
from skill_distiller.errors import BadInputError
from skill_distiller.language.facts import Fact, block_facts, heading_key
from skill_distiller.rewriting.model import RENDERINGS, RenderingKind
from skill_distiller.skill.model import SKILL_FILE, Block, Skill
from skill_distiller.tokens import TokenCounter, count_skill, load_counter


class Level(StrEnum):
    """How much a finding weighs: only a failure makes a check fail.

    DECLARED is a loss that the receipt of the run names.
    """

    FAILURE = "failure"
    WARNING = "warning"
    DECLARED = "declared"


class FindingKind(StrEnum):
    """What was found; the value is the word used in reports and JSON."""

    LOST = "lost"
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    REVERSED = "reversed"
    OTHER_LEVEL = "at another level"
    OTHERWISE_WRITTEN = "written otherwise"
    NOT_IN_CAPITALS = "no longer in capitals"
    NO_FILE = "no such file"
    NO_ANCHOR = "no such anchor"
    OUTSIDE = "outside the skill folder"
    UNCLOSED = "never closed"
    FAULT = "against the format"
    CLIENT_FIELD = "client field"
    TOO_LARGE = "large"
    LONGER = "longer than the original"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found; `text` quotes it, `detail` says what it is (the kind of a fact, a rule).

    `line` counts from 1 in the file it stands in: the candidate's where `in_candidate`, else the
    original's; 0 where it has no place.
    """

    kind: FindingKind
    level: Level
    text: str
    line: int = 0
    detail: str = ""
    in_candidate: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was found that makes it fail."""
        return all(finding.level is not Level.FAILURE for finding in self.findings)

    def count(self, level: Level) -> int:
        """How many findings have a level."""
        return sum(finding.level is level for finding in self.findings)


class Tokens(NamedTuple):
    """Tokens of whole files, frontmatter included."""

    original: int
    candidate: int


@dataclass(frozen=True, slots=True)
class Verification:
    """The results of all checks, in order; `changed` tells whether the texts differ at all."""

    checks: tuple[Check, ...]
    tokens: Tokens
    changed: bool

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def failures(self) -> Iterator[Finding]:
        """The findings that made them fail."""
        return (f for check in self.checks for f in check.findings if f.level is Level.FAILURE)


_PARTIAL: Final = frozenset(kind for kind, row in RENDERINGS.items() if row.partial)
# The records of `compress --json` that can be read, the one that is written last.
RECORD_SCHEMAS: Final = ("skill-distiller/compress/1", "skill-distiller/compress/2")
_SHOWN: Final = 80  # characters of a schema's name in a message
_NO_RECEIPT: Final = "Give the JSON that `skill-distiller compress --json` printed for this skill."


@dataclass(frozen=True, slots=True)
class Declared:
    """The keys of lost facts, the headings and blocks that went or changed, the protected patterns that went.

    `headings` are pairs of level and text. `removed` and `changed` are the texts of blocks as they were;
    one of which an extract or a summary is left counts as removed. `reworded` are (before, after) texts
    of blocks that are said to stand in other words.
    """

    facts: frozenset[str] = frozenset()
    headings: frozenset[tuple[int, str]] = frozenset()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    reworded: frozenset[tuple[str, str]] = frozenset()

    @property
    def blocks(self) -> frozenset[str]:
        """The texts of all blocks that went or changed."""
        return self.removed | self.changed


class _Written(NamedTuple):
    """How a block was written: the value of its rendering, its text in the original and in the result."""

    rendering: str
    before: str
    after: str


def _declare(
    facts: Iterable[str], headings: Iterable[tuple[int, str]], blocks: Sequence[_Written], patterns: Iterable[str]
) -> Declared:
    """What a receipt declares: the keys of its lost facts, its headings that went, its blocks, its lost patterns."""
    removed = frozenset(block.before for block in blocks if not block.after or block.rendering in _PARTIAL)
    changed = frozenset(block.before for block in blocks if block.after and block.rendering not in _PARTIAL)
    reworded = frozenset((b.before, b.after) for b in blocks if b.rendering == RenderingKind.REWRITTEN)
    return Declared(frozenset(facts), frozenset(headings), removed, changed, frozenset(patterns), reworded)


def declared_by(receipt: Receipt, protected_lost: Iterable[str] = ()) -> Declared:
    """What the receipt of a run declares."""
    return _declare(
        (fact.key for fact in receipt.lost),
        ((section.level, section.heading) for section in receipt.sections if section.heading_dropped),
        [_Written(change.rendering, change.before, change.after) for change in receipt.changes],
        protected_lost,
    )


def declared_in(record: object) -> Declared:
    """What the JSON record of `compress` declares; raises BadInputError where it is none, or of a later version."""
    try:
        return _read(_object(record))
    except (KeyError, TypeError, ValueError):
        raise BadInputError("The receipt is not a record of `compress --json`.", _NO_RECEIPT) from None


def _read(record: Mapping[str, object]) -> Declared:
    schema = _string(record["schema"])
    if schema not in RECORD_SCHEMAS:
        raise BadInputError(
            f"The receipt has the schema {schema[:_SHOWN]!r}, which this version does not know.",
            f"It reads {' and '.join(RECORD_SCHEMAS)}.",
        )
    sections = [_object(section) for section in _array(record["receipt"])]
    changes = [_object(change) for section in sections for change in _array(section["changes"])]
    facts = [_object(fact) for section in sections for fact in _array(section["lost_facts"])]
    gone = [section for section in sections if section["heading_removed"] is True]
    return _declare(
        [_string(fact["key"]) for fact in facts],
        [(_number(section["level"]), _string(section["heading"])) for section in gone],
        [_Written(_string(c["rendering"]), _string(c["before"]), _string(c["after"])) for c in changes],
        [_string(name) for name in _array(_object(record["functionality"])["protected_lost"])],
    )


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypeError
    return value


def _array(value: object) -> Iterator[object]:
    if not isinstance(value, list):
        raise TypeError
    return iter(value)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


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
