"""A skill in three lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from skill_distiller.analysis import Analysis
from skill_distiller.tokens import TokenCounter

PREFIXES: Final = ("TRIGGER: ", "ACTION: ", "RESULT: ")
NOT_STATED: Final = "(not stated)"  # where a skill does not say it: nothing is invented for it


@dataclass(frozen=True, slots=True)
class OneLiner:
    """When a skill applies, what the agent does, and what comes of it: each a text without line breaks.

    `left_out` counts the quoted trigger phrases that had no room. `shares` says of the blocks that the
    lines draw on (by index) how much of them they say, 0-1. `method` names who wrote them.
    """

    trigger: str
    action: str
    result: str
    left_out: int = 0
    shares: Mapping[int, float] = field(default_factory=dict)
    method: str = "embedded"

    @property
    def lines(self) -> tuple[str, str, str]:
        """The three lines with their prefixes."""
        trigger, action, result = PREFIXES
        return trigger + self.trigger, action + self.action, result + self.result

    @property
    def text(self) -> str:
        """The three lines, each ended by a line feed."""
        return "".join(f"{line}\n" for line in self.lines)


class OneLinerWriter(Protocol):
    """The seam: whoever can say in three lines what a skill is for."""

    def write(self, analysis: Analysis, counter: TokenCounter) -> OneLiner:
        """The three lines; what they say was checked against the skill."""
