"""Read a plan file: it may have been edited, or come from anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from skill_distiller.document.frontmatter import read_fields
from skill_distiller.errors import BadInputError, reason_of
from skill_distiller.planning.saved_plan import SavedPiece, SavedPlan
from skill_distiller.renderings import RenderingKind
from skill_distiller.reporting.plan_file import MAX_PLAN, SCHEMA
from skill_distiller.reporting.printable import excerpt

_HINT: Final = "Write a plan with --save-plan; docs/plan.md says what may be edited."
_MOST_LINES: Final = 10**9
_RENDERINGS: Final = ", ".join(kind.value for kind in RenderingKind)


def read_plan(path: Path) -> SavedPlan:
    """The plan that a file holds; raises BadInputError where it is missing, too large or no plan."""
    name = repr(str(path))
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_PLAN + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise BadInputError(f"Can't read the plan {name}: {reason_of(error)}.", _HINT) from None
    if len(content) > MAX_PLAN:
        raise BadInputError(f"The plan {name} is larger than {MAX_PLAN:,} bytes.", _HINT)
    try:
        return parse_plan(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInputError(f"The plan {name} is not UTF-8 text (byte {error.start}).", _HINT) from None
    except BadInputError as error:
        raise BadInputError(f"{name} is not a plan: {error}", error.hint) from None


def parse_plan(text: str) -> SavedPlan:
    """The plan that a YAML text holds; raises BadInputError where it holds none."""
    fields = read_fields(text, MAX_PLAN)
    if fields is None:
        raise BadInputError("it is not valid YAML (or has tags, aliases or too deep a nesting).", _HINT)
    if fields.get("schema") != SCHEMA:
        found = fields.get("schema")
        raise BadInputError(
            f"its schema is {excerpt(found)!r}, not {SCHEMA!r}." if isinstance(found, str) else "it names no schema.",
            _HINT,
        )
    blocks: dict[str, SavedPiece] = {}
    headings: dict[str, SavedPiece] = {}
    for section in _mappings(fields.get("sections"), "sections"):
        if "id" in section:
            _add(headings, _piece(section, heading=True), blocks)
        for block in _mappings(section.get("blocks", []), "blocks"):
            _add(blocks, _piece(block, heading=False), headings)
    source = fields.get("source_sha256")
    settings = {key: value for key, value in fields.items() if key != "sections"}
    return SavedPlan(source if isinstance(source, str) else "", blocks, headings, settings)


def _mappings(value: object, name: str) -> Iterator[Mapping[object, object]]:
    if not isinstance(value, list):
        raise BadInputError(f"`{name}` is not a list.", _HINT)
    for item in value:
        if not isinstance(item, dict):
            raise BadInputError(f"an entry of `{name}` is not a mapping.", _HINT)
        yield item


def _add(pieces: dict[str, SavedPiece], piece: SavedPiece, others: Mapping[str, SavedPiece]) -> None:
    if piece.id in pieces or piece.id in others:
        raise BadInputError(f"it names piece [{excerpt(piece.id)}] twice.", _HINT)
    pieces[piece.id] = piece


def _piece(entry: Mapping[object, object], *, heading: bool) -> SavedPiece:
    piece = entry.get("id")
    if not isinstance(piece, str):
        raise BadInputError("a block has no `id`.", _HINT)
    shown = f"piece [{excerpt(piece)}]"
    rendering = _rendering(entry.get("rendering"), shown, heading=heading)
    text = entry.get("text")
    if rendering in (RenderingKind.FULL, RenderingKind.DROPPED):
        text = text if isinstance(text, str) else ""  # left over where the rendering was edited
    elif not isinstance(text, str):
        raise BadInputError(
            f"{shown} is {rendering.value!r} and has no `text` to stand in its place.",
            "Give the text, or set the rendering to full or dropped.",
        )
    reason, stands_with = (
        value if isinstance(value := entry.get(key), str) else "" for key in ("reason", "stands_with")
    )
    return SavedPiece(piece, rendering, text, _share(entry.get("share")), reason, stands_with, _place(entry))


def _rendering(value: object, shown: str, *, heading: bool) -> RenderingKind:
    allowed = f"{RenderingKind.FULL}, {RenderingKind.DROPPED}" if heading else _RENDERINGS
    if not isinstance(value, str):
        raise BadInputError(f"{shown} has no `rendering`.", f"It can be one of: {allowed}.")
    if value not in allowed.split(", "):
        raise BadInputError(f"{shown} has the rendering {excerpt(value)!r}.", f"It can be one of: {allowed}.")
    return RenderingKind(value)


def _share(value: object) -> float:
    """The share of a rendering, 0 where none is given: what is not known is not counted."""
    return float(min(1.0, max(0.0, value))) if isinstance(value, int | float) and value == value else 0.0


def _place(entry: Mapping[object, object]) -> str:
    kind, line, shown = entry.get("kind", "heading"), entry.get("line"), entry.get("excerpt", entry.get("heading"))
    words = [kind] if isinstance(kind, str) else []
    words += [f"line {line}"] if isinstance(line, int) and 0 < line < _MOST_LINES else []
    words += [shown] if isinstance(shown, str) else []
    return excerpt(", ".join(words))
