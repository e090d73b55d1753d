"""An analysis that a language model had a part in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from skill_distiller.analysis.model import Analysis

PROMPTED: Final = 0.8  # of the bolder pruned rung: the word of a model, and of any model


@dataclass(frozen=True, slots=True)
class Phrases:
    """What was said of the wording of a block: phrases that stand in it, verbatim.

    `potential` is the share of the block that was taken for redundant, 0-1; `strength` (0-1) how
    bold it is to delete the redundant ones (see `Edit`).
    """

    essential: tuple[str, ...]
    redundant: tuple[str, ...]
    potential: float
    strength: float = PROMPTED


@dataclass(frozen=True, eq=False)
class PromptedAnalysis(Analysis):
    """Verdicts by a model; `phrases` by index of the block.

    `unanswered` are the blocks that the model gave no usable answer for: theirs are embedded verdicts.
    """

    unanswered: tuple[int, ...] = ()
    phrases: Mapping[int, Phrases] = field(default_factory=dict)
