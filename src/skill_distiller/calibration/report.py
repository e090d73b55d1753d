"""Reported outcomes, from the command line or from the JSON of an exam."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from skill_distiller.calibration.entry import Outcome, Result
from skill_distiller.errors import BadInputError, UsageError

_FORM: Final = 'Give {"id": "c1", "actual": 85, "outcome": "worked"}, or a list of such objects (docs/calibration.md).'
# Where an exam names no outcome, its score does.
_WORKED_FROM: Final = 80.0
_PARTIAL_FROM: Final = 50.0


@dataclass(frozen=True, slots=True)
class Report:
    """An outcome and the id of the run that it is about; "" is the latest run."""

    id: str
    outcome: Outcome


def make_outcome(actual: float, result: str, note: str = "") -> Outcome:
    """An outcome; raises UsageError unless `actual` is 0-100 and `result` one of the three words."""
    if not (math.isfinite(actual) and 0 <= actual <= 100):
        hint = f"Did you mean {actual * 100:g}?" if 0 < actual < 1 else "It is a percentage: use for example 85."
        raise UsageError(f"The actual functionality {actual:g} is not between 0 and 100.", hint)
    if result not in [word.value for word in Result]:
        raise UsageError(f"There is no outcome {result!r}.", f"Choose one of: {', '.join(Result)}.")
    return Outcome(actual, result, note)


def parse_reports(text: str) -> tuple[Report, ...]:
    """The reports in the JSON of an exam: one object or a list of them.

    Each has `actual` (0-100), or `retention` (0-1), or `passed` and `total`; and, where they are known,
    `id`, `outcome` and `note`. Without an outcome, 80 and more is `worked`, 50 and more `partial`.
    Raises BadInputError for anything else.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadInputError("The exam is not JSON.", _FORM) from None
    items = value if isinstance(value, list) else [value]
    if not items:
        raise BadInputError("The exam holds no result.", _FORM)
    return tuple(_report(item, number) for number, item in enumerate(items, 1))


def _report(item: object, number: int) -> Report:
    if not isinstance(item, dict):
        raise BadInputError(f"Result {number} of the exam is not an object.", _FORM)
    values = [item.get(name, "") for name in ("id", "outcome", "note")]
    if not all(isinstance(value, str) for value in values):
        raise BadInputError(f"In result {number} of the exam, id, outcome or note is not text.", _FORM)
    identifier, result, note = values
    actual = _actual(item)
    if actual is None:
        raise BadInputError(f"Result {number} of the exam has no actual functionality between 0 and 100.", _FORM)
    try:
        return Report(identifier, make_outcome(actual, result or _result(actual), note))
    except UsageError as error:
        raise BadInputError(f"Result {number} of the exam: {error}", error.hint) from None


def _actual(item: dict[str, object]) -> float | None:
    if (actual := _number(item.get("actual"))) is not None:
        return actual
    if (retention := _number(item.get("retention"))) is not None:
        return min(100.0, 100 * retention)
    passed, total = _number(item.get("passed")), _number(item.get("total"))
    return 100 * passed / total if passed is not None and total else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _result(actual: float) -> Result:
    if actual >= _WORKED_FROM:
        return Result.WORKED
    return Result.PARTIAL if actual >= _PARTIAL_FROM else Result.FAILED
