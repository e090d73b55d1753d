"""A plan that was saved, and the pieces that people name: found by id or heading, applied again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import takewhile
from typing import Final

from skill_distiller.errors import BadInputError, UsageError
from skill_distiller.planning.groups import settle_headings
from skill_distiller.planning.plan import Decision, Plan, Reason
from skill_distiller.planning.required import hand_over
from skill_distiller.rewriting.model import DROPPED, Rendering, RenderingKind, in_full
from skill_distiller.skill.model import Block, Section, Skill, piece_ids
from skill_distiller.tokens import TokenCounter

_MAX_NAMED: Final = 5  # pieces that an error names
_MAX_ID: Final = 20  # characters of an id in a message; one of ours has 6 and a number
_WITHOUT_TEXT: Final = frozenset({RenderingKind.FULL, RenderingKind.DROPPED})
_REASONS_TO_SHORTEN: Final = frozenset({Reason.CHEAPER, Reason.PARTLY, Reason.TOGETHER})


@dataclass(frozen=True, slots=True)
class SavedPiece:
    """How a block or heading was to be written.

    `text` is what stands in place of a block, without the blank lines after it. Where the rendering is
    FULL or DROPPED it is left over from before, and used only for the blocks that it was for as well:
    those name this one in `stands_with`. `share` (0-1) is the part of the block's worth that it
    keeps, `place` where the piece stood, for people.
    """

    id: str
    rendering: RenderingKind
    text: str = ""
    share: float = 0.0
    reason: str = ""
    stands_with: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan apart from its source: pieces by id, the blocks and the headings.

    `source` is the SHA-256 (hex) of the text it was made for, `settings` what it was made with. One that is
    not `trusted` may be anybody's: its texts have to be proved from their blocks. The `moved` blocks are
    dropped here, and named beside.
    """

    source: str
    blocks: Mapping[str, SavedPiece]
    headings: Mapping[str, SavedPiece]
    settings: Mapping[str, object]
    trusted: bool = False
    moved: tuple[str, ...] = ()


def recall_plan(saved: SavedPlan, skill: Skill, counter: TokenCounter) -> Plan:
    """The plan that a saved one means for a skill; tokens are counted afresh.

    Pieces that the saved plan does not know stay as they are. Raises BadInputError where it writes a
    piece otherwise that is not there: the source has changed too much for it.
    """
    known = piece_ids(skill)
    _check(saved, known.blocks, known.headings)
    decisions = tuple(
        _decide(block, saved.blocks.get(piece), counter)
        for block, piece in zip(skill.blocks, known.blocks, strict=True)
    )
    places = {piece: index for index, piece in enumerate(known.blocks)}
    pieces = {places[piece.id]: piece for piece in saved.blocks.values() if piece.id in places}
    stands_with = {i: places[p.stands_with] for i, p in pieces.items() if p.stands_with in places}
    unused = {i: p.text for i, p in pieces.items() if p.rendering in _WITHOUT_TEXT and p.text}
    decisions = hand_over(skill, decisions, unused, stands_with, counter)
    stays = [
        piece not in saved.headings or saved.headings[piece].rendering is not RenderingKind.DROPPED
        for piece in known.headings
    ]
    headings = settle_headings(skill, [decision.rendering for decision in decisions], stays)
    heading_tokens = tuple(counter.count(section.heading_source) for section in skill.sections)
    return Plan(decisions, headings, heading_tokens)


def _check(saved: SavedPlan, blocks: Iterable[str], headings: Iterable[str]) -> None:
    strange = [
        piece
        for pieces, known in ((saved.blocks, frozenset(blocks)), (saved.headings, frozenset(headings)))
        for piece in pieces.values()
        if piece.rendering is not RenderingKind.FULL and piece.id not in known
    ]
    if not strange:
        return
    shown = ", ".join(
        f"[{piece.id[:_MAX_ID]}]" + (f" ({piece.place})" if piece.place else "") for piece in strange[:_MAX_NAMED]
    )
    more = f" and {len(strange) - _MAX_NAMED} more" if len(strange) > _MAX_NAMED else ""
    raise BadInputError(
        f"The plan changes pieces that this source does not hold: {shown}{more}.",
        "Make a new plan with --save-plan, or take these pieces out of it.",
    )


def _decide(block: Block, piece: SavedPiece | None, counter: TokenCounter) -> Decision:
    tokens = counter.count(block.source)
    if piece is None or piece.rendering is RenderingKind.FULL:
        return Decision(block.index, in_full(block, tokens), tokens, _reason(piece))
    if piece.rendering is RenderingKind.DROPPED:
        return Decision(block.index, DROPPED, tokens, _reason(piece))
    text = piece.text + block.gap if piece.text else ""
    rendering = Rendering(piece.rendering, text, counter.count(text) if text else 0, piece.share)
    return Decision(block.index, rendering, tokens, _reason(piece))


def _reason(piece: SavedPiece | None) -> Reason:
    """The reason that was saved, where it still fits: whoever edits a rendering leaves the old reason behind."""
    if piece is None:
        return Reason.WORTH
    try:
        reason = Reason(piece.reason)
    except ValueError:
        return Reason.PLANNED
    if piece.rendering is RenderingKind.FULL:
        fits = reason not in _REASONS_TO_SHORTEN and reason is not Reason.NOT_WORTH
    elif piece.rendering is RenderingKind.DROPPED:
        fits = reason is Reason.NOT_WORTH
    else:
        fits = reason in _REASONS_TO_SHORTEN
    return reason if fits else Reason.PLANNED


_HASHES: Final = re.compile(r"(#{1,6})(?=\s)")
_MARKS: Final = re.compile(r"[`*_]")
_BELOW: Final = re.compile(r"\s*>\s*")
_MAX_CHARS: Final = 100  # characters of a heading that are compared and shown
_MIN_ALIKE: Final = 0.5  # how much of a word must be the same for it to be proposed


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
            raise _unknown("piece", asked, get_close_matches(piece[:_MAX_CHARS], [*blocks, *sections], 3, _MIN_ALIKE))
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
    own = skill.sections[section]
    lower = takewhile(lambda other: other.level > own.level, skill.sections[section + 1 :])
    return frozenset(block.index for part in (own, *lower) for block in part.blocks)


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
    headings = {_plain(section.heading)[:_MAX_CHARS]: section.heading for section in skill.sections if section.level}
    last = _BELOW.split(asked.strip())[-1]
    near = get_close_matches(_plain(_without_hashes(last))[:_MAX_CHARS], list(headings), 3, _MIN_ALIKE)
    return [headings[plain][:_MAX_CHARS] for plain in near]


def _unknown(what: str, asked: str, near: Sequence[str]) -> UsageError:
    hint = f"The nearest: {', '.join(near)}." if near else ""
    if not hint:
        where = "The receipt names every id with --verbose" if what == "piece" else "The headings are those of the file"
        hint = f"{where}."
    return UsageError(f"There is no {what} {asked[:_MAX_CHARS]!r} in this skill.", hint)
