"""How a skill is carried: the fewest soft tokens with which a model still answers as it does with the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from skill_distiller.exams.sitting import Reason, first_enough


class Mode(StrEnum):
    """How a skill is put into a prompt."""

    SOFT = "soft"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Selected:
    """What an exam chose for a skill: `accepted` answers at each resolution, of `asked`, and the threshold (0-1)."""

    mode: Mode
    resolution: int | None
    accepted: Mapping[int, int]
    asked: int
    threshold: float
    reason: Reason

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "mode": self.mode.value,
            "resolution": self.resolution,
            "accepted": {str(size): count for size, count in self.accepted.items()},
            "asked": self.asked,
            "threshold": self.threshold,
            "reason": self.reason.name.lower(),
        }

    @classmethod
    def from_plain(cls, value: Mapping[str, Any]) -> Selected:
        """The selection that `plain` wrote; raises ValueError, TypeError or KeyError for any other value."""
        if value.keys() != cls.__dataclass_fields__.keys() or type(value["asked"]) is not int:
            raise ValueError("other fields than those of a selection")
        mode, size = Mode(value["mode"]), value["resolution"]
        if (mode is Mode.SOFT) != (type(size) is int):
            raise ValueError("a mode without its resolution")
        accepted = {int(key): int(count) for key, count in value["accepted"].items()}
        return cls(mode, size, accepted, value["asked"], float(value["threshold"]), Reason[value["reason"].upper()])


def offered(resolutions: Sequence[int], body_tokens: int) -> tuple[int, ...]:
    """The resolutions that take fewer tokens than the text."""
    return tuple(size for size in resolutions if size < body_tokens)


def select(accepted: Mapping[int, int], asked: int, wanted: int, threshold: float) -> Selected:
    """The mode of a skill: the smallest resolution with enough accepted answers, else the text.

    `accepted` has the resolutions that are offered, `asked` the questions with a reference answer, of `wanted`. With
    fewer than half of those there is nothing to go by.
    """
    if not accepted:
        return Selected(Mode.TEXT, None, {}, asked, threshold, Reason.SHORT)
    size, reason = first_enough(sorted(accepted.items()), asked, wanted, threshold)
    return Selected(Mode.SOFT if size else Mode.TEXT, size, accepted, asked, threshold, reason)


def together(chosen: Sequence[Selected | None], resolutions: Sequence[int]) -> int | None:
    """The resolution for several skills in one prompt, None for text: the largest mode that was selected holds for all.

    A skill without an exam counts as the largest resolution.
    """
    sizes = [resolutions[-1] if one is None else one.resolution for one in chosen]
    return None if None in sizes else max(size for size in sizes if size is not None)
