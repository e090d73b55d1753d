"""An analysis that a language model had a part in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skill_distiller.analysis.model import Analysis


@dataclass(frozen=True, slots=True)
class Phrases:
    """What a model said of the wording of a block: phrases that stand in it, verbatim.

    `potential` is the share of the block it took for redundant, 0-1.
    """

    essential: tuple[str, ...]
    redundant: tuple[str, ...]
    potential: float


@dataclass(frozen=True, eq=False)
class PromptedAnalysis(Analysis):
    """Verdicts by a model; `phrases` by index of the block.

    `unanswered` are the blocks that the model gave no usable answer for: theirs are embedded verdicts.
    """

    unanswered: tuple[int, ...] = ()
    phrases: Mapping[int, Phrases] = field(default_factory=dict)
