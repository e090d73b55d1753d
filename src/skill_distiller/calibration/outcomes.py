"""Outcomes: read, summarized, and what the report's estimate with its interval makes of them; stores looked over."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from skill_distiller.calibration.entry import CalibrationEntry, HowItWent, Line, Outcome, read_number
from skill_distiller.calibration.log_files import Ledger
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
        problem = f"The actual functionality {actual:g} is not between 0 and 100."
        raise UsageError(problem, "It is a percentage: use for example 85.")
    if result not in [word.value for word in HowItWent]:
        raise UsageError(f"There is no outcome {result!r}.", f"Choose one of: {', '.join(HowItWent)}.")
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
    if (actual := read_number(item.get("actual"))) is not None:
        return actual
    if (retention := read_number(item.get("retention"))) is not None:
        return min(100.0, 100 * retention)
    passed, total = read_number(item.get("passed")), read_number(item.get("total"))
    return 100 * passed / total if passed is not None and total else None


def _result(actual: float) -> HowItWent:
    if actual >= _WORKED_FROM:
        return HowItWent.WORKED
    return HowItWent.PARTIAL if actual >= _PARTIAL_FROM else HowItWent.FAILED


class RunGroup(NamedTuple):
    """What runs that are estimated together have in common."""

    mode: str
    provider: str
    model: str


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """The runs of one mode, provider and model.

    `bias` is the mean of actual less expected functionality, `error` the mean of its absolute value,
    both in points and None without feedback. `covered` of `judged` outcomes fell into the interval
    that the outcomes before them gave. `estimate` is what the next such run will be told.
    """

    group: RunGroup
    runs: int
    outcomes: int
    bias: float | None
    error: float | None
    covered: int
    judged: int
    estimate: Estimate


def summarize(entries: Iterable[CalibrationEntry]) -> list[GroupSummary]:
    """One summary for each mode, provider and model, in the order of their first run."""
    entries = tuple(entries)
    groups: dict[RunGroup, list[CalibrationEntry]] = {}
    for entry in entries:
        groups.setdefault(RunGroup(entry.mode, entry.provider, entry.model), []).append(entry)
    return [_summary(group, runs, calibrate(entries, *group)) for group, runs in groups.items()]


def _summary(group: RunGroup, runs: Sequence[CalibrationEntry], estimate: Estimate) -> GroupSummary:
    pairs = pairs_of(runs)
    residuals = [actual - expected for expected, actual in pairs]
    n = len(residuals)
    bias, error = (sum(residuals) / n, sum(map(abs, residuals)) / n) if n else (None, None)
    return GroupSummary(group, len(runs), n, bias, error, *coverage_so_far(pairs), estimate)


def coverage_so_far(pairs: Sequence[Pair]) -> tuple[int, int]:
    """How many of the latest actuals fell into the interval of the pairs before them, and of how many.

    The pairs are oldest first; those with fewer than 5 before them are not judged.
    """
    pairs = pairs[-LATEST:]
    hits = [_covers(pairs[:i], pairs[i]) for i in range(LEAST, len(pairs))]
    return sum(hits), len(hits)


def _covers(before: Sequence[Pair], pair: Pair) -> bool:
    expected, actual = pair
    width = half_width(before)
    center = correct(expected, shrunk_bias([a - e for e, a in before]))
    return width is not None and abs(actual - center) <= width


_CLOCKS: Final = timedelta(minutes=5)  # that clocks of two machines may differ by


class FindingKind(StrEnum):
    """What can be odd about a line."""

    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate id"
    DOUBLED = "also in the archive"
    FUTURE = "from the future"
    NO_TIME = "no time"
    BACKWARDS = "clock went back"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd at a line of the store (or of its archive); `detail` is the reason or the id."""

    kind: FindingKind
    archived: bool
    line: int
    detail: str


def examine(ledger: Ledger, now: datetime) -> tuple[Finding, ...]:
    """Everything odd in a ledger that was read whole, the archive first, each part by line."""
    archived = {line.entry.id for line in ledger.archived if line.entry}
    return (*_examine(ledger.archived, now, archived=True), *_examine(ledger.live, now, archived=False, known=archived))


def _examine(
    lines: Sequence[Line], now: datetime, *, archived: bool, known: Set[str] = frozenset()
) -> Iterator[Finding]:
    seen: set[str] = set()
    before: datetime | None = None
    for line in lines:
        if line.problem:
            yield Finding(FindingKind.UNREADABLE, archived, line.number, line.problem)
        if line.entry is None:
            continue
        identifier, time = line.entry.id, line.entry.time
        oddities = {
            FindingKind.DUPLICATE: identifier in seen,
            FindingKind.DOUBLED: identifier in known and identifier not in seen,
            FindingKind.NO_TIME: time is None,
            # Differences: the first year has nothing to take five minutes from.
            FindingKind.FUTURE: time and time - now > _CLOCKS,
            FindingKind.BACKWARDS: time and before and before - time > _CLOCKS,
        }
        yield from (Finding(kind, archived, line.number, identifier) for kind, odd in oddities.items() if odd)
        seen.add(identifier)
        before = time or before


COVERAGE: Final = 0.9  # of a new actual functionality by the interval
LEAST: Final = 5  # outcomes; with fewer there is no interval
_BIAS: Final = 15.0  # points: the prior standard deviation of an estimator's bias
_NOISE: Final = 10.0  # points: the prior standard deviation of one outcome around it
_NOISE_WEIGHT: Final = 2  # outcomes that the prior of the noise counts as
_WIDENING: Final = {5: 1.28, 6: 1.15, 7: 1.08, 8: 1.03}
_ROUNDING: Final = 0.5  # points; people report whole numbers
Pair = tuple[float, float]  # expected and actual functionality of a run, 0-100 each


def shrunk_bias(residuals: Sequence[float]) -> float:
    """The mean of actual less expected in points, drawn toward zero, the more so the fewer they are; 0.0 for none."""
    return _trust(residuals) * sum(residuals) / len(residuals) if residuals else 0.0


def _trust(residuals: Sequence[float]) -> float:
    """The share of the mean residual that is believed, 0-1."""
    n, mean = len(residuals), sum(residuals) / len(residuals)
    scatter = sum((r - mean) ** 2 for r in residuals)
    variance = (_NOISE_WEIGHT * _NOISE**2 + scatter) / (_NOISE_WEIGHT + n - 1)
    return _BIAS**2 / (_BIAS**2 + variance / n)


def correct(expected: float, bias: float) -> float:
    """An estimate with the bias put right, kept between 0 and 100."""
    return min(100.0, max(0.0, expected + bias))


def half_width(pairs: Sequence[Pair]) -> float | None:
    """Half the width in points of the 90 % prediction interval around a corrected estimate; None below 5 outcomes."""
    n = len(pairs)
    if n < LEAST:
        return None
    left_out = sorted(_left_out(pairs))
    rank = COVERAGE * (n + 1)
    below = int(rank)
    if below >= n:
        width = left_out[-1] * _WIDENING.get(n, 1.0)
    else:
        width = left_out[below - 1] + (rank - below) * (left_out[below] - left_out[below - 1])
    return max(_ROUNDING, width)


def _left_out(pairs: Sequence[Pair]) -> list[float]:
    """How far each actual is from the estimate that all other pairs correct, each with the trust in all."""
    residuals = [actual - expected for expected, actual in pairs]
    total, scale = sum(residuals), _trust(residuals) / (len(pairs) - 1)
    return [
        abs(actual - correct(expected, scale * (total - residual)))
        for (expected, actual), residual in zip(pairs, residuals, strict=True)
    ]


BASELINE: Final = 5  # runs; with fewer the score stands as it is (reference, "Calibration Stages")
ENOUGH: Final = 10  # runs; above it an estimate may be called calibrated
LATEST: Final = 200  # outcomes; older ones speak of an older tool


class Stage(StrEnum):
    """How far the calibration has come."""

    UNCALIBRATED = "uncalibrated"
    BASELINE = "building baseline"
    FEW_OUTCOMES = "too few outcomes"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, slots=True)
class Estimate:
    """What past runs say about a score of the judge.

    `bias` in points is added to a score; `half_width` in points is half of the 90 % prediction
    interval, None unless the stage is CALIBRATED. `n` counts the texts it stands on and `outcomes`
    those with feedback; `provider` and `model` are "" where the runs of the whole mode are taken.
    """

    stage: Stage
    n: int
    outcomes: int
    bias: float = 0.0
    half_width: float | None = None
    mode: str = ""
    provider: str = ""
    model: str = ""

    def corrected(self, score: float) -> float:
        """A score with the bias put right, 0-100."""
        return correct(score, self.bias)

    def interval(self, score: float) -> tuple[float, float] | None:
        """Lowest and highest functionality to expect of a run with this score, 0-100 each; None if not calibrated."""
        if self.half_width is None:
            return None
        middle = self.corrected(score)
        return max(0.0, middle - self.half_width), min(100.0, middle + self.half_width)


UNCALIBRATED: Final = Estimate(Stage.UNCALIBRATED, 0, 0)


def calibrate(entries: Iterable[CalibrationEntry], mode: str, provider: str = "", model: str = "") -> Estimate:
    """The estimate for a run of a mode, from the entries of earlier ones, oldest first.

    Where the runs of the same mode, provider and model are enough to be calibrated by themselves,
    they alone count; else all runs of the mode. Runs of one text count once: the latest with an outcome, else the
    latest.
    """
    of_mode = list(_one_a_text(entry for entry in entries if entry.mode == mode))
    alike = [entry for entry in of_mode if (entry.provider, entry.model) == (provider, model)]
    if len(alike) > ENOUGH and len(pairs_of(alike)) >= LEAST:
        return _estimate(alike, mode, provider, model)
    return _estimate(of_mode, mode)


def _one_a_text(entries: Iterable[CalibrationEntry]) -> Iterable[CalibrationEntry]:
    """Of the entries of one text, provider and model the one that counts; one that does not say its text counts too."""
    found: dict[object, CalibrationEntry] = {}
    for place, entry in enumerate(entries):
        digest = entry.fields.get("content_hash")
        text = digest if isinstance(digest, str) and digest else place
        key = (text, entry.provider, entry.model)
        if key in found and (entry.actual or not found[key].actual):
            del found[key]  # what counts is as late as the run
        found.setdefault(key, entry)
    return found.values()


def pairs_of(entries: Iterable[CalibrationEntry]) -> list[Pair]:
    """Expected and actual functionality of the entries that have feedback."""
    return [(entry.expected, entry.actual.functionality) for entry in entries if entry.actual]


def _estimate(entries: Sequence[CalibrationEntry], mode: str, provider: str = "", model: str = "") -> Estimate:
    pairs = pairs_of(entries)
    latest = pairs[-LATEST:]
    stage = _stage(len(entries), len(pairs))
    bias = 0.0 if stage is Stage.UNCALIBRATED else shrunk_bias([actual - expected for expected, actual in latest])
    width = half_width(latest) if stage is Stage.CALIBRATED else None
    return Estimate(stage, len(entries), len(pairs), bias, width, mode, provider, model)


def _stage(runs: int, outcomes: int) -> Stage:
    if runs < BASELINE:
        return Stage.UNCALIBRATED
    if runs <= ENOUGH:
        return Stage.BASELINE
    return Stage.CALIBRATED if outcomes >= LEAST else Stage.FEW_OUTCOMES
