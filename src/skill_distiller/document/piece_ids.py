"""Short ids for the pieces of a skill, to be named by: they hang on what a piece says and under which headings."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from skill_distiller.document.model import Skill

# No vowels, so that no id is a word; nothing that looks like something else; a letter first, so that none is a number.
_LETTERS: Final = "bcdfghjkmnpqrstvwxyz"
_CHARACTERS: Final = _LETTERS + "23456789"
_PAIRS: Final = [first + second for second in _CHARACTERS for first in _CHARACTERS]  # two digits are read at once
_BLOCK: Final = b"block"
_HEADING: Final = b"heading"


@dataclass(frozen=True, slots=True)
class PieceIds:
    """Ids by index: one a block, and one a section for its heading ("" for section 0, which has none)."""

    blocks: tuple[str, ...]
    headings: tuple[str, ...]


def piece_ids(skill: Skill) -> PieceIds:
    """The id of each block and heading, all different, such as `k7f2qb`.

    An id is a hash of the headings above a piece and of its text, so it stays when something else in
    the file changes. Of pieces that are the same under the same headings, the second one's ends in
    `-2`, and so on.
    """
    seen = Counter[str]()
    under = _Paths()
    blocks: list[str] = []
    headings: list[str] = []
    for section in skill.sections:
        path = under.digest(skill.heading_path(section.index))
        headings.append(_numbered(_short(_HEADING, path, ""), seen) if section.level else "")
        blocks += (_numbered(_short(_BLOCK, path, block.text.rstrip("\r\n")), seen) for block in section.blocks)
    return PieceIds(tuple(blocks), tuple(headings))


class _Paths:
    """Digests of heading paths; each heading is read once, however many sections stand below it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], bytes] = {(): b""}

    def digest(self, path: tuple[str, ...]) -> bytes:
        if path not in self._known:
            self._known[path] = _digest(_HEADING, self.digest(path[:-1]), path[-1])
        return self._known[path]


def _digest(kind: bytes, above: bytes, text: str) -> bytes:
    return blake2b(above + text.encode("utf-8", "surrogatepass"), digest_size=16, person=kind).digest()


def _short(kind: bytes, path: bytes, text: str) -> str:
    rest, letter = divmod(int.from_bytes(_digest(kind, path, text), "big"), len(_LETTERS))
    rest, one = divmod(rest, len(_PAIRS))
    rest, two = divmod(rest, len(_PAIRS))
    return _LETTERS[letter] + _PAIRS[one] + _PAIRS[two] + _CHARACTERS[rest % len(_CHARACTERS)]


def _numbered(short: str, seen: Counter[str]) -> str:
    seen[short] += 1
    return short if seen[short] == 1 else f"{short}-{seen[short]}"
