"""A skill piece by piece at several points of its frontier, from runs made now or from records of earlier ones.

A record may come from anywhere: what it says is checked, and taken for text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final, NamedTuple

from skill_distiller.checks.model import RECORD_SCHEMAS
from skill_distiller.disclosure.signposts import write_pointer
from skill_distiller.errors import BadInputError, SkillDistillerError
from skill_distiller.library.client_fit import listing_entry
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.library.measure import Broken, Measure, Measured, Tiers
from skill_distiller.planning.worth import block_worths
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.moving.reduce import reduce_folder
from skill_distiller.run.moving.reduce_run import ReduceOptions, Reduction, pieces_by_place
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Section, Skill, piece_ids, source_digest
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import heading_of, needs_of
from skill_distiller.tokens import TokenCounter

THRESHOLDS: Final = (0.98, 0.95, 0.92, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
KEPT: Final = "k"
GONE: Final = "g"
CHANGED: Final = "c"
MOVED: Final = "m"
MOST_NEEDS: Final = 3  # that are shown of one piece


class Shown(NamedTuple):
    """A piece of the original: its id ("" for the frontmatter), first line, kind, text, and the share of the worth.

    `needed_by` says, in a few words each, what needs it.
    """

    id: str
    line: int
    kind: str
    text: str
    worth: float = 0.0
    needed_by: tuple[str, ...] = ()


class Point(NamedTuple):
    """A result: the threshold it was asked for with, its tokens, the estimate (0-100), and what became of each piece.

    `states` has one letter a piece: KEPT, GONE or CHANGED; `texts` those of changed ones, by their place.
    """

    threshold: float
    tokens: int
    score: float
    states: str
    texts: Mapping[int, str]


class Moved(NamedTuple):
    """What `reduce` makes of a skill: tokens of its SKILL.md, the new files, and what became of each piece.

    `states` are as those of a point, with MOVED; `at` says to which of the files, by the place of a piece, and
    `pointers` what stands in its place, by that of the first piece of a passage.
    """

    tokens: int
    states: str
    files: tuple[str, ...]
    at: Mapping[int, int]
    pointers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Portrait:
    """A skill with its points, the original first; `refused` says why there are no others.

    `moved` is None where nothing may move.
    """

    place: str
    path: str
    name: str
    tokens: int
    tiers: Tiers
    pieces: tuple[Shown, ...]
    points: tuple[Point, ...]
    refused: str = ""
    moved: Moved | None = None

    def nearest(self, threshold: float) -> int:
        """The place of the point that a threshold means: the smallest one that keeps at least so much."""
        return max(i for i, point in enumerate(self.points) if point.threshold >= threshold or i == 0)


@dataclass(frozen=True, slots=True)
class Portray:
    """Makes the portrait of one skill, in a worker process; `options` are those of a run, but for the threshold."""

    options: DistillOptions
    max_bytes: int
    thresholds: Sequence[float] = THRESHOLDS

    def __call__(self, found: FoundSkill) -> Portrait | Broken:
        """The portrait; what went wrong where there is none."""
        measured = Measure(None, self.options.counting.encoding, max_bytes=self.max_bytes)(found)
        if isinstance(measured, Broken):
            return measured
        folder = found.read(self.max_bytes)
        skill = folder.skill
        results, refused = [], ""
        for threshold in self.thresholds:
            try:
                results.append((threshold, distill(skill, replace(self.options, threshold=threshold))))
            except SkillDistillerError as error:
                refused = str(error)
        portrait = portrait_of(measured, skill, results, "" if results else refused)
        return replace(portrait, moved=self._moved(folder))

    def _moved(self, folder: SkillFolder) -> Moved | None:
        """What `reduce` makes of it, None where that is nothing."""
        options = ReduceOptions(counting=self.options.counting, patterns=self.options.patterns)
        try:
            return moved_of(folder.skill, reduce_folder(folder, options)) if folder.root else None
        except SkillDistillerError:
            return None


def moved_of(skill: Skill, reduction: Reduction) -> Moved | None:
    """A reduction piece by piece, None where nothing moved."""
    split = reduction.split
    if split is None or not split.references:
        return None
    files = [reference.path for reference in split.references]
    places = pieces_by_place(reduction)
    order = [heading_of(section.index) if piece is None else piece for section, piece in _order(skill)]
    first = 1 if skill.frontmatter.raw else 0
    at = {number: files.index(places[piece]) for number, piece in enumerate(order, first) if piece in places}
    pointers = {}
    for reference, passage in split.passages:
        sign = reference.signposts[reference.passages.index(passage)]
        pieces = {*passage.blocks, *map(heading_of, passage.headings)}
        begins = next((number for number, piece in enumerate(order, first) if piece in pieces), None)
        if begins is not None:
            pointers[begins] = write_pointer(sign, reference.path)
    states = "".join(MOVED if number in at else KEPT for number in range(first + len(order)))
    return Moved(reduction.figures[1].activation, states, tuple(map(str, files)), at, pointers)


def _order(skill: Skill) -> Iterator[tuple[Section, int | None]]:
    """The pieces of a skill in the order of `show_pieces`: headings as None with their section, blocks by index."""
    for section in skill.sections:
        if section.level:
            yield section, None
        yield from ((section, block.index) for block in section.blocks)


def portrait_of(
    measured: Measured, skill: Skill, results: Sequence[tuple[float, Result]], refused: str = ""
) -> Portrait:
    """The portrait of a skill from results at falling thresholds; those that come to the same are one point."""
    first = results[0][1] if results else None
    worths = block_worths(first.reading, first.run.models.worth) if first else ()
    pieces = tuple(show_pieces(skill, _needs(skill, first) if first else {}, worths))
    points = [Point(1.0, measured.tokens, 100.0, KEPT * len(pieces), {})]
    for threshold, result in results:
        points.append(Point(threshold, result.output_tokens, result.functionality.score, *_states(skill, result)))
    return Portrait(
        measured.place,
        measured.path,
        skill.name,
        measured.tokens,
        measured.tiers,
        pieces,
        distinct(points),
        refused,
    )


def distinct(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points without those that come to the same as the one before."""
    return tuple(next(same) for _, same in groupby(points, lambda point: (point.states, point.texts)))


def show_pieces(skill: Skill, needs: Mapping[str, tuple[str, ...]], worths: Sequence[float] = ()) -> Iterator[Shown]:
    """The frontmatter, headings and blocks of a skill in order; `needs` are by id, `worths` by index of a block."""
    ids = piece_ids(skill)
    if skill.frontmatter.raw:
        yield Shown("", 1, "frontmatter", skill.frontmatter.raw.rstrip())
    for section in skill.sections:
        if section.level:
            own = ids.headings[section.index]
            yield Shown(own, section.line, "heading", section.heading_source.rstrip(), 0.0, needs.get(own, ()))
        for block in section.blocks:
            own, worth = ids.blocks[block.index], worths[block.index] if worths else 0.0
            yield Shown(own, block.line, block.kind.value, block.text.rstrip(), worth, needs.get(own, ()))


def _needs(skill: Skill, result: Result) -> dict[str, tuple[str, ...]]:
    """By id of a piece what needs it, in a few words."""
    ids = piece_ids(skill)

    def line(piece: int) -> int:
        return skill.blocks[piece].line if piece >= 0 else skill.sections[heading_of(piece)].line

    everything = {*range(len(skill.blocks)), *(heading_of(section.index) for section in skill.sections)}
    return {
        ids.blocks[piece] if piece >= 0 else ids.headings[heading_of(piece)]: tuple(
            f"line {line(edge.source)} ({edge.why or edge.kind.value})" for edge in edges[:MOST_NEEDS]
        )
        for piece, edges in needs_of(result.reading.edges, everything).items()
    }


def _states(skill: Skill, result: Result) -> tuple[str, dict[int, str]]:
    """What became of each piece, in the order of `show_pieces`."""
    states = KEPT if skill.frontmatter.raw else ""
    texts: dict[int, str] = {}
    for section in skill.sections:
        if section.level:
            states += KEPT if result.plan.headings[section.index] else GONE
        for block in section.blocks:
            rendering = result.plan.decisions[block.index].rendering
            if rendering.kind is RenderingKind.FULL:
                states += KEPT
            elif not rendering.text.strip():
                states += GONE
            else:
                texts[len(states)] = rendering.text.rstrip()
                states += CHANGED
    return states, texts


_HINT: Final = "Give what `skill-distiller compress --json` printed."
_SHOWN: Final = 200  # characters of a name or a reason


class RecordedRun(NamedTuple):
    """A run as its record tells of it: the skill, where it was among others, what came out of it."""

    skill: Skill
    place: str
    threshold: float
    tokens: tuple[int, int]
    score: float
    gone_headings: frozenset[str]
    written: Mapping[str, str]  # by id of a block that changed: how it is written, "" where it went
    needs: Mapping[str, tuple[str, ...]]


def read_records(text: str, name: str) -> Iterator[RecordedRun | Broken]:
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


def _run(record: Any, name: str) -> RecordedRun:  # noqa: ANN401 - whatever JSON brings
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
    return RecordedRun(
        skill,
        _text(record.get("place") or record["skill"] or name)[:_SHOWN],
        _number(record["threshold"]) if record["threshold"] is not None else 0.0,
        (_whole(record["input_tokens"]), _whole(record["output_tokens"])),
        _number(record["functionality"]["score"]),
        frozenset(gone),
        written,
        _recorded_needs(record.get("needs") or ()),
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


def _recorded_needs(found: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - as above
    """By id of a piece what needs it, in a few words each."""
    needs: dict[str, list[str]] = {}
    for need in found:
        why = _text(need["why"] or need["kind"])[:_SHOWN]
        needs.setdefault(_text(need["id"]), []).append(f"line {_whole(need['needed_by']['line'])} ({why})")
    return {piece: tuple(lines[:MOST_NEEDS]) for piece, lines in needs.items()}


def portraits_of_runs(runs: list[RecordedRun], counter: TokenCounter) -> list[Portrait]:
    """A portrait for each skill with the points of all its runs, the original first, then the largest."""
    by_skill: dict[tuple[str, str], list[RecordedRun]] = {}
    for run in runs:
        by_skill.setdefault((run.place, source_digest(run.skill)), []).append(run)
    return [_portrait(own, counter) for own in by_skill.values()]


def _portrait(runs: list[RecordedRun], counter: TokenCounter) -> Portrait:
    first = runs[0]
    skill, before = first.skill, first.tokens[0]
    pieces = tuple(show_pieces(skill, first.needs))
    points = [Point(1.0, before, 100.0, KEPT * len(pieces), {})]
    for run in sorted(runs, key=lambda run: (-run.threshold, -run.tokens[1])):
        points.append(Point(run.threshold, run.tokens[1], run.score, *_recorded_states(pieces, run)))
    listing = counter.count(f"{listing_entry(skill)}\n")
    tiers = Tiers(listing, counter.count(skill.body), 0)
    return Portrait(first.place, first.place, skill.name, before, tiers, pieces, distinct(points))


def _recorded_states(pieces: tuple[Shown, ...], run: RecordedRun) -> tuple[str, dict[int, str]]:
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
