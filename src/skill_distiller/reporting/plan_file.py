"""A plan as a file that people can read and edit: YAML, one entry a piece. Described in docs/plan.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import yaml

from skill_distiller._version import __version__
from skill_distiller.compression import Mode
from skill_distiller.document import Block, Section
from skill_distiller.document.piece_ids import PieceIds, piece_ids
from skill_distiller.pipeline import Distillation
from skill_distiller.planning.hand_over import carriers
from skill_distiller.planning.saved_plan import source_digest
from skill_distiller.renderings import RenderingKind
from skill_distiller.reporting.printable import excerpt

SCHEMA: Final = "skill-distiller/plan/1"
MAX_PLAN: Final = 5_000_000  # bytes
_HEAD: Final = """\
# How every piece of a skill is written, to be applied with: skill-distiller compress SKILL.md --plan THIS-FILE
# To bring a piece back set its `rendering` to full; to remove it set it to dropped. A heading stays as long as
# anything below it does. `reason`, `excerpt`, `line` and the tokens are there to be read; changing them does nothing.

"""
_AS_IT_IS: Final = frozenset({RenderingKind.FULL, RenderingKind.DROPPED})


def plan_text(distillation: Distillation) -> str:
    """The plan of a distillation as YAML, comments on how to edit it above; safe to show on a terminal."""
    text = yaml.dump(
        to_plan(distillation),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=_WIDTH,
        default_flow_style=False,
    )
    return _HEAD + _UNSEEN.sub(_code, text)


def to_plan(distillation: Distillation) -> dict[str, object]:
    """The plan of a distillation as plain data."""
    options = distillation.options
    ids = piece_ids(distillation.original)
    stands_with = carriers(distillation.original, distillation.plan.decisions)
    return {
        "schema": SCHEMA,
        "version": __version__,
        "skill": distillation.original.name,
        "source_sha256": source_digest(distillation.original),
        "mode": options.mode.value,
        **({"threshold": options.threshold} if options.mode is Mode.THRESHOLD else {"tokens": options.tokens}),
        "encoding": distillation.counter.encoding,
        "analyzer": distillation.analysis.analyzer,
        "sections": [
            _section(distillation, section, ids, stands_with)
            for section in distillation.original.sections
            if section.level or section.blocks
        ],
    }


def _section(
    distillation: Distillation, section: Section, ids: PieceIds, stands_with: Mapping[int, int]
) -> dict[str, object]:
    entry: dict[str, object] = {}
    names = {block: ids.blocks[carrier] for block, carrier in stands_with.items()}
    if section.level:
        stays = distillation.plan.headings[section.index]
        entry = {
            "heading": excerpt(f"{'#' * section.level} {section.heading}"),
            "id": ids.headings[section.index],
            "line": section.line,
            "rendering": (RenderingKind.FULL if stays else RenderingKind.DROPPED).value,
        }
    if section.blocks:
        entry["blocks"] = [
            dict(_block(distillation, block, ids.blocks[block.index], names.get(block.index, "")))
            for block in section.blocks
        ]
    return entry


def _block(distillation: Distillation, block: Block, piece: str, carrier: str) -> Iterator[tuple[str, object]]:
    decision = distillation.plan.decisions[block.index]
    rendering = decision.rendering
    yield "id", piece
    yield "rendering", rendering.kind.value
    yield "line", block.line
    yield "kind", block.kind.value
    yield "type", distillation.analysis.verdicts[block.index].type.value
    yield "tokens", rendering.tokens
    yield "full_tokens", decision.full_tokens
    if rendering.kind not in _AS_IT_IS:
        yield "share", round(rendering.share, 4)
    yield "reason", decision.reason.value
    yield "excerpt", excerpt(block.text)
    if carrier:
        yield "stands_with", carrier
    if rendering.kind not in _AS_IT_IS:
        yield "text", rendering.text.removesuffix(block.gap)


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
