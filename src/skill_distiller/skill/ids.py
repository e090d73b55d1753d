"""What a skill and its pieces are known by: its digest, and short ids."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

from skill_distiller.skill.model import Skill, once_per_skill

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


def source_digest(skill: Skill) -> str:
    """The SHA-256 (hex) of a skill's whole text."""
    return sha256(skill.text.encode("utf-8", "surrogatepass")).hexdigest()


@once_per_skill
def piece_ids(skill: Skill) -> PieceIds:
    """The id of each block and heading, all different, such as `k7f2qb`.

    An id is a hash of the headings above a piece and of its text, so it stays when something else in the file changes.
    Of pieces that are the same under the same headings, the second one's ends in `-2`, and so on.
    """
    seen = Counter[str]()
    digests: dict[tuple[str, ...], bytes] = {(): b""}
    blocks: list[str] = []
    headings: list[str] = []
    for section in skill.sections:
        path = skill.heading_path(section.index)
        if path:  # the sections above came before
            digests[path] = _digest(_HEADING, digests[path[:-1]], path[-1])
        above = digests[path]
        headings.append(_numbered(_short(_HEADING, above, ""), seen) if section.level else "")
        blocks += (_numbered(_short(_BLOCK, above, block.text.rstrip("\r\n")), seen) for block in section.blocks)
    return PieceIds(tuple(blocks), tuple(headings))


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
