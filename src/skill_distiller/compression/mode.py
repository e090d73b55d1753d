"""The modes of compression."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What a run aims at; the value is its name on the command line.

    THRESHOLD: the fewest tokens that keep a share of the functionality. TOKENS: the most
    functionality within a number of tokens. ONELINER: three lines that say what the skill is for.
    """

    THRESHOLD = "threshold"
    TOKENS = "tokens"
    ONELINER = "oneliner"
