"""Find the frontmatter without changing a byte of it, and read its fields."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import yaml

from skill_distiller.skill.model import Frontmatter, FrontmatterState

BOM: Final = "\ufeff"
_FENCE: Final = re.compile(r"---[ \t]*\r?\n?\Z")
_CLOSING: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?\Z")
_YAML_LINE: Final = re.compile(r"(?:[\w.-]+[ \t]*:(?:\s|\Z)|[ \t]+\S|- )")
_MAX_YAML: Final = 64 * 1024  # characters; more than that is not a header, and no YAML bomb gets room
_MAX_EVENTS: Final = 750_000  # what a YAML parser makes of brackets alone takes a thousand times their room
_MAX_DEPTH: Final = 20  # of nested lists and mappings; the C parser recurses, and a skill needs two
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # C where it is built


@lru_cache(maxsize=2)
def read_fields(source: str, longest: int = _MAX_YAML) -> Mapping[str, object] | None:
    """The mapping that a YAML text of at most `longest` characters holds, or None when it is not a valid one.

    Aliases, explicit tags and deep nesting are refused: frontmatter needs none of them, and YAML
    bombs are made of them.
    """
    # Remembered, for the result has the frontmatter of the original.
    if len(source) > longest:
        return None
    try:
        depth = 0
        for count, event in enumerate(yaml.parse(source, Loader=_Loader)):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if count > _MAX_EVENTS or depth > _MAX_DEPTH:
                return None
            if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
                return None
        fields = yaml.load(source, Loader=_Loader)  # a safe loader
    except (yaml.YAMLError, ValueError, ArithmeticError):  # an impossible date, a number out of range
        return None
    if not isinstance(fields, dict):
        return None
    return {str(key): value for key, value in fields.items()}


def split_frontmatter(lines: Sequence[str]) -> tuple[Frontmatter, int]:
    """The frontmatter of a file given as lines with their ends, and the line where the body starts.

    Only a line of its own closes it: a `---` inside a value does not. The blank lines below it are part of `raw`.
    """
    first = 0
    while first < len(lines) and not lines[first].lstrip(BOM).strip():
        first += 1
    if first == len(lines) or not _FENCE.fullmatch(lines[first].removeprefix(BOM) if first == 0 else lines[first]):
        return Frontmatter("", {}, FrontmatterState.MISSING), 0
    for i in range(first + 1, len(lines)):
        if is_closing_fence(lines[i]):
            return _closed(lines, first, i)
    return _unclosed(lines, first)


def is_closing_fence(line: str) -> bool:
    """Whether a line, given with its end, closes a frontmatter."""
    return bool(_CLOSING.fullmatch(line))


def _closed(lines: Sequence[str], first: int, closing: int) -> tuple[Frontmatter, int]:
    fields = read_fields("".join(lines[first + 1 : closing]))
    if first > 0 and not fields:  # two rules with text between them, below blank lines: not a header
        return Frontmatter("", {}, FrontmatterState.MISSING), 0
    end = _skip_blank(lines, closing + 1)
    raw = "".join(lines[:end])
    if first > 0:
        return Frontmatter(raw, {}, FrontmatterState.NOT_FIRST), end
    if fields is None:
        return Frontmatter(raw, {}, FrontmatterState.BROKEN), end
    return Frontmatter(raw, fields, FrontmatterState.OK), end


def _unclosed(lines: Sequence[str], first: int) -> tuple[Frontmatter, int]:
    end = first + 1
    while end < len(lines) and _YAML_LINE.match(lines[end]):
        end += 1
    if end == first + 1:  # a lone rule at the top
        return Frontmatter("", {}, FrontmatterState.MISSING), 0
    end = _skip_blank(lines, end)
    return Frontmatter("".join(lines[:end]), {}, FrontmatterState.UNCLOSED), end


def _skip_blank(lines: Sequence[str], start: int) -> int:
    while start < len(lines) and not lines[start].strip(" \t\r\n"):
        start += 1
    return start
