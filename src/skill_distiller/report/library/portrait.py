"""A skill at several points of its frontier, piece by piece: what the page of a report shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, NamedTuple

from skill_distiller.disclosure.signposts import write_pointer
from skill_distiller.errors import SkillDistillerError
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
from skill_distiller.skill.ids import piece_ids
from skill_distiller.skill.model import Section, Skill
from skill_distiller.structure.edges import heading_of, needs_of

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
