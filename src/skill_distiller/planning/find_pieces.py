"""The blocks that a user names, by the ids of the receipt or by headings."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from skill_distiller.errors import UsageError
from skill_distiller.skill.ids import piece_ids
from skill_distiller.skill.model import Section, Skill

_HASHES: Final = re.compile(r"(#{1,6})(?=\s)")
_MARKS: Final = re.compile(r"[`*_]")
_BELOW: Final = re.compile(r"\s*>\s*")
_LONGEST: Final = 100  # characters of a heading that are compared and shown
_ALIKE: Final = 0.5  # how much of a word must be the same for it to be proposed


def find_pieces(skill: Skill, ids: Collection[str] = (), headings: Collection[str] = ()) -> frozenset[int]:
    """The blocks, by index, that have one of the ids or stand in one of the sections.

    The id of a heading stands for its section. A section is named by its heading, in any case, with
    its `#`s or without, or by the headings on the way to it: `Usage > Examples`. All that are called
    so are meant, each with its sub-sections. Raises UsageError, with what comes closest, for an id or
    a heading that is not there.
    """
    found = _blocks_by_id(skill, ids) if ids else set[int]()  # most runs name none, and ids take time
    for asked in headings:
        named = find_sections(skill, asked)
        if not named:
            raise _unknown("section", asked, _nearest(skill, asked))
        found |= frozenset[int]().union(*(section_blocks(skill, index) for index in named))
    return frozenset(found)


def _blocks_by_id(skill: Skill, ids: Collection[str]) -> set[int]:
    found: set[int] = set()
    known = piece_ids(skill)
    blocks = {piece: index for index, piece in enumerate(known.blocks)}
    sections = {piece: index for index, piece in enumerate(known.headings) if piece}
    for asked in ids:
        piece = asked.strip(" []").lower()
        if piece in blocks:
            found.add(blocks[piece])
        elif piece in sections:
            found |= section_blocks(skill, sections[piece])
        else:
            raise _unknown("piece", asked, get_close_matches(piece[:_LONGEST], [*blocks, *sections], 3, _ALIKE))
    return found


def find_sections(skill: Skill, asked: str) -> tuple[int, ...]:
    """The sections, by index, whose heading or whose path of headings is the one asked for."""
    sections = [section for section in skill.sections if section.level]
    whole = [section for section in sections if _is_called(section.level, section.heading, asked)]
    parts = _BELOW.split(asked.strip())
    if not whole and len(parts) > 1:
        whole = [s for s in sections if _is_called(s.level, s.heading, parts[-1]) and _is_below(skill, s, parts[:-1])]
    return tuple(section.index for section in whole)


def section_blocks(skill: Skill, section: int) -> frozenset[int]:
    """The blocks, by index, of a section and of those below it."""
    return frozenset(block.index for own in _with_lower(skill, section) for block in own.blocks)


def _with_lower(skill: Skill, section: int) -> Iterator[Section]:
    yield skill.sections[section]
    for lower in skill.sections[section + 1 :]:
        if lower.level <= skill.sections[section].level:
            return
        yield lower


def _is_below(skill: Skill, section: Section, above: Sequence[str]) -> bool:
    """Whether headings stand above a section, in this order, with others between them or not."""
    path = iter(skill.heading_path(section.index)[:-1])
    return all(any(_plain(heading) == _plain(_without_hashes(name)) for heading in path) for name in above)


def _is_called(level: int, heading: str, asked: str) -> bool:
    hashes = _HASHES.match(asked.strip())
    if hashes and len(hashes[1]) != level:
        return False
    return _plain(heading) == _plain(_without_hashes(asked))


def _without_hashes(asked: str) -> str:
    return _HASHES.sub("", asked.strip(), count=1)


def _plain(heading: str) -> str:
    return " ".join(_MARKS.sub("", heading).split()).casefold()


def _nearest(skill: Skill, asked: str) -> list[str]:
    headings = {_plain(section.heading)[:_LONGEST]: section.heading for section in skill.sections if section.level}
    last = _BELOW.split(asked.strip())[-1]
    near = get_close_matches(_plain(_without_hashes(last))[:_LONGEST], list(headings), 3, _ALIKE)
    return [headings[plain][:_LONGEST] for plain in near]


def _unknown(what: str, asked: str, near: Sequence[str]) -> UsageError:
    hint = f"The nearest: {', '.join(near)}." if near else ""
    if not hint:
        where = "The receipt names every id with --verbose" if what == "piece" else "The headings are those of the file"
        hint = f"{where}."
    return UsageError(f"There is no {what} {asked[:_LONGEST]!r} in this skill.", hint)
