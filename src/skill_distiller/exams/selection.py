"""The adaptive rule of SKIM's offline exam: the cheapest way to carry a skill with which a model still answers enough.

Soft tokens (a resolution) and smaller texts (a point of the frontier) are chosen by it alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Final, TypeVar

DEFAULT_QUESTIONS: Final = 10
DEFAULT_THRESHOLD: Final = 0.9  # the share (0-1) of the questions that has to be accepted
T = TypeVar("T")


class Reason(StrEnum):
    """Why a way was selected, or none."""

    REACHED = "the smallest that reaches the threshold"
    NOT_REACHED = "none reaches the threshold"
    SHORT = "already short"
    INCONCLUSIVE = "too few questions have a reference answer"


def needed(asked: int, threshold: float) -> int:
    """How many of the answers have to be accepted; counted in whole numbers, for 0.9 of 10 is 9 and not 10.

    >>> needed(10, 0.9), needed(7, 0.9), needed(10, 0.7)
    (9, 7, 7)
    """
    return ceil(Fraction(str(threshold)) * asked)


def first_enough(
    accepted: Iterable[tuple[T, int]], asked: int, wanted: int, threshold: float = DEFAULT_THRESHOLD
) -> tuple[T | None, Reason]:
    """The first way of which enough answers are accepted, with the reason; None where the whole text has to stay.

    `accepted` gives the ways with the number of their accepted answers, the cheapest first, and is read no further than
    the one that is taken. `asked` counts the questions that have a reference answer, of `wanted`: with fewer than half
    of those there is nothing to go by. No way at all means that the text is short already.
    """
    if not asked or asked * 2 < wanted:
        return None, Reason.INCONCLUSIVE
    why = Reason.SHORT
    for way, count in accepted:
        if count >= needed(asked, threshold):
            return way, Reason.REACHED
        why = Reason.NOT_REACHED
    return None, why
