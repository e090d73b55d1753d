"""What a skill is made of. Every text is a slice of the source; joined in order they are the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache, wraps
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

MAX_BYTES: Final = 2_000_000
MAX_BLOCKS: Final = 5_000  # of a skill of so many bytes; real ones have hundreds
SKILL_FILE: Final = "SKILL.md"
_LONG: Final = 4000  # characters; in a shorter text line ends are counted for each offset
_LINE_END: Final = re.compile(r"\r\n|\n|\r")

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


class BlockKind(StrEnum):
    """The Markdown construct a block is."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    LIST_ITEM = "list item"
    CODE = "code"
    TABLE = "table"
    QUOTE = "quote"
    HTML = "html"
    RULE = "rule"
    DEFINITION = "link definition"


LISTS: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM})
# The kinds whose text is prose, to be shortened word by word.
PROSE: Final = LISTS | {BlockKind.PARAGRAPH}


class FrontmatterState(StrEnum):
    """How the YAML at the top of a skill was found."""

    OK = "ok"
    MISSING = "missing"
    UNCLOSED = "unclosed"
    NOT_FIRST = "not on the first line"
    BROKEN = "not valid YAML"


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The YAML between the two `---` lines.

    `raw` is verbatim, both fences, a byte order mark and the blank lines below included; "" when
    there is none. `fields` are its values, empty unless `state` is OK. An unclosed or misplaced
    block is held in `raw` too, so that nothing ever rewrites it.
    """

    raw: str
    fields: Mapping[str, object]
    state: FrontmatterState


@dataclass(frozen=True, slots=True)
class Block:
    """One top-level Markdown construct: paragraph, list, item of a long list, code, table, quote.

    `index` counts the blocks of a skill. `text` ends with the block's own last line break and `gap` holds the blank
    lines after it. `line` is its first line in the file, counted from 1. `info` is the language of a code fence.
    """

    index: int
    kind: BlockKind
    text: str
    gap: str
    line: int
    info: str = ""

    @property
    def holds_fences(self) -> bool:
        """Whether the block is a template with fences in it that are as long as its own; CommonMark ends it earlier."""
        fence = self.text[: len(self.text) - len(self.text.lstrip("`~"))] if self.kind is BlockKind.CODE else ""
        return bool(fence) and any(line.rstrip() == fence for line in self.text.splitlines()[1:-1])

    @property
    def source(self) -> str:
        """The block and the blank lines that follow it."""
        return self.text + self.gap

    @property
    def last_line(self) -> int:
        """The block's last line in the file, counted from 1."""
        return self.line + count_line_ends(self.text.rstrip("\r\n"))

    def line_at(self, offset: int) -> int:
        """The line of the file, counted from 1, on which an offset into the text stands."""
        if offset and (len(self.text) > _LONG or "\r" in self.text):
            return self.line + bisect_right(_line_ends(self.text), offset)
        return self.line + self.text.count("\n", 0, offset)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks up to the next heading.

    Section 0 is the text before the first heading: level 0, heading "". `heading_source` is the heading as written with
    the blank lines after it; for section 0 the blank lines before the first block, if any.
    """

    index: int
    level: int
    heading: str
    heading_source: str
    line: int
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The section as it stands in the source."""
        return self.heading_source + "".join(block.source for block in self.blocks)


@dataclass(frozen=True)
class Skill:
    """A SKILL.md, taken apart without loss: `render_skill(parse_skill(text)) == text`.

    The sections tile the body. `path` is where it was read from, None for text from elsewhere. What a floor above works
    out from a skill, and several ask for, is a function made with `once_per_skill`: it remembers it here.
    """

    frontmatter: Frontmatter
    sections: tuple[Section, ...]
    path: Path | None = None

    def __getstate__(self) -> dict[str, object]:
        """Pickled without what is remembered: it is worked out again where it is asked for."""
        return {"frontmatter": self.frontmatter, "sections": self.sections, "path": self.path}

    @cached_property
    def memo(self) -> dict[object, Any]:
        """What is remembered, by the function that worked it out."""
        return {}

    def forget(self) -> None:
        """Let go of what is remembered, which leads back to the skill: it would stay as long as no collector runs."""
        self.memo.clear()

    @property
    def name(self) -> str:
        """The frontmatter's `name`, else the folder's name, else ""."""
        value = self.frontmatter.fields.get("name")
        if isinstance(value, str) and value.strip():
            return value.strip()
        return self.path.resolve().parent.name if self.path else ""

    @property
    def description(self) -> str:
        """The frontmatter's `description`, "" when there is none."""
        value = self.frontmatter.fields.get("description")
        return value.strip() if isinstance(value, str) else ""

    @cached_property
    def body(self) -> str:
        """All Markdown after the frontmatter."""
        return "".join(section.text for section in self.sections)

    @cached_property
    def text(self) -> str:
        """The whole source, byte for byte."""
        return self.frontmatter.raw + self.body

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """Every block in order; `blocks[i].index == i`."""
        return tuple(block for section in self.sections for block in section.blocks)

    @property
    def slices(self) -> list[str]:
        """The frontmatter, headings and blocks as they stand, in order, none empty; joined they are the text."""
        pieces = [self.frontmatter.raw]
        for section in self.sections:
            pieces += [section.heading_source, *(block.source for block in section.blocks)]
        return [piece for piece in pieces if piece]

    @cached_property
    def section_of(self) -> tuple[int, ...]:
        """For each block, the index of its section."""
        return tuple(section.index for section in self.sections for _ in section.blocks)

    def heading_path(self, section: int) -> tuple[str, ...]:
        """The headings from the top down to a section, its own included."""
        return self._paths[section]

    def sections_above(self, block: int) -> Iterator[int]:
        """The sections that a block stands in, from its own up."""
        place: int | None = self.section_of[block]
        while place is not None:
            yield place
            place = self.parents[place]

    @cached_property
    def _paths(self) -> list[tuple[str, ...]]:
        paths: list[tuple[str, ...]] = []
        for section, parent in zip(self.sections, self.parents, strict=True):
            above = () if parent is None else paths[parent]
            paths.append((*above, section.heading) if section.level else above)
        return paths

    @cached_property
    def parents(self) -> tuple[int | None, ...]:
        """For each section the place of the one it stands below, None at the top."""
        parents: list[int | None] = []
        stack: list[int] = []
        for place, section in enumerate(self.sections):
            while stack and self.sections[stack[-1]].level >= section.level:
                stack.pop()
            parents.append(stack[-1] if stack else None)
            if section.level:
                stack.append(place)
        return tuple(parents)


@lru_cache(maxsize=256)
def _line_ends(text: str) -> tuple[int, ...]:
    # All at once: counted for each offset, a block as long as a book would take minutes.
    return tuple(match.end() for match in _LINE_END.finditer(text))


def count_line_ends(text: str) -> int:
    """How many line ends a text holds, as CommonMark counts them: LF, CR LF or CR."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def split_lines(text: str) -> list[str]:
    """The lines of a text with their ends; joined they are the text."""
    return _LINE.findall(text)


def once_per_skill(build: Callable[[Skill], T]) -> Callable[[Skill], T]:
    """Work out a function of a skill once and keep the value with the skill."""

    @wraps(build)
    def look_up(skill: Skill, /) -> T:
        if build not in skill.memo:
            skill.memo[build] = build(skill)
        value: T = skill.memo[build]
        return value

    return look_up


def render_skill(skill: Skill) -> str:
    """The source of a skill, byte for byte: `render_skill(parse_skill(text)) == text`."""
    return skill.text


# No vowels, so that no id is a word; nothing that looks like something else; a letter first, so that none is a number.
_LETTERS: Final = "bcdfghjkmnpqrstvwxyz"
_CHARACTERS: Final = _LETTERS + "23456789"
_PAIRS: Final = [first + second for second in _CHARACTERS for first in _CHARACTERS]  # two digits are read at once
_BLOCK: Final = b"block"
_HEADING: Final = b"heading"


@dataclass(frozen=True, slots=True)
class PieceIds:
    """Ids by index: one a block, and one a section for its heading ("" for section 0, which has none)."""

    blocks: tuple[str, ...]
    headings: tuple[str, ...]


def source_digest(skill: Skill) -> str:
    """The SHA-256 (hex) of a skill's whole text."""
    return sha256(skill.text.encode("utf-8", "surrogatepass")).hexdigest()


@once_per_skill
def piece_ids(skill: Skill) -> PieceIds:
    """The id of each block and heading, all different, such as `k7f2qb`.

    An id is a hash of the headings above a piece and of its text, so it stays when something else in the file changes.
    Of pieces that are the same under the same headings, the second one's ends in `-2`, and so on.
    """
    seen = Counter[str]()
    digests: dict[tuple[str, ...], bytes] = {(): b""}
    blocks: list[str] = []
    headings: list[str] = []
    for section in skill.sections:
        path = skill.heading_path(section.index)
        if path:  # the sections above came before
            digests[path] = _digest(_HEADING, digests[path[:-1]], path[-1])
        above = digests[path]
        headings.append(_numbered(_short(_HEADING, above, ""), seen) if section.level else "")
        blocks += (_numbered(_short(_BLOCK, above, block.text.rstrip("\r\n")), seen) for block in section.blocks)
    return PieceIds(tuple(blocks), tuple(headings))


def _digest(kind: bytes, above: bytes, text: str) -> bytes:
    return blake2b(above + text.encode("utf-8", "surrogatepass"), digest_size=16, person=kind).digest()


def _short(kind: bytes, path: bytes, text: str) -> str:
    rest, letter = divmod(int.from_bytes(_digest(kind, path, text), "big"), len(_LETTERS))
    rest, one = divmod(rest, len(_PAIRS))
    rest, two = divmod(rest, len(_PAIRS))
    return _LETTERS[letter] + _PAIRS[one] + _PAIRS[two] + _CHARACTERS[rest % len(_CHARACTERS)]


def _numbered(short: str, seen: Counter[str]) -> str:
    seen[short] += 1
    return short if seen[short] == 1 else f"{short}-{seen[short]}"
