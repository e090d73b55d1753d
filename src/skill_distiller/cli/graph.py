"""The command `graph`: which pieces of a skill need which."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from skill_distiller.cli.input_output import names_several, read_input, write_json, write_stdout
from skill_distiller.cli.library.paths import for_each, path_of
from skill_distiller.cli.options.option_groups import argument, expand_groups, option
from skill_distiller.report.text import excerpt
from skill_distiller.skill.model import piece_ids
from skill_distiller.structure.edges import Edge, Piece, heading_of
from skill_distiller.structure.find_edges import find_edges
from skill_distiller.structure.references import named_files

if TYPE_CHECKING:
    from skill_distiller.skill.model import Skill

_SCHEMA: Final = "skill-distiller/graph/1"
_MARKUP: Final = re.compile(r"[\"&<>\\`\[\]{}|#;]")


class Format(StrEnum):
    """The forms in which a graph is printed."""

    TEXT = "text"
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


class _Node(NamedTuple):
    """A piece as it is shown: its id, its kind, its line in the file and the beginning of its text."""

    id: str
    kind: str
    line: int
    text: str


class Graph(NamedTuple):
    """What is printed: the pieces that have an edge, the edges, and the files with the pieces that name them."""

    nodes: Mapping[Piece, _Node]
    edges: tuple[Edge, ...]
    files: Mapping[str, tuple[Piece, ...]]


@expand_groups
def graph(
    paths: list[str] = argument(
        help="SKILL.md, a skill folder, or - for stdin; or several, folders of skills, patterns.", metavar="PATH..."
    ),
    format_: Format = option(Format.TEXT, "--format", help="How the graph is printed."),
) -> None:
    """Show which pieces of a skill need which."""
    if names_several(paths):
        for_each(paths, lambda found: _show(path_of(found), format_), above=_COMMENT.get(format_, ""))
    else:
        _show(paths[0], format_)


_COMMENT: Final = {Format.TEXT: "# ", Format.MERMAID: "%% ", Format.DOT: "// "}


def _show(path: str, format_: Format) -> None:
    """Print the graph of a skill."""
    found = make_graph(read_input(path))
    if format_ is Format.JSON:
        write_json(_record(found))
    else:
        write_stdout("".join(f"{line}\n" for line in _WRITERS[format_](found)))


def make_graph(skill: Skill) -> Graph:
    """The pieces of a skill that hang together, in reading order."""
    edges, files, ids = find_edges(skill), named_files(skill), piece_ids(skill)
    wanted = {piece for edge in edges for piece in (edge.source, edge.target)}.union(*files.values())
    nodes = dict[Piece, _Node]()
    for section in skill.sections:
        piece = heading_of(section.index)
        if piece in wanted:
            nodes[piece] = _Node(ids.headings[section.index], "heading", section.line, excerpt(section.heading))
        for block in section.blocks:
            if block.index in wanted:
                nodes[block.index] = _Node(ids.blocks[block.index], block.kind.value, block.line, excerpt(block.text))
    return Graph(nodes, edges, files)


def _text(found: Graph) -> Iterator[str]:
    needs, names = defaultdict[Piece, list[Edge]](list), defaultdict[Piece, list[str]](list)
    for edge in found.edges:
        needs[edge.source].append(edge)
    for name, pieces in found.files.items():
        for piece in pieces:
            names[piece].append(name)
    for piece, node in found.nodes.items():
        yield f"{node.id}  line {node.line}, {node.kind}: {node.text}"
        for edge in needs[piece]:
            need = "and" if edge.mutual else "needs" if edge.hard else "uses"
            yield f"    {need} {found.nodes[edge.target].id}  {edge.kind.value}: {excerpt(edge.why)}"
        for name in names[piece]:
            yield f"    names {excerpt(name)}"


def _mermaid(found: Graph) -> Iterator[str]:
    yield "graph TD"
    for node in found.nodes.values():
        yield f'  {node.id}["{_escaped(node.text)}"]'
    for edge in found.edges:
        arrow = "<-->" if edge.mutual else "-->" if edge.hard else "-.->"
        yield f"  {found.nodes[edge.source].id} {arrow}|{edge.kind.value}| {found.nodes[edge.target].id}"
    for number, (name, pieces) in enumerate(found.files.items()):
        yield f'  file{number}(["{_escaped(excerpt(name))}"])'
        yield from (f"  {found.nodes[piece].id} -->|file| file{number}" for piece in pieces)


def _escaped(text: str) -> str:
    """A text without what Mermaid could take for markup, as its own codes."""
    return _MARKUP.sub(lambda match: f"#{ord(match[0])};", text)


def _dot(found: Graph) -> Iterator[str]:
    yield "digraph skill {"
    for node in found.nodes.values():
        yield f"  {_quoted(node.id)} [label={_quoted(node.text)}];"
    for edge in found.edges:
        style = "dir=both" if edge.mutual else "style=solid" if edge.hard else "style=dashed"
        ends = f"{_quoted(found.nodes[edge.source].id)} -> {_quoted(found.nodes[edge.target].id)}"
        yield f"  {ends} [label={_quoted(edge.kind.value)}, {style}];"
    for name, pieces in found.files.items():
        yield f"  {_quoted(excerpt(name))} [shape=box];"
        yield from (f"  {_quoted(found.nodes[piece].id)} -> {_quoted(excerpt(name))};" for piece in pieces)
    yield "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _record(found: Graph) -> dict[str, object]:
    def id_of(piece: Piece) -> str:
        return found.nodes[piece].id

    return {
        "schema": _SCHEMA,
        "pieces": [node._asdict() for node in found.nodes.values()],
        "edges": [
            {
                "kind": edge.kind.value,
                "source": id_of(edge.source),
                "target": id_of(edge.target),
                "why": edge.why,
                "hard": edge.hard,
                "mutual": edge.mutual,
            }
            for edge in found.edges
        ],
        "files": {name: [id_of(piece) for piece in pieces] for name, pieces in found.files.items()},
    }


_WRITERS: Final[Mapping[Format, Callable[[Graph], Iterator[str]]]] = {
    Format.TEXT: _text,
    Format.MERMAID: _mermaid,
    Format.DOT: _dot,
}
