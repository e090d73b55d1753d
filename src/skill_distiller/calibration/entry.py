"""One line of the store: a run, what it expected and what its user found; and lines read and written."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NoReturn

_ID: Final = re.compile(r"c([0-9]{1,40})")
_LONGEST_ID: Final = 100  # characters; whatever is longer is no id


class HowItWent(StrEnum):
    """How the use of a distilled skill went, in one word."""

    WORKED = "worked"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a user reported: functionality 0-100, the result in one word ("" where another tool left it out)."""

    functionality: float
    result: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CalibrationEntry:
    """A run. `expected` is the functionality that was estimated, 0-100, before any correction.

    `fields` is the whole entry as it was read, unknown fields of other tools included; `mode`,
    `provider`, `model` and `skill` are "" where it does not say.
    """

    id: str
    timestamp: str
    skill: str
    mode: str
    provider: str
    model: str
    expected: float
    actual: Outcome | None
    fields: Mapping[str, object]

    @property
    def time(self) -> datetime | None:
        """When the run was, None where the timestamp can't be read; without a zone it is taken for UTC."""
        try:
            time = datetime.fromisoformat(self.timestamp)
        except ValueError:
            return None
        return time if time.tzinfo else time.replace(tzinfo=UTC)


def id_number(identifier: str) -> int:
    """The number in an id such as `c12`, 0 for an id of another shape."""
    match = _ID.fullmatch(identifier)
    return int(match[1]) if match else 0


def parse_entry(fields: Mapping[str, object]) -> CalibrationEntry:
    """An entry from the fields of a line; raises ValueError with the reason when they are not one.

    Needed are an `id` and a functionality: `expected.functionality`, else `functionality_score`.
    """
    identifier = fields.get("id")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= _LONGEST_ID:
        raise ValueError("it has no id")
    expected = fields.get("expected")
    score = expected.get("functionality") if isinstance(expected, dict) else expected
    points = _points(fields.get("functionality_score") if score is None else score)
    if points is None:
        raise ValueError("it has no expected functionality between 0 and 100")
    texts = {name: _text(fields, name) for name in ("timestamp", "skill", "mode", "provider", "model")}
    actual = _outcome(fields.get("actual"))
    return CalibrationEntry(id=identifier, expected=points, actual=actual, fields=fields, **texts)


def _outcome(actual: object) -> Outcome | None:
    """The reported outcome: our own object, or the bare number that other tools write."""
    if actual is None:
        return None
    values = actual if isinstance(actual, dict) else {"functionality": actual}
    points = _points(values.get("functionality"))
    if points is None:
        raise ValueError("its actual functionality is not between 0 and 100")
    return Outcome(points, _text(values, "outcome"), _text(values, "note"))


def read_number(value: object) -> float | None:
    """A number of a foreign file, infinite where it is too large; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _points(value: object) -> float | None:
    points = read_number(value)
    return points if points is not None and 0 <= points <= 100 else None


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def with_outcome(entry: CalibrationEntry, outcome: Outcome, timestamp: str) -> CalibrationEntry:
    """The entry with a newly reported outcome; an earlier one moves to the end of `actual_history`."""
    fields, points = dict(entry.fields), float(outcome.functionality)
    if fields.get("actual") is not None:
        history = fields.get("actual_history")
        fields["actual_history"] = [*(history if isinstance(history, list) else []), fields["actual"]]
    fields["actual"] = {
        "functionality": int(points) if points.is_integer() else points,
        "outcome": outcome.result,
        **({"note": outcome.note} if outcome.note else {}),
        "timestamp": timestamp,
    }
    return parse_entry(fields)


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


def read_lines(raw_lines: Sequence[bytes]) -> tuple[Line, ...]:
    """Every line, in order. One that can't be read is kept, with its problem, and costs no other line."""
    import jsonlines

    lines = []
    with jsonlines.Reader(raw_lines, loads=_loads) as reader:
        for number, raw in enumerate(raw_lines, 1):
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
