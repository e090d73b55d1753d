"""Skills as records of runs tell of them, for the page of a report: nothing is run again.

A record may come from anywhere: what it says is checked, and taken for text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from skill_distiller.checks.model import RECORD_SCHEMAS
from skill_distiller.errors import BadInputError
from skill_distiller.library.client_limits import listing_entry
from skill_distiller.library.measure import Broken, Tiers
from skill_distiller.report.library.portrait import (
    CHANGED,
    GONE,
    KEPT,
    MOST_NEEDS,
    Point,
    Portrait,
    Shown,
    distinct,
    show_pieces,
)
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.skill.ids import source_digest
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.tokens import TokenCounter

_HINT: Final = "Give what `skill-distiller compress --json` printed."
_SHOWN: Final = 200  # characters of a name or a reason


class Run(NamedTuple):
    """A run as its record tells of it: the skill, where it was among others, what came out of it."""

    skill: Skill
    place: str
    threshold: float
    tokens: tuple[int, int]
    score: float
    gone_headings: frozenset[str]
    written: Mapping[str, str]  # by id of a block that changed: how it is written, "" where it went
    needs: Mapping[str, tuple[str, ...]]


def read_records(text: str, name: str) -> Iterator[Run | Broken]:
    """The runs of a file: a record, or a line for each of several. Raises BadInputError for a file that holds none."""
    try:
        try:
            records = [json.loads(text)]
        except ValueError:
            records = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        raise BadInputError(f"{name} holds no JSON.", _HINT) from None
    if not any(isinstance(record, dict) and record.get("schema") in RECORD_SCHEMAS for record in records):
        raise BadInputError(f"{name} holds no record of a run.", _HINT)
    for number, record in enumerate(records, 1):
        try:
            yield _run(record, name)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Broken(f"record {number} of {name}"[:_SHOWN], name, _why(error))


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _RecordError) else "it is no record of a run that was not changed"


class _RecordError(ValueError):
    """A record that can't be shown, and why."""


def _run(record: Any, name: str) -> Run:  # noqa: ANN401 - whatever JSON brings
    if record["schema"] not in RECORD_SCHEMAS:
        raise _RecordError("its schema is not known to this version")
    if record.get("original") is None:
        raise _RecordError("it is of an earlier release, which did not keep the original")
    skill = parse_skill(_text(record["original"]))
    if source_digest(skill) != record["source_sha256"]:
        raise _RecordError("its original is not the one that it was made of")
    changes = [change for section in record["receipt"] for change in section["changes"]]
    written = {
        _text(change["id"]): "" if change["rendering"] == RenderingKind.DROPPED else _text(change["after"]).rstrip()
        for change in changes
    }
    gone = {_text(section["heading_id"]) for section in record["receipt"] if section["heading_removed"]}
    return Run(
        skill,
        _text(record.get("place") or record["skill"] or name)[:_SHOWN],
        _number(record["threshold"]) if record["threshold"] is not None else 0.0,
        (_whole(record["input_tokens"]), _whole(record["output_tokens"])),
        _number(record["functionality"]["score"]),
        frozenset(gone),
        written,
        _needs(record.get("needs") or ()),
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError
    return float(value)


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _needs(found: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - as above
    """By id of a piece what needs it, in a few words each."""
    needs: dict[str, list[str]] = {}
    for need in found:
        why = _text(need["why"] or need["kind"])[:_SHOWN]
        needs.setdefault(_text(need["id"]), []).append(f"line {_whole(need['needed_by']['line'])} ({why})")
    return {piece: tuple(lines[:MOST_NEEDS]) for piece, lines in needs.items()}


def portraits_of_runs(runs: list[Run], counter: TokenCounter) -> list[Portrait]:
    """A portrait for each skill with the points of all its runs, the original first, then the largest."""
    by_skill: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        by_skill.setdefault((run.place, source_digest(run.skill)), []).append(run)
    return [_portrait(own, counter) for own in by_skill.values()]


def _portrait(runs: list[Run], counter: TokenCounter) -> Portrait:
    first = runs[0]
    skill, before = first.skill, first.tokens[0]
    pieces = tuple(show_pieces(skill, first.needs))
    points = [Point(1.0, before, 100.0, KEPT * len(pieces), {})]
    for run in sorted(runs, key=lambda run: (-run.threshold, -run.tokens[1])):
        points.append(Point(run.threshold, run.tokens[1], run.score, *_states(pieces, run)))
    listing = counter.count(f"{listing_entry(skill)}\n")
    tiers = Tiers(listing, counter.count(skill.body), 0)
    return Portrait(first.place, first.place, skill.name, before, tiers, pieces, distinct(points))


def _states(pieces: tuple[Shown, ...], run: Run) -> tuple[str, dict[int, str]]:
    states, texts = "", dict[int, str]()
    for place, piece in enumerate(pieces):
        if piece.kind == "heading":
            states += GONE if piece.id in run.gone_headings else KEPT
        elif piece.id not in run.written:
            states += KEPT
        elif not run.written[piece.id].strip():
            states += GONE
        else:
            texts[place] = run.written[piece.id]
            states += CHANGED
    return states, texts
