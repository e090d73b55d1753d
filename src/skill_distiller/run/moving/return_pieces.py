"""Single pieces come back: out of their reference, into SKILL.md where they stood; without the rest of a move."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import NamedTuple

from skill_distiller.disclosure.ledger import Ledger, digest_of, restore_folder
from skill_distiller.disclosure.model import Span, slices_of
from skill_distiller.disclosure.split import line_end_of, stands_in_place, write_header
from skill_distiller.disclosure.topics import clean_heading
from skill_distiller.errors import RefusedError, UsageError
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import Piece, heading_of
from skill_distiller.structure.find_edges import find_edges


class Returned(NamedTuple):
    """The folder with pieces back in SKILL.md, the ledger of what is left in references, and how many blocks came."""

    folder: SkillFolder
    ledger: Ledger
    blocks: int


def return_pieces(folder: SkillFolder, ledger: Ledger, before: Skill, blocks: Collection[int]) -> Returned:
    """Some blocks of the original (by index, `before`) back where they stood, with what hangs together with them.

    What was said in fewer words before it moved comes back in these. A pointer of which no text is left goes, and so
    does a reference. The ledger is still one for all of the original.
    Raises BadInputError as `restore_folder` does, UsageError where none of the blocks had moved, and RefusedError where
    the text does not come apart.
    """
    original = restore_folder(folder, ledger)
    if ledger.rewritten:
        before, blocks = _as_it_moved(before, ledger.rewritten, blocks)
    wanted = _with_companions(before, ledger.spans, blocks)
    if not wanted:
        raise UsageError("None of these pieces had moved.", "They stand in SKILL.md: see the receipt of the run.")
    spans, texts = [span for span in ledger.spans if not _is_moved(span)], dict[PurePosixPath, str]()
    for path in ledger.files:
        file = folder.file(path)
        own = sorted((span for span in ledger.spans if span.path == path and _is_moved(span)), key=lambda span: span.at)
        text, left = _without(file.read_text() if file else "", own, before, wanted)
        folder = folder.with_file(path, text) if left else folder.without_file(path)
        spans += left
        if left:
            texts[path] = text
    spans.sort(key=lambda span: (span.start, span.end))
    core = parse_skill(_core(before.text, spans), before.path)
    if ledger.frontmatter is not None:  # a shorter description stays as it is
        core = parse_skill(folder.skill.frontmatter.raw + core.body, before.path)
    after = folder.with_skill(core)
    digests = {path: digest_of(text) for path, text in texts.items()}
    made = replace(ledger, core=digest_of(core.text), files=digests, spans=tuple(spans))
    if restore_folder(after, made).skill.text != original.skill.text:
        raise RefusedError("These pieces do not come apart from the rest.", "Bring all back with --all.")
    back = sum(piece >= 0 for piece in wanted)
    return Returned(after, made, back)


def _as_it_moved(before: Skill, rewritten: Sequence[Span], blocks: Collection[int]) -> tuple[Skill, Collection[int]]:
    """The skill in the words that it moved in, and the blocks there that say what some of the original say."""
    skill = parse_skill(_core(before.text, rewritten), before.path)

    def there(place: int, *, end: bool) -> int:
        """Where a place of the original is; all that stands for a stretch belongs to each place in it."""
        at = place
        for span in rewritten:
            if span.end <= place:
                at += len(span.written) - (span.end - span.start)
            elif span.start < place or (span.start == place and not end):
                return at - (place - span.start) + (len(span.written) if end else 0)
        return at

    ranges = [
        (there(own.start, end=False), there(own.end, end=True)) for own in slices_of(before) if own.piece in blocks
    ]
    return skill, {
        own.piece
        for own in slices_of(skill)
        if own.piece >= 0 and any(start < own.end and own.start < end for start, end in ranges)
    }


def _is_moved(span: Span) -> bool:
    return span.length > 0 and not span.text


def _with_companions(skill: Skill, spans: Sequence[Span], blocks: Collection[int]) -> frozenset[Piece]:
    """The moved pieces of some, with moved headings above them and what they need or are needed by."""
    places = {own.piece: own for own in slices_of(skill)}
    ranges = [(span.start, span.end) for span in spans if _is_moved(span)]
    moved = {p for p, own in places.items() if any(start <= own.start and own.end <= end for start, end in ranges)}
    found, fresh = set[Piece](), {*blocks} & moved
    edges = [edge for edge in find_edges(skill) if edge.hard and {edge.source, edge.target} <= moved]
    while fresh:
        found |= fresh
        above = {heading_of(section) for piece in fresh if piece >= 0 for section in skill.sections_above(piece)}
        near = {edge.target for edge in edges if edge.source in fresh}
        near |= {edge.source for edge in edges if edge.mutual and edge.target in fresh}
        fresh = ((above & moved) | near) - found
    return frozenset(found)


def _without(text: str, spans: Sequence[Span], before: Skill, wanted: frozenset[Piece]) -> tuple[str, list[Span]]:
    """A reference without some pieces, and the stretches that are left in it."""
    passages = [list(own) for _, own in groupby(_numbered(spans), key=lambda item: item[0])]
    left, names, cuts = list[Span](), list[str](), list[tuple[int, int]]()
    end = text.find("-->") + 3  # of the header, then of each passage
    for passage in passages:
        own = [span for _, span in passage]
        rest = [part for span in own for part in _rest(span, before, wanted)]
        stop = own[-1].at + own[-1].length
        if rest:
            gone = [(span.at, span.at + span.length) for span in own]
            cuts += _gaps(gone, [(part.at, part.at + part.length) for part in rest])
            names.append(_name(before, own[0].start))
            pointer = own[0].written.strip()
            for part in rest:
                written = stands_in_place(before.text, part.start, part.end, pointer, line_end_of(before))
                left.append(part._replace(written=written))
                pointer = ""
        else:
            cuts.append((end, stop))
        end = stop
    changed = bool(cuts)
    for start, stop in sorted(cuts, reverse=True):
        text = text[:start] + text[stop:]
    left = [part._replace(at=part.at - sum(b - a for a, b in cuts if b <= part.at)) for part in left]
    if changed and left:
        header = text[: text.find("-->") + 3]
        new = write_header(names, header)
        text = new + text[len(header) :]
        left = [part._replace(at=part.at + len(new) - len(header)) for part in left]
    return text, left


def _numbered(spans: Sequence[Span]) -> Iterator[tuple[int, Span]]:
    """The stretches of a file, each with the number of its passage: the first of one has the pointer."""
    number = 0
    for span in spans:
        number += bool(span.written.strip())
        yield number, span


def _rest(span: Span, before: Skill, wanted: frozenset[Piece]) -> Iterator[Span]:
    """What is left of a stretch, as one for each run of pieces that stay."""
    inside = [own for own in slices_of(before) if span.start <= own.start and own.end <= span.end]
    for stays, run in groupby(inside, key=lambda own: own.piece not in wanted):
        own = list(run)
        if stays:
            yield _part(span, own[0].start - span.start, own[-1].end - span.start)


def _part(span: Span, start: int, stop: int) -> Span:
    """A part of a stretch, by offsets in the original; links make other offsets in the file."""

    def there(offset: int) -> int:
        shift, links = 0, list[int]()
        for at, new, old in sorted(span.links):
            if at - shift < offset:
                links.append(len(new) - len(old))
            shift += len(new) - len(old)
        return offset + sum(links)

    first, last = there(start), there(stop)
    links = tuple((at - first, new, old) for at, new, old in span.links if first <= at < last)
    return span._replace(
        start=span.start + start, end=span.start + stop, at=span.at + first, length=last - first, links=links
    )


def _gaps(all_: Sequence[tuple[int, int]], left: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of some ranges is not in the others, which lie within them."""
    for start, stop in all_:
        at = start
        for own, end in left:
            if start <= own and end <= stop:
                if at < own:
                    yield at, own
                at = end
        if at < stop:
            yield at, stop


def _name(skill: Skill, place: int) -> str:
    """The name of the section that a place in the original stands under."""
    below = [own for own in slices_of(skill) if own.start <= place and own.piece < 0]
    return clean_heading(skill.sections[heading_of(below[-1].piece)].heading) if below else skill.name


def _core(text: str, spans: Sequence[Span]) -> str:
    parts, at = list[str](), 0
    for span in spans:
        parts += (text[at : span.start], span.written)
        at = span.end
    return "".join((*parts, text[at:]))
