"""Where the pieces of a skill are in what a plan made of it: what was chosen in the one moves out of the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from skill_distiller.disclosure.model import Passage, Slice, slices_of
from skill_distiller.planning.plan import apply_plan
from skill_distiller.run.proof import Planned
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import Piece, heading_of


@dataclass(frozen=True, eq=False)
class Places:
    """The pieces of a skill in the text that its plan wrote; what the plan dropped is nowhere."""

    skill: Skill
    made: Planned

    @cached_property
    def _ranges(self) -> Mapping[Piece, tuple[int, int]]:
        kept = [decision.block for decision in self.made.plan.decisions if not decision.dropped]
        written = slices_of(apply_plan(self.skill, self.made.plan))
        return {kept[own.piece] if own.piece >= 0 else own.piece: (own.start, own.end) for own in written}

    @cached_property
    def _slices(self) -> tuple[Slice, ...]:
        return slices_of(self.made.distilled)

    def passage(self, passage: Passage) -> Passage | None:
        """A passage with its indices in the result, None where it does not stand there by itself.

        A few items that are left of a long list may be one piece there, and a text that stands for several many.
        """
        section = self._heading(passage.section)
        ranges = _joined(sorted(own for piece in passage.pieces if (own := self._ranges.get(piece))))
        inside = [own for own in self._slices if any(start <= own.start and own.end <= end for start, end in ranges)]
        blocks = tuple(own.piece for own in inside if own.piece >= 0)
        whole = sum(own.end - own.start for own in inside) == sum(end - start for start, end in ranges)
        if section is None or not blocks or not whole:
            return None
        headings = tuple(heading_of(own.piece) for own in inside if own.piece < 0)
        return replace(passage, section=section, blocks=blocks, headings=headings)

    def _heading(self, section: int) -> int | None:
        """A section of the result by that of the original whose heading it has."""
        if not section:
            return 0
        place = self._ranges.get(heading_of(section))
        found = (heading_of(own.piece) for own in self._slices if own.piece < 0 and (own.start, own.end) == place)
        return next(found, None)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in ranges:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
