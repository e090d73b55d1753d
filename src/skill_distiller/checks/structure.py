"""What belongs together is there and stays: counts, pairs, pointers, both ends of fences; links and files resolve."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.checks.model import ALREADY, Finding, FindingKind, Level, Pair, Quote
from skill_distiller.language.facts import anchor
from skill_distiller.language.modals import restricts
from skill_distiller.meaning.compare import Comparison
from skill_distiller.skill.folder import (
    SKILL_PATH,
    FindTarget,
    FolderLink,
    LinkState,
    SkillFolder,
    find_anything,
    resolve_link,
)
from skill_distiller.skill.links import LinkKind, find_footnotes, find_links, split_target
from skill_distiller.skill.model import BlockKind, Skill, once_per_skill
from skill_distiller.skill.parse import LIST_MARKER
from skill_distiller.structure.edges import Edge, EdgeKind, Piece, heading_of
from skill_distiller.structure.find_edges import find_edges
from skill_distiller.structure.references import named_files


def find_broken_edges(pair: Pair) -> Iterator[Finding]:
    """Fails where a piece of the original is gone that a kept one can't do without, or the last mention of a file.

    No receipt declares that away. What stands in another file of the candidate is not gone.
    """
    if not pair.comparison.alignment.gone:
        return
    yield from _lost_files(pair)
    elsewhere = "\n".join(skill.body for skill in _others(pair))
    for edge, source, target in broken_edges(pair.original, pair.comparison):
        if {source, target} <= pair.retold.blocks or _is_folded(pair, edge, source, target):
            continue  # both are said, in one text
        if target < 0 or pair.original.blocks[target].text.strip() not in elsewhere:
            lost, needs = _quote(pair.original, target), _quote(pair.original, source)
            detail = f"{edge.kind.value}, {edge.why}" if edge.why else edge.kind.value
            block = max(target, -1)
            yield Finding(FindingKind.LOST, Level.FAILURE, lost.text, lost.line, detail, other=needs, block=block)


def _is_folded(pair: Pair, edge: Edge, source: Piece, target: Piece) -> bool:
    """Whether a label, or what stood under it, went with an example of which a line is left.

    In a line that says what is asked and what is done nobody looks for "Call:"; what binds an agent is no example.
    """
    texts = {pair.original.blocks[piece].text for piece in (source, target) if piece >= 0}
    if edge.kind is not EdgeKind.LABEL or len(texts) < 2 or not texts <= pair.declared.folded:
        return False
    matches = pair.comparison.alignment.matches
    left = [unit.text for match in matches if source in {u.block for u in match.before} for unit in match.after]
    return not any(map(restricts, texts)) and all(map(pair.sums_up, left))


def broken_edges(original: Skill, comparison: Comparison) -> Iterator[tuple[Edge, Piece, Piece]]:
    """The hard edges of which only one end is left, each with the end that stayed and the one that went, once for each.

    A piece is gone where nothing of it has a counterpart.
    """
    found = comparison.alignment
    kept = {block for block, _ in found.blocks} | {unit.block for match in found.matches for unit in match.before}
    gone = {heading_of(unit.section) if unit.block < 0 else unit.block for unit in found.gone} - kept
    seen = set[Piece]()
    for edge in find_edges(original) if gone else ():
        for source, target in [(edge.source, edge.target), (edge.target, edge.source)][: 1 + edge.mutual]:
            if edge.hard and target in gone and source not in gone and target not in seen:
                seen.add(target)
                yield edge, source, target


def _others(pair: Pair) -> Iterator[Skill]:
    return (skill for _, skill in pair.candidate_folder.texts() if skill is not pair.candidate)


def _lost_files(pair: Pair) -> Iterator[Finding]:
    named = named_files(pair.original, {block.text for block in pair.candidate.blocks})  # what stayed names its files
    reach = "\n".join((pair.candidate.text, *(skill.text for skill in _others(pair)))) if named else ""
    for name, pieces in named.items():
        if name not in reach:
            line = _quote(pair.original, pieces[0]).line
            yield Finding(FindingKind.LOST, Level.FAILURE, name, line, "file", block=max(pieces[0], -1))


def _quote(skill: Skill, piece: Piece) -> Quote:
    if piece < 0:
        section = skill.sections[heading_of(piece)]
        return Quote(section.heading, section.line)
    block = skill.blocks[piece]
    return Quote(block.text.strip().split("\n", 1)[0], block.line)


_FENCE: Final = re.compile(rf"[ \t>]*(?:{LIST_MARKER}[ \t]+)*[ \t>]*(`{{3,}}|~{{3,}})([^\r\n]*)")
_NESTING: Final = frozenset({BlockKind.LIST, BlockKind.LIST_ITEM, BlockKind.QUOTE})


class _Opening(NamedTuple):
    text: str
    line: int


def find_open_fences(pair: Pair) -> Iterator[Finding]:
    """Fails where a fence is left open; a warning where the original leaves it open."""
    found = list(open_fences(pair.candidate))
    known = {opening.text for opening in open_fences(pair.original)} if found else set()
    for opening in found:
        level, detail = (Level.WARNING, ALREADY) if opening.text in known else (Level.FAILURE, "")
        yield Finding(FindingKind.UNCLOSED, level, opening.text, opening.line, detail, in_candidate=True)


def find_open_tags(pair: Pair) -> Iterator[Finding]:
    """Fails where a tag of a name that the original pairs has no partner, and had one."""
    before, after = pair.comparison.alignment.old.containers, pair.comparison.alignment.new.containers
    known = Counter((tag.name, tag.closing) for tag in before.unpaired)
    for tag in after.unpaired if before.names else ():
        known[tag.name, tag.closing] -= 1
        if tag.name in before.names and known[tag.name, tag.closing] < 0:
            block = pair.candidate.blocks[tag.place]
            text = f"</{tag.name}>" if tag.closing else f"<{tag.name}>"
            yield Finding(FindingKind.UNCLOSED, Level.FAILURE, text, block.line, "tag", in_candidate=True)


def find_lost_notes(pair: Pair) -> Iterator[Finding]:
    """Fails where a footnote of the original has only its definition left."""
    after = find_footnotes(pair.candidate)
    for name, note in find_footnotes(pair.original).items() if "[^" in pair.original.body else ():
        left = after.get(name)
        if note.marks and note.definition >= 0 and left and not left.marks:
            block = pair.original.blocks[note.marks[0]]
            yield Finding(FindingKind.LOST, Level.FAILURE, f"[^{name}]", block.line, "footnote mark", block=block.index)


def open_fences(skill: Skill) -> Iterator[_Opening]:
    """The fences that a block opens and does not close."""
    for block in skill.blocks:
        if (block.kind is BlockKind.CODE and not _is_closed(block.text)) or (
            block.kind in _NESTING and ("```" in block.text or "~~~" in block.text)
        ):
            opening = _left_open(block.text, code=block.kind is BlockKind.CODE)
            if opening:
                yield opening._replace(line=block.line + opening.line)


def _is_closed(text: str) -> bool:
    """A quick look at a code block: it ends at its closing fence or at the end of all."""
    mark = text.lstrip()[:3]
    last = text.rstrip().rpartition("\n")[2].strip()
    return not mark or (last == mark and len(text) > len(mark) and text.lstrip()[3:4] != mark[0])


@lru_cache(maxsize=1024)  # the blocks of an original stand in all that is made of it
def _left_open(text: str, *, code: bool) -> _Opening | None:
    """The fence that a text leaves open, with its line in that."""
    mark, opening = "", None
    for line, content in enumerate(text.splitlines()):
        match = _FENCE.match(content)
        if match is None:
            if opening is None and code:
                return None  # indented, not fenced
        elif mark:
            if match.group(1).startswith(mark) and not match.group(2).strip():
                mark = ""
        elif match.group(1)[0] == "~" or "`" not in match.group(2):
            mark, opening = match.group(1), _Opening(content.strip(), line)
    return opening if mark else None


_NAMED: Final = re.compile(r"<[^<>]{1,200}?\b(?:id|name)\s{0,9}=\s{0,9}[\"']([^\"'\s]{1,200})[\"']", re.IGNORECASE)
DEAD: Final = {LinkState.MISSING: FindingKind.NO_FILE, LinkState.OUTSIDE: FindingKind.OUTSIDE}


def find_dead_links(pair: Pair) -> Iterator[Finding]:
    """Fails where a link of the candidate points nowhere or out of the folder; a warning where the original's did too.

    Paths that are mentioned count where they lead into a folder of the skill and are new.
    """
    yield from dict.fromkeys(_findings(pair))  # a reference and its definition are one


def _findings(pair: Pair) -> Iterator[Finding]:
    dead = list(_dead_links(pair.candidate_folder, pair.find_in_candidate))
    if not dead:
        return
    before = pair.original_folder
    if before.files or pair.find_in_original is not find_anything:
        named, known = _known_links(before, pair.find_in_original)
    else:
        named, known = _known_alone(pair.original)
    for item, kind in dead:
        if item.link.kind is LinkKind.MENTION and _key(item) in named:
            continue
        level, detail = (Level.WARNING, ALREADY) if _key(item) in known else (Level.FAILURE, "")
        if item.source != SKILL_PATH:
            detail = " ".join(filter(None, (f"in {item.source}", detail)))
        yield Finding(kind, level, item.link.text, item.link.line, detail, in_candidate=True)


_Keys = frozenset[tuple[PurePosixPath, str]]


def _known_links(folder: SkillFolder, find: FindTarget) -> tuple[_Keys, _Keys]:
    """All links and mentions of a folder, and the links that lead nowhere."""
    links = ((source, link.text) for source, skill in folder.texts() for link in find_links(skill.blocks))
    return frozenset(links), frozenset(_key(item) for item, _ in _dead_links(folder, find))


@once_per_skill
def _known_alone(skill: Skill) -> tuple[_Keys, _Keys]:
    """The same of a skill of which nobody knows what files there are."""
    return _known_links(SkillFolder(None, skill), find_anything)


def _key(item: FolderLink) -> tuple[PurePosixPath, str]:
    return item.source, item.link.text


def _dead_links(folder: SkillFolder, find: FindTarget) -> Iterator[tuple[FolderLink, FindingKind]]:
    for source, skill in folder.texts():
        anchors: frozenset[str] | None = None
        for link in find_links(skill.blocks):
            if link.kind is LinkKind.MENTION and find is find_anything:  # the same, and quicker
                continue
            item = resolve_link(source, link, find)
            if item is None:
                continue
            if item.state in DEAD:
                yield item, DEAD[item.state]
            elif item.state is LinkState.ANCHOR:
                anchors = anchors_in(skill) if anchors is None else anchors
                path, name = split_target(link.text)
                if not path and name.lower() not in anchors:
                    yield item, FindingKind.NO_ANCHOR


def anchors_in(skill: Skill) -> frozenset[str]:
    """The anchors of a skill's headings, numbered where they stand twice, and those that HTML names."""
    seen = Counter[str]()
    found = set[str]()
    for section in skill.sections:
        if section.level:
            name = anchor(section.heading)
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
    if "<" in skill.body:
        found.update(match.lower() for match in _NAMED.findall(skill.body))
    return frozenset(found)


def reached_from_core(links: Iterable[FolderLink]) -> frozenset[PurePosixPath]:
    """What SKILL.md leads to by links and mentions, directly or over other files; SKILL.md itself among them."""
    leads = dict[PurePosixPath, set[PurePosixPath]]()
    for item in links:
        if item.target is not None:
            leads.setdefault(item.source, set()).add(item.target)
    found, waiting = {SKILL_PATH}, [SKILL_PATH]
    while waiting:
        fresh = leads.get(waiting.pop(), set()) - found
        found |= fresh
        waiting += fresh
    return frozenset(found)
