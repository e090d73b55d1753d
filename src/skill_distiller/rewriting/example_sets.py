"""Sets of examples (RECOMP, arXiv 2310.04408): those that stand together under one heading, and what became of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from skill_distiller.analysis.reading import Reading, SectionType, once_per_reading
from skill_distiller.analysis.safeguards import heading_promises
from skill_distiller.language.facts import anchor
from skill_distiller.rewriting.ladder import holds_together
from skill_distiller.rewriting.one_liner.line_text import has, words
from skill_distiller.rewriting.redundant import COMPRESSIBLE
from skill_distiller.skill.containers import is_lead_in
from skill_distiller.skill.model import Block, BlockKind, Section

ENOUGH: Final = 0.8  # share of a set that has to be shown still (Skill Distiller reference, "RECOMP")


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its blocks and sections by index, and which blocks only lead in.

    Without `foldable` it stays in full: it holds a rule or a step, or other text hangs on it.
    """

    blocks: tuple[int, ...]
    sections: tuple[int, ...] = ()
    foldable: bool = True
    lead_ins: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """The examples under the heading of `section`; `level` is that of a heading after them, 0 for none."""

    section: int
    level: int
    examples: tuple[Example, ...]

    @property
    def blocks(self) -> tuple[int, ...]:
        """Every block of the examples, in order."""
        return tuple(block for example in self.examples for block in example.blocks)


class SelectionMode(StrEnum):
    """How a set was made shorter: by choosing examples and pieces of them, or by new text."""

    EXTRACTIVE = "extractive"
    ABSTRACTIVE = "abstractive"


@dataclass(frozen=True, slots=True)
class ExampleSelection:
    """What became of a set: `selected` stand in full, `one_liners` as `lines` lines together (indices among `total`).

    `names` has one of each example; `coverage` (0-1) is the share of all they show that the text still shows.
    """

    total: int
    selected: tuple[int, ...]
    one_liners: tuple[int, ...]
    coverage: float
    mode: SelectionMode
    names: tuple[str, ...]
    lines: int


_MAX_EXAMPLES: Final = 24  # of a set, and characters: it takes time to compare what each shows
_MAX_CHARS: Final = 20_000
_MIN_EXAMPLES: Final = 2
_MIN_UNNAMED: Final = 3  # where only the verdicts say that they are examples
_MAX_LEVEL: Final = 6
_MIN_SHARE: Final = 0.5  # of an example's characters that the analyzer has to take for one
_LOOSE: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION, BlockKind.PARAGRAPH})
_ASIDE: Final = frozenset({BlockKind.RULE, BlockKind.DEFINITION})
# What stands under such a heading is done in order, or is a form to fill in, whatever it looks like.
_NO_EXAMPLES: Final = frozenset(SectionType) - COMPRESSIBLE - {SectionType.ADVISORY_PATTERN}
_NUMBERING: Final = (
    r"(?:\s*(?:#\s*)?(?:\d{1,3}|[A-Z](?![A-Za-z])|[ivx]{1,4}(?![a-z])|[一二三四五六七八九十]))?"
    r"\s*(?:[:：.)–—|]|\s-(?=\s)|\Z)\s*"
)
_MARKS: Final = re.compile(r"[*_`#>~\s✅❌✓✗☑→•·-]+")
_TITLED: Final = re.compile(
    r"\s*(?:\*\*|__)[^*_\n]{1,120}(?:\*\*|__)|\s*[^\s:：`]{1,24}(?: [^\s:：`]{1,24}){0,2}[:：]\s*\S"
)
_NUMBER: Final = re.compile(r"\W*\d{1,3}[.)]\s")
_ORDERED: Final = re.compile(r"(?m)^\s*\d{1,9}[.)]")
_ANCHOR: Final = re.compile(r"\]\(#([^()\s]+)\)")


@once_per_reading
def find_sets(reading: Reading) -> tuple[ExampleSet, ...]:
    """The sets of two or more examples, in order; no block is in two of them."""
    sets: list[ExampleSet] = []
    taken: set[int] = set()
    finder = _Finder(reading)
    for section in reading.skill.sections:
        examples = finder.examples(section) if section.index not in taken else []
        length = sum(len(reading.skill.blocks[i].text) for example in examples for i in example.blocks)
        if _MIN_EXAMPLES <= len(examples) <= _MAX_EXAMPLES and length <= _MAX_CHARS:
            sets.append(ExampleSet(section.index, finder.level(section, examples), tuple(examples)))
            taken.update(index for example in examples for index in example.sections)
    return tuple(sets)


def without_example_name(text: str) -> str:
    """A heading without what only numbers the example: "Remote jobs" of "Example 2: Remote jobs"."""
    bare = text.strip("*_ \t")
    match = _name().match(bare)
    return bare[match.end() :].strip() if match else text.strip()


@lru_cache(maxsize=1)
def _name() -> re.Pattern[str]:
    return re.compile(rf"(?:\d{{1,3}}[.)]\s*)?(?:{words('example_name').pattern}){_NUMBERING}", re.IGNORECASE)


def _is_step(text: str) -> bool:
    return bool(_NUMBER.match(text) or words("step").match(text.lstrip("*_# ")))


class _Finder:
    """Looks for examples in the sections of one skill."""

    def __init__(self, reading: Reading) -> None:
        self._analysis, self._skill = reading, reading.skill
        self._types = [verdict.type for verdict in reading.verdicts]
        self._leading = reading.lead_ins
        self._anchors = frozenset(_ANCHOR.findall(reading.skill.body.lower()))

    def examples(self, section: Section) -> list[Example]:
        """The examples right below a heading: its sub-sections, or else pieces of its own blocks."""
        if SectionType.EXAMPLE not in self._types:
            return []
        promised = [kind for kind, _ in heading_promises(section.heading)]
        named = SectionType.EXAMPLE in promised
        examples = []
        for child in self._children(section):
            blocks = tuple(block.index for part in child for block in part.blocks)
            if (named or _name().match(child[0].heading.strip("*_ \t"))) and self._is_example(blocks):
                examples.append(self._example(blocks, tuple(part.index for part in child), named=True))
        if len(examples) >= _MIN_EXAMPLES:
            return examples
        one = has("one_example", section.heading) and not has("several_examples", section.heading)
        if one or not (named or _NO_EXAMPLES.isdisjoint(promised)):
            return []
        units = [unit for unit in self._units(section.blocks) if self._is_example(unit, strictly=not named)]
        enough = len(units) >= (_MIN_EXAMPLES if named else _MIN_UNNAMED)
        return [self._example(unit, (), named=named) for unit in units] if enough else []

    def level(self, parent: Section, examples: Sequence[Example]) -> int:
        """The level of a heading at the end of the examples, 0 where it would take in what follows them."""
        sections, example = self._skill.sections, examples[-1]
        last = sections[self._skill.section_of[example.blocks[-1]]]
        level = sections[example.sections[0]].level if example.sections else parent.level + 1
        below = any(section.level > level for section in sections[last.index + 1 : last.index + 2])
        ends = parent.level and level <= _MAX_LEVEL and last.blocks[-1].index == example.blocks[-1]
        return level if ends and not below else 0

    def _children(self, parent: Section) -> list[list[Section]]:
        """The sections right below one with all below them, one that holds the answer to another joined with it."""
        sections, children, top = self._skill.sections, list[list[Section]](), parent.level + _MAX_LEVEL
        for index in range(parent.index + 1, len(sections)):
            section = sections[index]
            if not parent.level or section.level <= parent.level:
                break
            if section.level <= top and not (children and words("answer").fullmatch(section.heading.strip(" *_:："))):
                children.append([])
            top = min(top, section.level)
            children[-1].append(section)
        return children

    def _is_example(self, blocks: Sequence[int], *, strictly: bool = False) -> bool:
        """Whether most of some blocks is an example by verdict; `strictly`: each but lead-ins and separators."""
        found = [self._skill.blocks[i] for i in blocks if i not in self._leading]
        lengths = [(len(b.text), self._types[b.index] is SectionType.EXAMPLE) for b in found if b.kind not in _ASIDE]
        told = sum(length for length, example in lengths if example)
        return told > 0 and told >= (1 if strictly else _MIN_SHARE) * sum(length for length, _ in lengths)

    def _example(self, indices: tuple[int, ...], sections: tuple[int, ...], *, named: bool) -> Example:
        """The example; nothing may go that asks something of the agent, is protected, a step, or linked or tied to."""
        blocks = [self._skill.blocks[i] for i in indices]
        verdicts = [self._analysis.verdicts[i] for i in indices]
        headings = [self._skill.sections[section].heading for section in sections]
        lists = (block for block in blocks if block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM))
        steps = max((len(_ORDERED.findall(block.text)) for block in lists), default=0)
        stays = (
            any(verdict.type not in COMPRESSIBLE or verdict.protected_by_kind for verdict in verdicts)
            or any(block.kind is BlockKind.HTML or holds_together(block) for block in blocks)
            or any(_is_step(heading) or anchor(heading) in self._anchors for heading in headings)
            or steps > 1
            or (not named and _is_step(blocks[0].text))
        )
        return Example(indices, sections, not stays, self._leading & frozenset(indices))

    def _units(self, blocks: Sequence[Block]) -> list[tuple[int, ...]]:
        """Blocks by index from one opening to the next, without separators and remarks: they may speak of all."""
        units = []
        for start, end in pairwise([*_starts(blocks), len(blocks)]):
            unit = list(blocks[start:end])
            while len(unit) > 1 and unit[-1].kind in _LOOSE and self._types[unit[-1].index] is not SectionType.EXAMPLE:
                unit.pop()
            units.append(tuple(block.index for block in unit))
        return units


def _starts(blocks: Sequence[Block]) -> list[int]:
    """Where units begin: between two lead-ins of one label (`Input:`, `Output:`, `Input:`) there is no beginning."""
    openings = [i for i, (block, below) in enumerate(pairwise([*blocks, None])) if block and _opens(block, below)]
    labels = [_label(blocks[i]) for i in openings]
    if labels.count(labels[0] if labels else "") > 1 and blocks[openings[0]].kind is BlockKind.PARAGRAPH:
        return [i for i, label in zip(openings, labels, strict=True) if label == labels[0]]
    return [i for before, i in pairwise([-1, *openings]) if before < 0 or not _goes_on(blocks, before, i)]


def _opens(block: Block, below: Block | None) -> bool:
    titled = block.kind is BlockKind.PARAGRAPH and (is_lead_in(block, below) or bool(_TITLED.match(block.text)))
    return titled or block.kind is BlockKind.LIST_ITEM


def _goes_on(blocks: Sequence[Block], before: int, i: int) -> bool:
    """Whether an opening goes on with the unit of the one before it: it announces its answer, or stands right below."""
    answers = "✅" in blocks[i].text.split("\n", 1)[0] or bool(words("answer").match(_label(blocks[i])))
    joined = answers or (i == before + 1 and is_lead_in(blocks[before], blocks[i]))
    return joined and blocks[i].kind is not BlockKind.LIST_ITEM


def _label(block: Block) -> str:
    """The first line of a lead-in as compared: without marks, colon and number, in lower case."""
    return re.sub(r"\d+", "", _MARKS.sub(" ", block.text.strip().split("\n", 1)[0])).strip(" :：.").lower()
