"""What the place of a block says of its type: headings above it, lead-ins, pointers, position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from skill_distiller.analysis.model import SectionType
from skill_distiller.analysis.patterns import WORDS, one_of
from skill_distiller.skill.labels import lead_ins
from skill_distiller.skill.model import Block, BlockKind, Skill

_PROMISES: Final = tuple(
    (SectionType(row["type"]), float(row["points"]), one_of(row["words"])) for row in WORDS["headings"]
)


@lru_cache(maxsize=1024)
def heading_promises(heading: str) -> tuple[tuple[SectionType, float], ...]:
    """The types that a heading's words speak for, with points. Cached: every block below asks again."""
    lowered = heading.lower()
    return tuple((kind, points) for kind, points, expression in _PROMISES if expression.search(lowered))


T = SectionType
Points = dict[SectionType, float]

IMPERATIVES: Final = frozenset(WORDS["instructions"]["imperatives"].split())
CONDITION: Final = one_of(WORDS["instructions"]["condition"])
_POINTER: Final = re.compile(r"\b(?i:see|refer|read|load|full|details?)\b[^\n]{0,200}\.md\b")
_ANCHOR_ITEM: Final = re.compile(r"[-*+\d.)\s]*\[[^\]]*\]\(#[^)]*\)")


class Place(NamedTuple):
    """A block where it stands: the headings above, and its neighbours in the section."""

    block: Block
    path: tuple[str, ...]
    first: bool
    leads_in: bool
    led_in_by: str


def places(skill: Skill) -> Iterator[Place]:
    """Every block of a skill in its place."""
    for section in skill.sections:
        path = skill.heading_path(section.index)
        led_in_by = ""
        for i, block in enumerate(section.blocks):
            leads_in = block.index in lead_ins(skill)
            yield Place(block, path, i == 0, leads_in, led_in_by)
            led_in_by = block.text if leads_in else ""


def heading_cue(place: Place) -> Points:
    """What the headings above promise; the nearest counts most."""
    return _path_promises(place.path)


@lru_cache(maxsize=1024)
def _path_promises(path: tuple[str, ...]) -> Points:
    points: Points = {}
    for depth, heading in enumerate(reversed(path[1:] or path)):
        share = 1.0 if depth == 0 else 0.4 / depth
        for kind, value in heading_promises(heading):
            points[kind] = points.get(kind, 0.0) + value * share
    return points


def lead_in_cue(place: Place) -> Points:
    """A bare lead-in says nothing, unless it carries a condition or an order."""
    if not place.leads_in:
        return {}
    text = place.block.text
    words = text.split()
    if len(words) > 12 or CONDITION.match(text) or (len(words) > 4 and words[0].strip("*_").lower() in IMPERATIVES):
        return {T.CORE_INSTRUCTION: 1.5}
    return {T.VERBOSE_DETAIL: 4.0}


def position_cue(place: Place) -> Points:
    """The first paragraph of a skill, or of its first section, says what it is about."""
    if place.block.kind is BlockKind.PARAGRAPH and place.block.index == 0 and not place.leads_in:
        return {T.EXPLANATION: 1.6}
    if place.first and place.block.kind is BlockKind.PARAGRAPH and len(place.path) == 1:
        return {T.EXPLANATION: 1.0}
    return {}


def pointer_cue(place: Place) -> Points:
    """Tables of contents, and pointers to other files."""
    text = place.block.text
    if "](#" in text and place.block.kind in (BlockKind.LIST, BlockKind.LIST_ITEM) and _only_anchors(text):
        return {T.VERBOSE_DETAIL: 5.0}  # a table of contents
    if place.block.kind is BlockKind.PARAGRAPH and ".md" in text and _POINTER.search(text):
        return {T.VERBOSE_DETAIL: 1.2, T.CORE_INSTRUCTION: 0.4}
    return {}


def _only_anchors(text: str) -> bool:
    return all(_ANCHOR_ITEM.match(line) for line in text.split("\n") if line.strip())


CUES: Final[tuple[Callable[[Place], Points], ...]] = (heading_cue, lead_in_cue, position_cue, pointer_cue)


def place_points(place: Place) -> Points:
    """The points of all cues together."""
    points: Points = {}
    for cue in CUES:
        for kind, value in cue(place).items():
            points[kind] = points.get(kind, 0.0) + value
    return points
