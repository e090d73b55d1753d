"""A skill at several points of its frontier, piece by piece: what the page of a report shows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from skill_distiller.errors import SkillDistillerError
from skill_distiller.library.find_skills import FoundSkill
from skill_distiller.library.measure import Broken, Measure, Measured, Tiers
from skill_distiller.planning.worth import block_worths
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.distill import distill
from skill_distiller.run.result import Result
from skill_distiller.run.run import DistillOptions
from skill_distiller.skill.ids import piece_ids
from skill_distiller.skill.model import Skill
from skill_distiller.skill.read import read_skill
from skill_distiller.structure.edges import heading_of, needs_of

THRESHOLDS: Final = (0.98, 0.95, 0.92, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)
KEPT: Final = "k"
GONE: Final = "g"
CHANGED: Final = "c"
_MOST_NEEDS: Final = 3


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


@dataclass(frozen=True, slots=True)
class Portrait:
    """A skill with its points, the original first; `refused` says why there are no others."""

    place: str
    path: str
    name: str
    tokens: int
    tiers: Tiers
    pieces: tuple[Shown, ...]
    points: tuple[Point, ...]
    refused: str = ""

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
        skill = read_skill(found.file, self.max_bytes)
        results, refused = [], ""
        for threshold in self.thresholds:
            try:
                results.append((threshold, distill(skill, replace(self.options, threshold=threshold))))
            except SkillDistillerError as error:
                refused = str(error)
        return portrait_of(measured, skill, results, "" if results else refused)


def portrait_of(
    measured: Measured, skill: Skill, results: Sequence[tuple[float, Result]], refused: str = ""
) -> Portrait:
    """The portrait of a skill from results at falling thresholds; those that come to the same are one point."""
    pieces = _pieces(skill, results[0][1] if results else None)
    points = [Point(1.0, measured.tokens, 100.0, KEPT * len(pieces), {})]
    for threshold, result in results:
        states, texts = _states(skill, result)
        point = Point(threshold, result.output_tokens, result.functionality.score, states, texts)
        if (point.states, point.texts) != (points[-1].states, points[-1].texts):
            points.append(point)
    return Portrait(
        measured.place,
        measured.path,
        skill.name,
        measured.tokens,
        measured.tiers,
        pieces,
        tuple(points),
        refused,
    )


def _pieces(skill: Skill, result: Result | None) -> tuple[Shown, ...]:
    ids = piece_ids(skill)
    worths = block_worths(result.reading, result.run.models.worth) if result else (0.0,) * len(skill.blocks)
    needs = _needs(skill, result) if result else {}
    found = [Shown("", 1, "frontmatter", skill.frontmatter.raw.rstrip())] if skill.frontmatter.raw else []
    for section in skill.sections:
        if section.level:
            piece = heading_of(section.index)
            text = section.heading_source.rstrip()
            found.append(Shown(ids.headings[section.index], section.line, "heading", text, 0.0, needs.get(piece, ())))
        for block in section.blocks:
            kind, text = block.kind.value, block.text.rstrip()
            found.append(
                Shown(ids.blocks[block.index], block.line, kind, text, worths[block.index], needs.get(block.index, ()))
            )
    return tuple(found)


def _needs(skill: Skill, result: Result) -> dict[int, tuple[str, ...]]:
    """What needs each piece, in a few words."""

    def line(piece: int) -> int:
        return skill.blocks[piece].line if piece >= 0 else skill.sections[heading_of(piece)].line

    everything = {*range(len(skill.blocks)), *(heading_of(section.index) for section in skill.sections)}
    return {
        piece: tuple(f"line {line(edge.source)} ({edge.why or edge.kind.value})" for edge in edges[:_MOST_NEEDS])
        for piece, edges in needs_of(result.reading.edges, everything).items()
    }


def _states(skill: Skill, result: Result) -> tuple[str, dict[int, str]]:
    """What became of each piece, in the order of `_pieces`."""
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
