"""The lines of a store, each with the entry it holds or the reason why it holds none."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from skill_distiller.calibration.entry import CalibrationEntry, parse_entry

_COMPACT: Final = (",", ":")


@dataclass(frozen=True, slots=True)
class Line:
    """A line, byte for byte with its end; `number` counts from 1.

    `entry` is None where `problem` says why; a blank line has neither.
    """

    number: int
    raw: bytes
    entry: CalibrationEntry | None
    problem: str = ""


def read_lines(raw_lines: Iterable[bytes], first: int = 1) -> tuple[Line, ...]:
    """Every line, in order. One that can't be read is kept, with its problem, and costs no other line."""
    import jsonlines

    raw_lines = tuple(raw_lines)
    lines = []
    with jsonlines.Reader(raw_lines, loads=_loads) as reader:
        for number, raw in enumerate(raw_lines, first):
            try:
                fields = reader.read(type=dict)
            except jsonlines.InvalidLineError:
                lines.append(Line(number, raw, None, _why(raw) if raw.strip() else ""))
                continue
            try:
                lines.append(Line(number, raw, parse_entry(fields)))
            except ValueError as error:
                lines.append(Line(number, raw, None, str(error)))
    return tuple(lines)


def split_lines(content: bytes) -> list[bytes]:
    """A file cut after each line feed and nowhere else; joined, the pieces are the file."""
    return io.BytesIO(content).readlines()


def write_line(fields: Mapping[str, object]) -> bytes:
    """The fields as one line of ASCII JSON with a line feed, so that no text in it can steer a terminal."""
    return json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=_COMPACT).encode() + b"\n"


def _loads(text: str | bytes) -> object:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _why(raw: bytes) -> str:
    return "it is not a JSON object" if raw.endswith(b"\n") else "it is torn off, or not a JSON object"
