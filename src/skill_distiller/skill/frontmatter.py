"""Frontmatter: found and read without changing a byte, and written with one field changed and no other byte."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import yaml

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.skill.model import Frontmatter, FrontmatterState, split_lines

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


_ADDABLE: Final = ("name", "description")  # whatever else is not there goes under `metadata`
_STRING_TAG: Final = "tag:yaml.org,2002:str"
_INDENT: Final = 2  # spaces of a block scalar that shows none
_MIN_WIDTH: Final = 60  # characters that a line of a folded scalar may have at least
_BLOCK_HEADER: Final = re.compile(r"[|>][-+1-9]*")
_LINE_END: Final = re.compile(r"\r\n|\n|\r")
_FOLDABLE_SPACE: Final = re.compile(r"(?<=\S) (?=\S)")
_BEGINS_WITH_A_LETTER: Final = re.compile(r"[^\W\d_]")
# What some YAML parser reads as a boolean or as nothing.
_YAML_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
# What no scalar can hold as it is: control characters, line separators, a byte order mark, non-characters.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_ESCAPED: Final = re.compile(rf'["\\]|{_UNPRINTABLE.pattern}')  # between double quotes
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SHOWN: Final = 60  # characters of a key in a message


class _Opened(NamedTuple):
    """A frontmatter cut at its fences: the YAML between them with its nodes, and what it ends its lines with."""

    before: str
    source: str
    after: str
    root: yaml.MappingNode
    line_end: str


def set_field(frontmatter: Frontmatter, field: str, value: str) -> Frontmatter:
    """The frontmatter with one top-level field set to a text, and every other byte as it was.

    The value keeps its style (plain, quoted, `|` or `>`) where that can hold the new text, and the
    comment behind it. A field that is not there is added only if it is `name` or `description`.
    Raises UsageError for any other new field, BadInputError for a frontmatter that can't be changed
    safely: missing, unclosed, broken, with anchors, or where the field is no text.
    """
    opened = _open(frontmatter, value)
    found = _find(opened.root, field)
    if found is None and field not in _ADDABLE:
        raise UsageError(
            f"The frontmatter has no field {field[:_SHOWN]!r}, and new fields go under `metadata`.",
            "Set it under `metadata`, or change a field that is there.",
        )
    if found is not None and frontmatter.fields.get(field) == value:
        return frontmatter
    sources = _replaced(opened, found, field, value) if found else _added(opened, field, value)
    return _first_sound(opened, sources, {**frontmatter.fields, field: value}, field)


def _open(frontmatter: Frontmatter, value: str) -> _Opened:
    """What a new value is written into; raises where it can't be, or the frontmatter can't be changed."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise UsageError("The new value holds half a character, which no file can.", "Give it as UTF-8.") from None
    if frontmatter.state is FrontmatterState.MISSING:
        raise BadInputError(
            "The skill has no frontmatter to change.", "Add one: name and description between --- lines."
        )
    if frontmatter.state is not FrontmatterState.OK:
        raise BadInputError(
            f"The frontmatter can't be changed: it is {frontmatter.state.value}.",
            "Mend it first; aliases and explicit tags are not taken either.",
        )
    lines = split_lines(frontmatter.raw)
    closing = next(i for i in range(1, len(lines)) if is_closing_fence(lines[i]))
    source = "".join(lines[1:closing])
    line_end = _LINE_END.search(frontmatter.raw)
    return _Opened(lines[0], source, "".join(lines[closing:]), _compose(source), line_end.group() if line_end else "\n")


def _compose(source: str) -> yaml.MappingNode:
    """The nodes of a YAML source with their places, in characters."""
    # The parser in Python: the one in C gives other places for the ends of scalars.
    try:
        if any(getattr(event, "anchor", None) for event in yaml.parse(source, Loader=yaml.SafeLoader)):
            raise BadInputError("The frontmatter holds a YAML anchor; it is not changed.", "Write the value out.")
        root = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        root = None
    if not isinstance(root, yaml.MappingNode):
        raise BadInputError(
            "The frontmatter can't be changed: YAML parsers disagree about it.", "Write it more simply."
        )
    return root


def _find(mapping: yaml.MappingNode, key: str) -> yaml.Node | None:
    """The value of a key, None where it is not there; raises BadInputError for a key that stands twice."""
    found = [value for name, value in mapping.value if name.tag == _STRING_TAG and name.value == key]
    if len(found) > 1:
        raise BadInputError(f"The frontmatter holds {key[:_SHOWN]!r} twice.", "Remove one of them.")
    return found[0] if found else None


def _first_sound(opened: _Opened, sources: Iterator[str], expected: Mapping[str, object], key: str) -> Frontmatter:
    """The first of some YAML sources that holds exactly the expected fields, in place of the old one."""
    wanted = _comparable(expected)
    for source in sources:
        fields = read_fields(source)
        if fields is None or _comparable(fields) != wanted:
            continue
        lines = split_lines(opened.before + source + opened.after)
        changed, end = split_frontmatter(lines)
        if changed.state is FrontmatterState.OK and end == len(lines) and _comparable(changed.fields) == wanted:
            return changed
    raise BadInputError(
        f"{key[:_SHOWN]!r} can't be set in this frontmatter without a change of something else.",
        "Write the frontmatter as plain keys with values, and the value shorter than 64 kB.",
    )


def _comparable(value: object) -> object:
    """A value of YAML such that equal ones are of equal types (1 is not True) and not-a-number equals itself."""
    if isinstance(value, Mapping):
        return sorted((repr(key), _comparable(item)) for key, item in value.items())
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return repr(value)


def _replaced(opened: _Opened, node: yaml.Node, field: str, value: str) -> Iterator[str]:
    """Sources with another value for a field, the style that is nearest to the old one first."""
    source = opened.source
    if not isinstance(node, yaml.ScalarNode):
        raise BadInputError(f"The field {field[:_SHOWN]!r} of the frontmatter is no text.", "Write it as one text.")
    start, end = node.start_mark.index, node.end_mark.index
    header = _BLOCK_HEADER.match(source, start) if node.style in ("|", ">") else None
    if header is None:
        gap = " " if start == end else ""  # a key without a value
        for scalar in _flow_scalars(value, node.style):
            yield source[:start] + gap + scalar + source[end:]
        return
    first = _next_line(source, start)
    last = max(first, _content_end(source, node))
    rest_of_header, after = source[header.end() : first], source[last:]
    lines = [line.rstrip() for line in split_lines(source[first:last]) if line.strip()]
    indent = len(lines[0]) - len(lines[0].lstrip(" ")) if lines else opened.root.start_mark.column + _INDENT
    width = max((len(line) - indent for line in lines), default=0)
    for indicator, body in _block_scalar(value, node.style, max(_MIN_WIDTH, width)):
        text = "".join((" " * indent + line if line else "") + opened.line_end for line in body)
        yield source[:start] + indicator + rest_of_header + text + after
    for scalar in _flow_scalars(value, None):
        yield source[:start] + scalar + rest_of_header + after


def _content_end(source: str, node: yaml.ScalarNode) -> int:
    """Where a scalar ends; the blank lines behind a block scalar are no part of it, but of one with a `+`."""
    start, end = node.start_mark.index, node.end_mark.index
    header = _BLOCK_HEADER.match(source, start) if node.style in ("|", ">") else None
    if header is None or "+" in header.group():
        return end
    first = _next_line(source, start)
    lines = split_lines(source[first:end])
    while lines and not lines[-1].strip():
        lines.pop()
    return first + sum(map(len, lines))


def _next_line(source: str, at: int) -> int:
    match = _LINE_END.search(source, at)
    return match.end() if match else len(source)


def _flow_scalars(value: str, style: str | None) -> Iterator[str]:
    """The value as a scalar on one line: plain or single-quoted where that is safe, and double-quoted."""
    printable = not _UNPRINTABLE.search(value)
    if style is None and printable and _is_plain(value):
        yield value
    single = "'" + value.replace("'", "''") + "'"
    if printable and (style == "'" or (style is None and ('"' in value or "\\" in value))):
        yield single
    yield '"' + _ESCAPED.sub(_escape, value) + '"'


def _is_plain(value: str) -> bool:
    """Whether every YAML parser reads a text without quotes as that text."""
    return (
        bool(_BEGINS_WITH_A_LETTER.match(value))
        and value == value.strip()
        and ": " not in value
        and " #" not in value
        and not value.endswith(":")
        and value.lower() not in _YAML_WORDS
    )


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    number = ord(character)
    return _ESCAPES.get(character) or (f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")


def _block_scalar(value: str, style: str, width: int) -> Iterator[tuple[str, list[str]]]:
    """The value as a block scalar, where it can be one: its indicator, and its lines without indent."""
    if not value.strip() or _UNPRINTABLE.search(value.replace("\n", "")):
        return
    text = value.rstrip("\n")
    ends = len(value) - len(text)
    lines = text.split("\n")
    if style == ">":
        # A line break between two texts is a blank line in the source; a break more, a blank line more.
        lines = [piece for line in lines for piece in ((*_wrapped(line, width), "") if line else ("",))][:-1]
    yield style + {0: "-", 1: ""}.get(ends, "+"), lines + [""] * (ends - 1)


def _wrapped(line: str, width: int) -> Iterator[str]:
    """A line cut at single spaces into pieces of at most `width` characters, where it has such spaces."""
    piece = ""
    for word in _FOLDABLE_SPACE.split(line):
        if piece and len(piece) + 1 + len(word) > width:
            yield piece
            piece = word
        else:
            piece = f"{piece} {word}" if piece else word
    yield piece


def _added(opened: _Opened, field: str, value: str) -> Iterator[str]:
    """Sources with a new top-level field: `name` first, `description` below the name or last."""
    source, start = opened.source, opened.root.start_mark
    name, indent = _find(opened.root, "name"), " " * start.column
    for scalar in _flow_scalars(value, None):
        line = f"{field}: {scalar}{opened.line_end}"
        if field == "name":
            yield source[: start.index] + line + indent + source[start.index :]
        else:
            at = _end_of(source, name) if name else len(source)
            yield source[:at] + indent + line + source[at:]


def _end_of(source: str, node: yaml.Node) -> int:
    """Where the line behind a value begins; the blank lines and comments that follow stay behind that place."""
    last = node
    while isinstance(last, yaml.CollectionNode) and not last.flow_style and last.value:
        item = last.value[-1]
        last = item[1] if isinstance(item, tuple) else item
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        return _content_end(source, last)
    return _next_line(source, last.end_mark.index)
