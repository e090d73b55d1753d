"""What the trained weights of this package were fitted on, as text."""

from __future__ import annotations

from typing import Final

COLUMNS: Final = (
    "share of words that stand elsewhere",
    "share of pairs of words that stand elsewhere",
    "information, over the mean of the skill",
    "new information, over the mean of the skill",
    "log words that say something",
    "share of words that say something",
    "is a parenthetical",
    "is a clause",
    "in a list",
)


def definition() -> str:
    """The feature definition of the weights."""
    from skill_distiller.renderings.information.background import ANY_WORD, COMPONENTS
    from skill_distiller.renderings.information.elsewhere import STOP
    from skill_distiller.renderings.information.words import WORD

    return repr((1, COLUMNS, ANY_WORD, COMPONENTS, sorted(STOP), WORD.pattern))
