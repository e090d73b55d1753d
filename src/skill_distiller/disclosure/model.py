"""What moves, and where to: passages, the files that they are put into, and the folder that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import Piece, heading_of

DEFAULT_LOAD_RATE: Final = (
    0.3  # how often a reference is read per use, until somebody measures it (SkillReducer, Eq. 5)
)


class ContentClass(StrEnum):
    """What a block is for, as SkillReducer sorts them (arXiv 2603.29919, Table II)."""

    CORE_RULE = "core_rule"
    EXAMPLE = "example"
    TEMPLATE = "template"
    BACKGROUND = "background"
    REDUNDANT = "redundant"


@dataclass(frozen=True, slots=True)
class Passage:
    """What moves from under one heading, which stays with a pointer in place of the text.

    `section` is that heading's; `blocks` and `headings` (sections) are what moves, by index and in order. With `whole`
    nothing is left under the heading but the pointer.
    """

    section: int
    blocks: tuple[int, ...]
    headings: tuple[int, ...] = ()
    whole: bool = False

    @property
    def pieces(self) -> frozenset[Piece]:
        """The blocks and headings that move."""
        return frozenset((*self.blocks, *map(heading_of, self.headings)))


@dataclass(frozen=True, slots=True)
class Signpost:
    """What a pointer says: `when` to read a file, and its `topics`; `name` is that of the passage in the file."""

    when: str
    name: str
    topics: tuple[str, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True)
class NewReference:
    """A new file, with the passages that it holds and what is said of each."""

    path: PurePosixPath
    passages: tuple[Passage, ...]
    signposts: tuple[Signpost, ...]


class Span(NamedTuple):
    """One stretch of the original that moved: `text[start:end]` there, `content[at:at + length]` in its file.

    `written` is what stands in its place in the new SKILL.md: a pointer, or nothing but a line end. `links` are the
    targets that were rebased: offset in the stretch as it is in the file, as it is there, and as it was. `text` is what
    stood there, where it did not move but stands nowhere.
    """

    start: int
    end: int
    written: str
    path: PurePosixPath
    at: int
    length: int
    links: tuple[tuple[int, str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, eq=False)
class Split:
    """A skill folder of which text moved into new references: before and after, the files, and every stretch.

    `original` is SKILL.md as it was given, where it was said in fewer words before anything moved.
    """

    before: SkillFolder
    after: SkillFolder
    references: tuple[NewReference, ...]
    spans: tuple[Span, ...]
    original: Skill | None = None

    @property
    def passages(self) -> Iterator[tuple[NewReference, Passage]]:
        """Every passage with its file."""
        return ((reference, passage) for reference in self.references for passage in reference.passages)


class Slice(NamedTuple):
    """Where a piece stands in the source of a skill, blank lines after it included."""

    piece: Piece
    start: int
    end: int


def slices_of(skill: Skill) -> tuple[Slice, ...]:
    """Every heading and block in order with its place in `skill.text`; what opens section 0 is no piece."""
    found = []
    at = len(skill.frontmatter.raw)
    for section in skill.sections:
        end = at + len(section.heading_source)
        if section.level:
            found.append(Slice(heading_of(section.index), at, end))
        at = end
        for block in section.blocks:
            found.append(Slice(block.index, at, at + len(block.source)))
            at += len(block.source)
    return tuple(found)
