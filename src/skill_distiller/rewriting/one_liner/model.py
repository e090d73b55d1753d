"""A skill in three lines, and the blocks that may not fill any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.analysis.safeguards import places
from skill_distiller.rewriting.one_liner.line_text import closes_code, has, plain, words
from skill_distiller.tokens import TokenCounter

PREFIXES: Final = ("TRIGGER: ", "ACTION: ", "RESULT: ")
NOT_STATED: Final = "not said in the skill"  # instead of something else that fills the line
PURPOSE: Final = f"{NOT_STATED}; its purpose: "  # before what a skill is for, where it does not say when


@dataclass(frozen=True, slots=True)
class OneLiner:
    """When a skill applies, what the agent does, and what comes of it: each a text without line breaks.

    What a skill does not say is `NOT_STATED`. `left_out` counts the quoted trigger phrases without room.
    `shares` says of the blocks that the lines draw on (by index) how much of them they say, 0-1.
    `method` names who wrote them.
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
_RESERVE: Final = 6  # tokens for " (+99)"
_RULES_RESERVE: Final = 8  # tokens for "; … and 99 more"
UNTOLD: Final = "…"  # stands for a step that can't be said shortly
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

    def add(self, piece: Piece, joint: str = "", most: int = MOST_TOKENS, *, again: bool = False) -> bool:
        """Add a piece behind a joint where the line stays within `most` tokens; whether it did.

        What the line says is only said `again` where that is asked for.
        """
        said = not again and piece.text.casefold() in self.text.casefold()
        if not piece.text or said or not closes_code(piece.text):
            return False
        text = self.text + (joint if self.text else "") + piece.text
        if len(text) > _LONGEST or self._count(self._prefix + text) > most - _RESERVE:
            return False
        self.text = text
        if piece.block is not None:
            self.drawn[piece.block] += self._count(piece.text)
        return True

    def say_left_out(self, count: int) -> None:
        """Say how many more there are of what was added last, as in ` (+3)`."""
        if count:
            self.text += f" (+{min(count, 99)})"

    def add_rules(self, rules: Iterable[Piece], noun: str) -> None:
        """Add the prohibitions that have room, the first of them first, and say how many there are besides."""
        told = left = 0
        new = [piece for piece in rules if not piece.text or piece.text.casefold() not in self.text.casefold()]
        for place, piece in enumerate(new, 1):
            reserve = 0 if place == len(new) and not left else _RULES_RESERVE
            added = self.add(piece, "; ", MOST_TOKENS - reserve + _RESERVE)
            told, left = told + added, left + (not added)
        if left:
            more = min(left, 99)
            self.text += f"; … and {more} more" if told else f"; … {more} {noun}{'s' * (more > 1)}"


@once_per_reading
def negative_blocks(reading: Reading) -> frozenset[int]:
    """The indices of the blocks below a heading, or behind a lead-in, with a word such as not, avoid or mistakes."""
    return _blocks_under(reading, "negative")


@once_per_reading
def conditional_blocks(reading: Reading) -> frozenset[int]:
    """The indices of the blocks below a heading, or behind a lead-in, that says when they hold."""
    return _blocks_under(reading, "condition")


@once_per_reading
def alternative_blocks(reading: Reading) -> frozenset[int]:
    """The indices of the blocks below one of several headings of which one is chosen each time: "Mode 1", "Mode 2"."""
    skill = reading.skill
    headings = {section.heading for section in skill.sections if is_alternative(section.heading)}
    if len(headings) < 2:
        return frozenset()
    below = [not headings.isdisjoint(skill.heading_path(section.index)) for section in skill.sections]
    return frozenset(block for block, section in enumerate(skill.section_of) if below[section])


def is_alternative(heading: str) -> bool:
    """Whether a heading counts what one is chosen of: "Mode 1: Audit"."""
    return words("alternative").match(plain(heading)) is not None


def _blocks_under(reading: Reading, name: str) -> frozenset[int]:
    skill = reading.skill

    def says(text: str) -> bool:
        return has(name, text) and not (name == "condition" and has("always_so", text))

    below = [any(map(says, skill.heading_path(section.index)[1:])) for section in skill.sections]
    return frozenset(
        place.block.index
        for section, place in zip(skill.section_of, places(skill), strict=True)
        if below[section] or says(plain(place.led_in_by))
    )
