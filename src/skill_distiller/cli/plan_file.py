"""Plan files: written as YAML that people edit, read back as hostile input, and checked against the options."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import typer
import yaml

from skill_distiller._version import __version__
from skill_distiller.cli.input_output import check_target, read_input_folder, read_side_file
from skill_distiller.cli.options.arguments import Pieces
from skill_distiller.errors import BadInputError, RefusedError, UsageError, reason_of
from skill_distiller.planning.plan import Mode
from skill_distiller.planning.required import carriers
from skill_distiller.planning.saved_plan import SavedPiece, SavedPlan
from skill_distiller.report.record import find_needs
from skill_distiller.report.text import excerpt, plural
from skill_distiller.rewriting.model import RenderingKind, Wording
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.frontmatter import read_fields
from skill_distiller.skill.model import Block, PieceIds, Section, Skill, piece_ids, source_digest
from skill_distiller.skill.safe_files import staged

SCHEMA: Final = "skill-distiller/plan/1"
MAX_PLAN: Final = 5_000_000  # bytes
_HEAD: Final = """\
# How every piece of a skill is written, to be applied with: skill-distiller compress SKILL.md --plan THIS-FILE
# To bring a piece back set its `rendering` to full; to remove it set it to dropped, and to moved for a reference of the
# folder that -o names. A heading stays as long as anything below it does. `reason`, `needed_by`, `excerpt`, `line` and
# the tokens are there to be read; changing them does nothing.

"""
_AS_IT_IS: Final = frozenset({RenderingKind.FULL, RenderingKind.DROPPED})
_MOVED: Final = "moved"  # the rendering of a block that stands in a reference, with a pointer in its place


def plan_text(result: Result) -> str:
    """The plan of a run as YAML, comments on how to edit it above; safe to show on a terminal."""
    text = yaml.dump(to_plan(result), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return _HEAD + _UNSEEN.sub(_code, text)


def to_plan(result: Result) -> dict[str, object]:
    """The plan of a run as plain data."""
    options, original = result.run.options, result.original
    ids = piece_ids(original)
    stands_with = {block: ids.blocks[other] for block, other in carriers(original, result.plan.decisions).items()}
    needed = defaultdict[str, list[str]](list)
    for need in find_needs(result):
        if need.by.id not in needed[need.piece.id]:
            needed[need.piece.id].append(need.by.id)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "skill": original.name,
        "source_sha256": source_digest(original),
        "mode": options.mode.value,
        **({"threshold": options.threshold} if options.mode is Mode.THRESHOLD else {"tokens": options.tokens}),
        "wording": options.wording.value,
        "encoding": result.run.counter.encoding,
        "analyzer": result.reading.analysis.analyzer,
        "sections": [
            _section(result, section, ids, stands_with, needed)
            for section in original.sections
            if section.level or section.blocks
        ],
    }


def _section(
    result: Result, section: Section, ids: PieceIds, stands_with: Mapping[int, str], needed: Mapping[str, list[str]]
) -> dict[str, object]:
    stays = result.plan.headings[section.index]
    heading = {
        "heading": excerpt(f"{'#' * section.level} {section.heading}"),
        "id": ids.headings[section.index],
        "line": section.line,
        "rendering": (RenderingKind.FULL if stays else RenderingKind.DROPPED).value,
    }
    blocks = [_block(result, b, ids.blocks[b.index], stands_with.get(b.index)) for b in section.blocks]
    for entry in blocks:
        if by := needed.get(str(entry["id"])):
            entry["needed_by"] = by
    return {**(heading if section.level else {}), **({"blocks": blocks} if blocks else {})}


def _block(result: Result, block: Block, piece: str, carrier: str | None) -> dict[str, object]:
    decision = result.plan.decisions[block.index]
    rendering = decision.rendering
    changed = rendering.kind not in _AS_IT_IS
    moved = result.moves is not None and block.index in result.moves.blocks
    entry = {
        "id": piece,
        "rendering": _MOVED if moved else rendering.kind.value,
        "line": block.line,
        "kind": block.kind.value,
        "type": result.reading.verdicts[block.index].type.value,
        "tokens": 0 if moved else rendering.tokens,
        "full_tokens": decision.full_tokens,
        "share": round(rendering.share, 4) if changed else None,
        "reason": decision.reason.value,
        "excerpt": excerpt(block.text),
        "stands_with": carrier,
        "text": rendering.text.removesuffix(block.gap) if changed else None,
    }
    return {key: value for key, value in entry.items() if value is not None}


_WIDTH: Final = 1 << 20  # characters; no string is folded
# What YAML leaves as it is and a reader would not see, or see as something else: marks of direction, odd blanks.
_UNSEEN: Final = re.compile(r"[^\n\x20-\x7e]")


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # C where it is built
    """Writes texts of several lines as they stand, where YAML can hold them so."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """A literal block for lines that come back the same from one, quotes for what has to be written as codes."""
    lines = text.split("\n")
    if not all(line.isprintable() for line in lines):
        return '"'
    plain = bool(lines[0]) and not lines[0][0].isspace() and not any(line.endswith(" ") for line in lines)
    return "|" if plain and len(lines) > 1 else None


def _code(match: re.Match[str]) -> str:
    """A character as it is, or as the code that YAML reads inside quotes: `_style` saw to it that it stands there."""
    return match[0] if match[0].isprintable() else f"\\U{ord(match[0]):08x}"


_Dumper.add_representer(str, _write_text)


_HINT: Final = "Write a plan with --save-plan; docs/plan.md says what may be edited."
_MOST_LINES: Final = 10**9
_RENDERINGS: Final = ", ".join((*(kind.value for kind in RenderingKind), _MOVED))


def read_plan(path: str) -> SavedPlan:
    """The plan that a file holds; raises BadInputError where it is missing, too large or no plan."""
    text = read_side_file(path, MAX_PLAN, _HINT, f"the plan {path!r}")
    try:
        return parse_plan(text)
    except BadInputError as error:
        raise BadInputError(f"{path!r} is not a plan: {error}", error.hint) from None


def parse_plan(text: str) -> SavedPlan:
    """The plan that a YAML text holds; raises BadInputError where it holds none."""
    fields = read_fields(text, MAX_PLAN)
    if fields is None:
        raise BadInputError("it is not valid YAML (or has tags, aliases or too deep a nesting).", _HINT)
    if fields.get("schema") != SCHEMA:
        found = excerpt(_text(fields, "schema"))
        raise BadInputError(f"its schema is {found!r}, not {SCHEMA!r}." if found else "it names no schema.", _HINT)
    blocks: dict[str, SavedPiece] = {}
    headings: dict[str, SavedPiece] = {}
    moved: list[str] = []
    for section in _mappings(fields.get("sections"), "sections"):
        if "id" in section:
            _add(headings, _piece(section, heading=True), blocks)
        for block in _mappings(section.get("blocks", []), "blocks"):
            if block.get("rendering") == _MOVED and isinstance(block.get("id"), str):
                moved.append(str(block["id"]))
                block = {**block, "rendering": RenderingKind.DROPPED.value}
            _add(blocks, _piece(block, heading=False), headings)
    settings = {key: value for key, value in fields.items() if key != "sections"}
    return SavedPlan(_text(fields, "source_sha256"), blocks, headings, settings, moved=tuple(moved))


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
    if rendering not in _AS_IT_IS and not isinstance(entry.get("text"), str):
        raise BadInputError(
            f"{shown} is {rendering.value!r} and has no `text` to stand in its place.",
            "Give the text, or set the rendering to full or dropped.",
        )
    text, reason, stands_with = (_text(entry, key) for key in ("text", "reason", "stands_with"))
    return SavedPiece(piece, rendering, text, _share(entry.get("share")), reason, stands_with, _place(entry))


def _text(fields: Mapping[object, object] | Mapping[str, object], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


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
    kind, line = _text(entry, "kind") if "kind" in entry else "heading", entry.get("line")
    place = f"line {line}" if isinstance(line, int) and 0 < line < _MOST_LINES else ""
    return excerpt(", ".join(filter(None, (kind, place, _text(entry, "excerpt") or _text(entry, "heading")))))


# What a plan has settled already, by the names of the parameters.
_SETTLED: Final = (
    *("mode", "threshold", "tokens", "wording"),
    *("provider", "model", "with_ci", "judge_provider", "judge_model"),
)


def refuse_settled(given: typer.Context) -> None:
    """Raise UsageError for an option on the command line whose question a plan has settled."""
    for name in _SETTLED:
        source = given.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.replace("_", "-")
            raise UsageError(f"--plan and --{option} exclude each other.", "The plan says how every piece is written.")


def check_pieces(pieces: Pieces, mode: Mode) -> None:
    """Raise UsageError for pieces that are asked for in a mode that has none."""
    for option, asked in (
        ("keep", pieces.keep),
        ("keep-section", pieces.keep_section),
        ("interactive", pieces.interactive),
        ("save-plan", pieces.save_plan),
    ):
        if asked and mode is Mode.ONELINER:
            raise UsageError(
                f"--{option} has no meaning with --mode=oneliner.", "Its three lines hold no pieces of the original."
            )


def folder_to_move_in(
    options: DistillOptions, pieces: Pieces, path: str, max_bytes: int, *, writes_folder: bool
) -> SkillFolder | None:
    """The skill with its folder where pieces may move in it; raises UsageError for a plan that has nowhere to move."""
    if options.keep.moved and not writes_folder:
        raise UsageError(
            f"The plan moves {plural(len(options.keep.moved), 'piece')} into references, and they need files of their "
            "own.",
            "Give the skill's folder as PATH, and a folder to write: -o OUT/",
        )
    may_move = writes_folder and (options.keep.moved or pieces.interactive)
    return read_input_folder(path, max_bytes) if may_move else None


def with_plan(options: DistillOptions, pieces: Pieces) -> DistillOptions:
    """The options with the plan to apply, if any, and with the aim that it was made with, where its file says so.

    Raises BadInputError for a file that is no plan.
    """
    if not pieces.plan:
        return options
    saved = replace(read_plan(pieces.plan), trusted=pieces.accept_unproved)
    tokens, threshold = saved.settings.get("tokens"), saved.settings.get("threshold")
    if (wording := saved.settings.get("wording")) in tuple(Wording):
        options = replace(options, wording=Wording(str(wording)))
    if saved.settings.get("mode") == Mode.TOKENS and isinstance(tokens, int) and tokens > 0:
        return replace(options, plan=saved, mode=Mode.TOKENS, tokens=tokens)
    if isinstance(threshold, int | float) and 0 <= threshold <= 1:
        return replace(options, plan=saved, threshold=float(threshold))
    return replace(options, plan=saved)


def plan_target(pieces: Pieces, skill: Skill, product: Path | None, *, folder_given: bool, force: bool) -> Path | None:
    """The file to write the plan to, None where none is asked for.

    The rules are those of `check_target`; besides, neither plan may be the file of the product.
    """
    if pieces.plan and product and product.exists() and product.samefile(pieces.plan):
        raise RefusedError(f"{str(product)!r} is the plan; it is never overwritten.", "Name another file with -o.")
    if not pieces.save_plan:
        return None
    if pieces.save_plan == "-" or Path(pieces.save_plan).is_dir():
        raise UsageError(
            f"{pieces.save_plan!r} is not a file that a plan can be written to.", "Name a file with --save-plan."
        )
    with _hints_on_save_plan():
        target = check_target(pieces.save_plan, skill.path, folder_given=folder_given, force=force)
    if product and target.resolve() == product.resolve():
        raise UsageError("The result and the plan can't be the same file.", "Name another file with --save-plan.")
    return target


@contextmanager
def plan_written(file: Path, result: Result) -> Iterator[None]:
    """The plan of a run, written beside its place, and put there once the block has ended without an error.

    Raises RefusedError when the disk does not take it, or no run would read it.
    """
    content = plan_text(result).encode("utf-8")
    if len(content) > MAX_PLAN:
        raise RefusedError(f"The plan would be larger than {MAX_PLAN:,} bytes.", "Leave --save-plan out.")
    try:
        with staged(file, content):
            yield
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # of the block, as its other errors are of other kinds
            raise
        raise RefusedError(
            f"Can't write {str(file)!r}: {reason_of(error)}.", "Name another place with --save-plan."
        ) from None


@contextmanager
def _hints_on_save_plan() -> Iterator[None]:
    """What goes wrong in here is told of the option of the plan, not of that of the product."""
    try:
        yield
    except (RefusedError, UsageError) as error:
        error.hint = error.hint.replace("-o.", "--save-plan.")
        raise
