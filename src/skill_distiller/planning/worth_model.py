"""The fitted numbers of the planner: what makes a block worth its tokens, and how worth adds up to functionality."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from skill_distiller.planning.worth_features import FEATURES
from skill_distiller.weights import load_weights

NAME: Final = "worth"
DEFINITION: Final = "1 " + " ".join(FEATURES)  # of what the weights were fitted on


@dataclass(frozen=True, slots=True)
class WorthModel:
    """One coefficient a feature of `worth_features`, and the other numbers that were fitted with them.

    `exponent`: functionality = share of worth ** exponent. `required_importance` (0-1): from which on
    a block of a required type may not be dropped. `low_confidence` (0-1): below it a block's type
    counts as uncertain. `common` are the numbers of the words that many skills use.
    """

    coefficients: tuple[float, ...]
    exponent: float
    required_importance: float
    low_confidence: float
    common: frozenset[int] = frozenset()

    def functionality(self, share: float) -> float:
        """The functionality (0-1) estimated for a share (0-1) of the worth kept."""
        return float(share**self.exponent)

    def share(self, functionality: float) -> float:
        """The share of the worth (0-1) that a functionality (0-1) asks for: the inverse."""
        return float(functionality ** (1 / self.exponent))


@lru_cache(maxsize=1)
def load_worth_model() -> WorthModel:
    """The model that ships in the wheel. Raises WeightsError where it is not for this code."""
    arrays = load_weights(NAME, DEFINITION)
    coefficients = tuple(float(value) for value in arrays["coefficients"])
    exponent, required_importance, low_confidence = (float(value) for value in arrays["settings"])
    common = frozenset(arrays["common"].tolist())
    return WorthModel(coefficients, exponent, required_importance, low_confidence, common)
