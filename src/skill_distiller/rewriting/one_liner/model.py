"""A skill in three lines, and the blocks that may not fill any of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from skill_distiller.analysis.cues import places
from skill_distiller.analysis.reading import Reading, once_per_reading
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

    def write(self, reading: Reading, counter: TokenCounter) -> OneLiner:
        """The three lines; what they say was checked against the skill."""


MOST_TOKENS: Final = 80  # of a line, its prefix included
_RESERVE: Final = 6  # tokens for " (+99)" at the end
_LONGEST: Final = 12 * MOST_TOKENS  # characters; nothing longer is worth counting


class Piece(NamedTuple):
    """A text taken from a block (by index), or from the frontmatter or a heading (None)."""

    text: str
    block: int | None = None


class Line:
    """The text of a line so far, and how many tokens were drawn from each block (by index)."""

    def __init__(self, prefix: str, counter: TokenCounter) -> None:
        self.text = ""
        self.drawn = Counter[int]()
        self._prefix = prefix
        self._count = counter.count

    def add(self, piece: Piece, joint: str = "", most: int = MOST_TOKENS) -> bool:
        """Add a piece behind a joint where the line stays within `most` tokens and does not say it; whether it did."""
        if not piece.text or piece.text.count("`") % 2 or piece.text.casefold() in self.text.casefold():
            return False
        text = self.text + (joint if self.text else "") + piece.text
        if len(text) > _LONGEST or self._count(self._prefix + text) > most - _RESERVE:
            return False
        self.text = text
        if piece.block is not None:
            self.drawn[piece.block] += self._count(piece.text)
        return True

    def say_left_out(self, count: int) -> None:
        """End with how many more there are, as in ` (+3)`."""
        if count:
            self.text += f" (+{min(count, 99)})"


_NEGATIVE: Final = re.compile(
    r"n['’]ts?\b|\b(?:not|no|never|avoid\w*|without|forbidden|prohibited|bad|wrong|incorrect|poor|anti-?patterns?"
    r"|mistakes?|pitfalls?|gotchas?|traps?|red flags?|rationali[sz]ations?|excuses?|myths?|out of scope|exclu\w+"
    r"|smells?|fail\w*|before:|limitations?|warnings?|skip|reject\w*|instead of)(?!\w)|[❌✗✘🚫⛔👎]|不|禁|避|反模式"
    r"|错误|誤|錯|悪い|除外|対象外|ない|アンチパターン|\bне\b|нельзя|ошибк|избега|антипаттерн|\bno\b|evita|errores"
    r"|nunca|\bnão\b|evite|erros|\bnicht|fehler|vermeide|yapma|kaçın|\bhata|değil|금지|안티|말|않|피해야|실수",
    re.IGNORECASE,
)


@once_per_reading
def negative_blocks(reading: Reading) -> frozenset[int]:
    """The indices of the blocks below a heading, or behind a lead-in, with a word such as not, avoid or mistakes."""
    skill = reading.skill
    below = [any(map(is_negative, skill.heading_path(section.index)[1:])) for section in skill.sections]
    return frozenset(
        place.block.index
        for section, place in zip(skill.section_of, places(skill), strict=True)
        if below[section] or is_negative(place.led_in_by)
    )


@lru_cache(maxsize=1024)  # every heading below asks again
def is_negative(text: str) -> bool:
    """Whether a heading or a lead-in says that what follows is wrong or not to be done."""
    return bool(_NEGATIVE.search(text))
