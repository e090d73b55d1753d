"""What is verified and what is found: a pair of skills, checks with their findings, and what a receipt declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.checks.receipt import Receipt
from skill_distiller.checks.retold import Retold, Telling, find_retold
from skill_distiller.errors import BadInputError
from skill_distiller.language.fact import normalize
from skill_distiller.meaning.align import plain
from skill_distiller.meaning.compare import Comparison, compare, restricts
from skill_distiller.rewriting.model import ONE_LINERS, RENDERINGS, Proof
from skill_distiller.skill.folder import FindTarget, SkillFolder
from skill_distiller.skill.model import SKILL_FILE, Skill, source_digest
from skill_distiller.tokens import TokenCounter, count_skill


class Level(StrEnum):
    """How much a finding weighs: only a failure makes a check fail.

    LOOK is a difference of which nobody can say by program that it is harmless: `verify --strict` fails for it,
    and a run brings its block back. A WARNING is only told. DECLARED is a loss that the receipt of the run names.
    """

    FAILURE = "failure"
    LOOK = "look"
    WARNING = "warning"
    DECLARED = "declared"


class FindingKind(StrEnum):
    """What was found; the value is the word used in reports and JSON."""

    LOST = "lost"
    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    REVERSED = "reversed"
    WEAKENED = "weakened"
    REWORDED = "reworded"
    MERGED = "merged"
    OTHERWISE_WRITTEN = "written otherwise"
    NO_FILE = "no such file"
    NO_ANCHOR = "no such anchor"
    OUTSIDE = "outside the skill folder"
    UNCLOSED = "never closed"
    FAULT = "against the format"
    CLIENT_FIELD = "client field"
    TOO_LARGE = "large"
    LONGER = "longer than the original"
    UNREACHABLE = "nothing leads there"
    TWICE = "stands twice"
    PARTED = "parted"


ALREADY: Final = "(already so in the original)"  # the detail of a fault that is no new one


class Quote(NamedTuple):
    """A text of a file: the line it begins on, counted from 1, and the spans of its words that differ."""

    text: str
    line: int
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found; `text` quotes it, `detail` says what it is (the kind of a fact, a rule).

    `line` counts from 1 in the file it stands in: the candidate's where `in_candidate`, else the
    original's; 0 where it has no place. `marks` are the spans of the words that differ; `other` is what stands for it
    in the other file, None where nothing does. `block` is the block of the original that it is about, by index, -1
    where it is about none.
    """

    kind: FindingKind
    level: Level
    text: str
    line: int = 0
    detail: str = ""
    in_candidate: bool = False
    marks: tuple[tuple[int, int], ...] = ()
    other: Quote | None = None
    block: int = -1


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
    """The results of all checks, in order; `changed` tells whether the texts differ at all.

    `comparison` accounts for every difference of the two bodies.
    """

    checks: tuple[Check, ...]
    tokens: Tokens
    changed: bool
    comparison: Comparison = field(compare=False)  # its units are known by identity

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    @property
    def unproved(self) -> tuple[Finding, ...]:
        """What nobody can say by program to be harmless, and nobody declared."""
        return tuple(finding for check in self.checks for finding in check.findings if finding.level is Level.LOOK)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def failures(self) -> Iterator[Finding]:
        """The findings that made them fail."""
        return (f for check in self.checks for f in check.findings if f.level is Level.FAILURE)


_PARTIAL: Final = frozenset(kind for kind, row in RENDERINGS.items() if row.partial)
_IN_NEW_WORDS: Final = frozenset(kind for kind, row in RENDERINGS.items() if row.proof is Proof.WORDING)
_FOLDING: Final = frozenset(kind for kind, row in RENDERINGS.items() if row.partial and row.joint)
# The records of `compress --json` that can be read, the one that is written last.
RECORD_SCHEMAS: Final = tuple(f"skill-distiller/compress/{version}" for version in (1, 2, 3))
_SHOWN: Final = 80  # characters of a schema's name in a message
_NO_RECEIPT: Final = "Give the JSON that `skill-distiller compress --json` printed for this skill."


@dataclass(frozen=True, slots=True)
class Declared:
    """What a receipt names: headings and patterns that went, and how every block that changed was written.

    `headings` are pairs of level and text. `blocks` are the texts of blocks as they were; one of which an extract or a
    summary is left counts as `removed`, and what is left is among the `parts`; one that is said in new words is among
    the `reworded`. `description` is the new one, where some of it was left out. `retold` are the
    texts that stand for blocks, each with these (by id) as they stand in a skill; `folded` are blocks told in a line.
    """

    headings: frozenset[tuple[int, str]] = frozenset()
    removed: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    reworded: frozenset[str] = frozenset()
    blocks: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    description: str | None = None
    retold: tuple[Telling, ...] = ()
    folded: frozenset[str] = frozenset()


_T = TypeVar("_T")


class _Written(NamedTuple):
    """How a block was written: its id, the value of its rendering, its text in the original and in the result.

    `stands_with` is the id of the block whose text says it too.
    """

    id: str
    rendering: str
    before: str
    after: str
    stands_with: str = ""


def _retold(blocks: Sequence[_Written]) -> Iterator[Telling]:
    """The blocks, by id, that each text in new words stands for."""
    for block in blocks:
        if block.rendering in _IN_NEW_WORDS and block.after:
            others = (other.id for other in blocks if other.stands_with == block.id)
            yield (block.id, *others), block.after


def _declare(headings: Iterable[tuple[int, str]], blocks: Sequence[_Written], patterns: Iterable[str]) -> Declared:
    removed = [block for block in blocks if not block.after or block.rendering in _PARTIAL]
    return Declared(
        frozenset(headings),
        frozenset(block.before for block in removed),
        tuple(block.after for block in removed),
        frozenset(block.before for block in blocks if block.rendering in _IN_NEW_WORDS),
        frozenset(block.before for block in blocks),
        frozenset(patterns),
        retold=tuple(_retold(blocks)),
        folded=frozenset(b.before for b in removed if b.rendering in _FOLDING and b.before not in b.after),
    )


def declared_by(receipt: Receipt, protected_lost: Iterable[str] = ()) -> Declared:
    """What the receipt of a run declares."""
    return _declare(
        ((section.level, section.heading) for section in receipt.sections if section.heading_dropped),
        [_Written(c.id, c.rendering, c.before, c.after, c.stands_with) for c in receipt.changes],
        protected_lost,
    )


def declared_in(record: object, original: Skill) -> Declared:
    """What the JSON record of `compress` declares.

    Raises BadInputError where it is none, of a later version, or of another skill.
    """
    try:
        declared = _read(record)
    except (KeyError, TypeError, ValueError):
        raise BadInputError("The receipt is not a record of `compress --json`.", _NO_RECEIPT) from None
    digest = record.get("source_sha256") if isinstance(record, dict) else None
    texts = {block.text for block in original.blocks}  # earlier versions wrote no digest
    if digest not in (None, source_digest(original)) or not texts.issuperset(declared.blocks):
        raise BadInputError("The receipt is of another skill, or of another version of it.", _NO_RECEIPT)
    return declared


def _read(record: object) -> Declared:
    schema = _get(record, "schema", str)
    if schema not in RECORD_SCHEMAS:
        raise BadInputError(
            f"The receipt has the schema {schema[:_SHOWN]!r}, which this version does not know.",
            f"It reads {', '.join(RECORD_SCHEMAS)}.",
        )
    return read_receipt(record)


def read_receipt(record: object) -> Declared:
    """What the `receipt` and the `functionality` in a record declare; raises KeyError or TypeError for another form."""
    receipt = _get(record, "receipt", list)
    changes = [change for section in receipt for change in _get(section, "changes", list)]
    gone = [section for section in receipt if _get(section, "heading_removed", bool)]
    patterns = _get(_get(record, "functionality", dict), "protected_lost", list)
    return _declare(
        [(_get(section, "level", int), _get(section, "heading", str)) for section in gone],
        [
            _Written(
                _typed(change.get("id", ""), str),
                _get(change, "rendering", str),
                _get(change, "before", str),
                _get(change, "after", str),
                _typed(change.get("stands_with", ""), str),
            )
            for change in changes
        ],
        [_typed(name, str) for name in patterns],
    )


def _get(record: object, field: str, kind: type[_T]) -> _T:
    return _typed(_typed(record, dict)[field], kind)


def _typed(value: object, kind: type[_T]) -> _T:
    if not isinstance(value, kind):
        raise TypeError
    return value


def count_tokens(original: Skill, candidate: Skill, counter: TokenCounter) -> Tokens:
    """Tokens of both files; what stands in both is counted once."""
    known = {block.source: counter.count(block.source) for block in original.blocks}
    return Tokens(*(count_skill(skill, known, counter) for skill in (original, candidate)))


_WORD: Final = re.compile(r"\w+")


def words_in_small(text: str) -> frozenset[str]:
    """The words of a text in small letters."""
    return frozenset(_WORD.findall(text.casefold()))


@dataclass(frozen=True, eq=False)
class Pair:
    """Two skill folders to compare, and how the files of each are found.

    Fields in `allowed_fields` are no finding; with `strict`, what only clients know, and faults of the
    format that the original has too, are failures. `patterns` are the user's own, beside those of the
    reference.
    """

    original_folder: SkillFolder
    candidate_folder: SkillFolder
    find_in_original: FindTarget
    find_in_candidate: FindTarget
    tokens: Tokens
    allowed_fields: frozenset[str] = frozenset()
    declared: Declared = field(default_factory=Declared)
    strict: bool = False
    patterns: PatternSet = BUILT_IN

    @property
    def original(self) -> Skill:
        """The SKILL.md of the original."""
        return self.original_folder.skill

    @property
    def candidate(self) -> Skill:
        """The SKILL.md of the candidate."""
        return self.candidate_folder.skill

    @cached_property
    def comparison(self) -> Comparison:
        """Every difference of the two bodies."""
        return compare(self.original, self.candidate)

    @cached_property
    def headings_gone(self) -> frozenset[tuple[int, str]]:
        """The headings that the receipt names, by level and text as they are compared."""
        return frozenset((level, normalize(text)) for level, text in self.declared.headings)

    def sums_up(self, text: str) -> bool:
        """Whether what stands for blocks of which a part is left holds a text, and that a sentence of the original.

        Or nothing but words of it: of headings and of removed blocks that bind nobody, or of one block that is whole
        again and binds nobody. Of one that forbids, asks or sets a condition some words say something else than all.
        """
        written, sentences = self._summed_up
        if text not in written:
            return False
        said = words_in_small(text)
        if plain(text) in sentences or not said:
            return plain(text) in sentences
        rest = self._lacked(said)
        return not rest or any(rest <= own and not restricts(block) for block, own in self._words_of_whole.items())

    @cached_property
    def _summed_up(self) -> tuple[str, frozenset[str]]:
        """What stands for the blocks of which the receipt says that only a part is left, and all sentences of these."""
        removed = [block for block in self.original.blocks if block.text in self.declared.removed]
        units = (unit for block in removed for unit in self.comparison.alignment.old.units(block.index))
        return "\n".join(self.declared.parts), frozenset(plain(unit.text) for unit in units)

    @cached_property
    def _words_of_whole(self) -> dict[str, frozenset[str]]:
        left = {block.text for block in self.candidate.blocks}
        return {block.text: words_in_small(block.text) for block in self.original.blocks if block.text in left}

    def _lacked(self, words: frozenset[str]) -> frozenset[str]:
        """Those of some words that neither a heading has nor a removed block that binds nobody."""
        left = words - self._words_of_headings
        for text, own in self._words_of_removed:
            if not left:
                break
            if not left.isdisjoint(own) and not restricts(text):
                left -= own
        return left

    @cached_property
    def _words_of_headings(self) -> frozenset[str]:
        return words_in_small("\n".join((ONE_LINERS, *(section.heading for section in self.original.sections))))

    @cached_property
    def _words_of_removed(self) -> list[tuple[str, frozenset[str]]]:
        texts = (block.text for block in self.original.blocks if block.text in self.declared.removed)
        return [(text, words_in_small(text)) for text in texts]

    @cached_property
    def retold(self) -> Retold:
        """What is said in new words, as far as it is accounted for, whatever the receipt says."""
        return find_retold(self.original, self.candidate, self.declared.retold)

    @cached_property
    def folder_name(self) -> str:
        """The name of the skill's folder, "" where the original is no SKILL.md in one."""
        path = self.original.path
        if path is None or path.name.lower() != SKILL_FILE.lower():
            return ""
        return Path(os.path.abspath(path)).parent.name  # noqa: PTH100 - a link keeps its own name
