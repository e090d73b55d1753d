"""Write a split: SKILL.md with pointers, new references with what stood there, byte for byte but for link targets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading
from skill_distiller.disclosure.model import NewReference, Passage, Slice, Span, Split, slices_of
from skill_distiller.disclosure.signposts import heading_of_others, write_pointer
from skill_distiller.disclosure.topics import clean_heading
from skill_distiller.language.facts import anchor
from skill_distiller.skill.folder import SKILL_PATH, LinkState, SkillFolder, resolve_link
from skill_distiller.skill.links import LinkKind, find_links
from skill_distiller.skill.model import Block, BlockKind, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.structure.edges import Piece, heading_of

MARK: Final = "<!-- skill-distiller: moved from SKILL.md."
_PATHS: Final = "Paths in code are relative to the skill's folder."
_LEVEL: Final = "##"  # of the heading over references that were named nowhere
_LINE_ENDS: Final = ("\r\n", "\n", "\r")
_LOOK_BACK: Final = 2000  # characters in which the line above a stretch is looked for


def write_split(folder: SkillFolder, references: Sequence[NewReference]) -> Split:
    """The folder in which the passages of some new references have moved there."""
    skill, end = folder.skill, line_end_of(folder.skill)
    places = {own.piece: (place, own) for place, own in enumerate(slices_of(skill))}
    spans = list[Span]()
    after = folder
    for reference in references:
        content, own = _write_file(folder, places, reference, end)
        spans += own
        after = after.with_file(reference.path, content)
    spans.sort()
    core, at = list[str](), 0
    for span in spans:
        core += (skill.text[at : span.start], span.written)
        at = span.end
    core.append(skill.text[at:])
    made = replace(parse_skill("".join(core), skill.path), frontmatter=skill.frontmatter)
    return Split(folder, after.with_skill(made), tuple(references), tuple(spans))


def annotate(reading: Reading, split: Split, unnamed: Sequence[PurePosixPath]) -> Split:
    """The split with a last section in SKILL.md that names some references, each with its first heading."""
    if not unnamed:
        return split
    skill, end = split.after.skill, line_end_of(split.before.skill)
    lines = [f"{_LEVEL} {heading_of_others(reading)}", "", *(_line(split.after, path) for path in unnamed)]
    written = with_gap(skill.text, end)[len(skill.text) :] + end.join([*lines, ""])
    place = len(split.before.skill.text)
    made = replace(parse_skill(skill.text + written, skill.path), frontmatter=skill.frontmatter)
    span = Span(place, place, written, SKILL_PATH, 0, 0)
    return replace(split, after=split.after.with_skill(made), spans=(*split.spans, span))


def _line(folder: SkillFolder, path: PurePosixPath) -> str:
    """An item of the list: the path, and what the file calls itself."""
    file = folder.file(path)
    sections = parse_skill(file.read_text()).sections if file else ()
    title = next((clean_heading(section.heading) for section in sections if section.level and section.heading), "")
    return f"- `{path}`" + (f": {title}" if title else "")


def is_new_reference(text: str) -> bool:
    """Whether a file was made by a split."""
    return text.startswith(MARK)


def line_end_of(skill: Skill) -> str:
    """The line end that most lines of a skill have."""
    counts = {end: skill.text.count(end) for end in _LINE_ENDS}
    counts["\n"] -= counts["\r\n"]
    counts["\r"] -= counts["\r\n"]
    return max(_LINE_ENDS, key=lambda end: (counts[end], end == "\n"))


def _write_file(
    folder: SkillFolder, places: Mapping[Piece, tuple[int, Slice]], reference: NewReference, end: str
) -> tuple[str, list[Span]]:
    """The text of a new reference, and the stretches that stand in it."""
    skill = folder.skill
    headings = [skill.sections[s].heading for p in reference.passages for s in (p.section, *p.headings)]
    blocks = [skill.blocks[index] for passage in reference.passages for index in passage.blocks]
    rebased = rebase_links(folder, blocks, reference.path, headings)
    text = _header(reference, skill) + end + end
    spans = list[Span]()
    for passage, signpost in zip(reference.passages, reference.signposts, strict=True):
        text = with_gap(text, end) + with_gap(skill.sections[passage.section].heading_source.lstrip("\r\n"), end)
        pointer = write_pointer(signpost, reference.path)
        for own in _stretches(places, passage):
            start, stop = own[0].start, own[-1].end
            links = list(_links(own, rebased, start))
            moved, notes = apply_links(skill.text[start:stop], links)
            written = stands_in_place(skill.text, start, stop, pointer, end)
            text = with_gap(text, end) if spans and text else text
            spans.append(Span(start, stop, written, reference.path, len(text), len(moved), notes))
            text += moved
            pointer = ""
    definitions = list(dict.fromkeys(used_definitions(skill, folder, text, reference.path)))
    if definitions:
        text = with_gap(text, end) + end.join(definitions) + end
    return (text if text.endswith(_LINE_ENDS) else text + end), spans


def _links(own: Sequence[Slice], rebased: dict[int, list[Rebased]], start: int) -> Iterator[Rebased]:
    for piece in own:
        for link in rebased.get(piece.piece, ()):
            yield link._replace(at=piece.start - start + link.at)


def _header(reference: NewReference, skill: Skill) -> str:
    """The first line of a new reference: what it is, and when it is needed."""
    whens = dict.fromkeys(signpost.name for signpost in reference.signposts)
    topics = ", ".join(dict.fromkeys(topic for signpost in reference.signposts for topic in signpost.topics))
    blocks = (skill.blocks[index] for passage in reference.passages for index in passage.blocks)
    paths = f" {_PATHS}" if any(block.kind is BlockKind.CODE and "/" in block.text for block in blocks) else ""
    return _comment(whens, f" Topics: {topics}." if topics else "", paths)


def write_header(names: Iterable[str], old: str) -> str:
    """The first line of a reference of which something went, for what is left: its topics may be those that went."""
    return _comment(dict.fromkeys(names), "", f" {_PATHS}" if _PATHS in old else "")


def _comment(names: Iterable[str], about: str, paths: str) -> str:
    said = f"{'; '.join(names)}.{about}".replace("--", "–")  # two dashes may end the comment
    return f"{MARK} {said}{paths} -->"


def _stretches(places: Mapping[Piece, tuple[int, Slice]], passage: Passage) -> Iterator[list[Slice]]:
    """The slices of a passage, those together that stand one after the other; `places` are the numbered ones of all."""
    found = sorted(places[piece] for piece in passage.pieces)
    for _, run in groupby(enumerate(found), key=lambda item: item[1][0] - item[0]):
        yield [own for _, (_, own) in run]


def stands_in_place(text: str, start: int, stop: int, pointer: str, end: str) -> str:
    """What stands in place of a stretch: a paragraph of its own, or as much as keeps its neighbors apart."""
    lead, last = "" if _is_apart(text[max(0, start - _LOOK_BACK) : start]) else end, stop >= len(text)
    if not pointer:
        return "" if last else lead
    return lead + pointer + (end if last else end + end)


def _is_apart(above: str) -> bool:
    """Whether a text ends in a blank line, or in a heading, so that a paragraph may follow."""
    lines = above.splitlines()
    return not lines or not lines[-1].strip() or lines[-1].lstrip().startswith("#")


def with_gap(text: str, end: str) -> str:
    """A text that ends in a blank line."""
    if not text.endswith(_LINE_ENDS):
        return text + end + end
    return text if text.endswith((end + end, "\n\n")) else text + end


def find_breaks(split: Split) -> bool:
    """Whether Markdown reads otherwise in the new files than it did before: what ran on into a neighbor, or apart."""
    before, moved = split.before.skill, {piece for _, passage in split.passages for piece in passage.pieces}
    stays = [s.heading for s in before.sections if s.level and heading_of(s.index) not in moved]
    if [section.heading for section in split.after.skill.sections if section.level] != stays:
        return True
    kept, found = _in_core(split)
    return [block.text.rstrip() for block in kept] != found or any(_misread(split, file) for file in split.references)


def breaks_near(split: Split) -> list[Passage]:
    """The passages next to what reads otherwise: those that moved from beside it, and those that it stands in."""
    kept, found = _in_core(split)
    left, near = Counter(found), set[int]()
    around = (-1, *(block.index for block in kept), len(split.before.skill.blocks))
    for place, block in enumerate(kept):
        left[block.text.rstrip()] -= 1
        if left[block.text.rstrip()] < 0:
            near.update(range(around[place] + 1, around[place + 2]))
    inside = {passage for reference in split.references for passage in _misread(split, reference)}
    return [p for _, p in split.passages if p in inside or not near.isdisjoint(p.blocks)]


def _in_core(split: Split) -> tuple[list[Block], list[str]]:
    """The blocks that stayed in SKILL.md, and the texts of those that are read there, its pointers left out."""
    moved = {block for _, passage in split.passages for block in passage.blocks}
    pointers = {span.written.strip() for span in split.spans} - {""}
    core = [block.text.rstrip() for block in split.after.skill.blocks if block.text.strip() not in pointers]
    return [block for block in split.before.skill.blocks if block.index not in moved], core


def _misread(split: Split, reference: NewReference) -> tuple[Passage, ...]:
    """The passages of a new reference between which or in which the first block is not the one that moved there."""
    file = split.after.file(reference.path)
    found = [b for b in parse_skill(file.read_text() if file else "").blocks if not b.text.startswith(MARK)]
    wanted = [(passage, split.before.skill.blocks[i]) for passage in reference.passages for i in passage.blocks]
    if [block.kind for block in found[: len(wanted)]] == [block.kind for _, block in wanted]:
        return ()
    shapes = [_shape(block) for block in found]
    at = next(n for n, (_, block) in enumerate(wanted) if shapes[n : n + 1] != [_shape(block)])
    return tuple(passage for passage, _ in wanted[max(0, at - 1) : at + 1])


def _shape(block: Block) -> tuple[BlockKind, int]:
    """What of a block is the same wherever it stands, whatever its links: its kind and its lines."""
    return block.kind, block.text.rstrip().count("\n")


_DEFINITION: Final = re.compile(r"^ {0,3}\[([^\]\n]{1,200})\]:[^\n]*$", re.MULTILINE)
_BRACKETS: Final = re.compile(r"\[([^\[\]\n]{1,200})\]")


class Rebased(NamedTuple):
    """A link whose target is written otherwise in a new file: its offset in the block, and both targets."""

    at: int
    before: str
    after: str


def rebase_links(
    folder: SkillFolder, blocks: Iterable[Block], path: PurePosixPath, headings: Iterable[str]
) -> dict[int, list[Rebased]]:
    """The links of some blocks of SKILL.md that have to change in a file at `path`, by index of their block.

    Those to one of the `headings`, which are in the file, stay; those to others lead back to SKILL.md. What led nowhere
    before is left as it is.
    """
    up = "../" * (len(path.parts) - 1)
    here = {anchor(heading) for heading in headings}
    found = dict[int, list[Rebased]]()
    for link in find_links(blocks):
        resolved = resolve_link(SKILL_PATH, link, folder.find) if link.kind is LinkKind.LINK else None
        if resolved is None:
            continue
        if resolved.state is LinkState.ANCHOR and link.text.removeprefix("#").lower() not in here:
            found.setdefault(link.block, []).append(Rebased(link.start, link.text, f"{up}{SKILL_PATH}{link.text}"))
        elif resolved.state in (LinkState.FILE, LinkState.FOLDER):
            target = link.text.removeprefix("./")
            found.setdefault(link.block, []).append(Rebased(link.start, link.text, up + target))
    return {block: own for block, own in found.items() if up}


def apply_links(text: str, links: Iterable[Rebased]) -> tuple[str, tuple[tuple[int, str, str], ...]]:
    """A text with other targets, and for each its offset in the new text, as it is now and as it was."""
    parts, notes = list[str](), []
    at = shift = 0
    for link in sorted(links):
        parts += (text[at : link.at], link.after)
        notes.append((link.at + shift, link.after, link.before))
        at = link.at + len(link.before)
        shift += len(link.after) - len(link.before)
    return "".join((*parts, text[at:])), tuple(notes)


def used_definitions(skill: Skill, folder: SkillFolder, text: str, path: PurePosixPath) -> Iterator[str]:
    """The definitions of links that a moved text uses, as lines, with their targets rebased."""
    labels = {_label(name) for name in _BRACKETS.findall(text)} if "[" in text else set()
    definitions = [block for block in skill.blocks if block.kind is BlockKind.DEFINITION] if labels else []
    rebased = rebase_links(folder, definitions, path, ())
    for block in definitions:
        written, _ = apply_links(block.text, rebased.get(block.index, ()))
        yield from (match[0] for match in _DEFINITION.finditer(written) if _label(match[1]) in labels)


def _label(name: str) -> str:
    return " ".join(name.split()).casefold()
