"""One of the three lines while it is filled: pieces are taken whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from skill_distiller.tokens import TokenCounter

MOST_TOKENS: Final = 80  # of a line, its prefix included
_RESERVE: Final = 6  # tokens for " (+99)" at the end
_LONGEST: Final = 12 * MOST_TOKENS  # characters; nothing longer is worth counting


class Piece(NamedTuple):
    """A text taken from a block (by index), or from the frontmatter or a heading (None)."""

    text: str
    block: int | None = None


class Line:
    """The text of a line so far and what it was taken from."""

    def __init__(self, prefix: str, counter: TokenCounter, drawn: dict[int, int] | None = None) -> None:
        self.text = ""
        self._prefix = prefix
        self._count = counter.count
        self.drawn: defaultdict[int, int] = defaultdict(int, drawn or {})

    def fits(self, text: str, most: int = MOST_TOKENS) -> bool:
        """Whether the line could read so, within `most` tokens."""
        return len(text) <= _LONGEST and self._count(self._prefix + text) <= most - _RESERVE

    def add(self, piece: Piece, joint: str = "", most: int = MOST_TOKENS) -> bool:
        """Add a piece behind a joint, where it has room and is not said already; whether it was added."""
        text = self.text + (joint if self.text else "") + piece.text
        if (
            not piece.text
            or piece.text.count("`") % 2
            or piece.text.casefold() in self.text.casefold()
            or not self.fits(text, most)
        ):
            return False
        self.text = text
        if piece.block is not None:
            self.drawn[piece.block] += self._count(piece.text)
        return True

    def say_left_out(self, count: int) -> None:
        """End with how many more there are, as in ` (+3)`."""
        if count:
            self.text += f" (+{min(count, 99)})"
