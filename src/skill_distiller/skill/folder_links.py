"""What the links of a skill folder point to."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.skill.links import (
    MAX_NAME,
    Link,
    LinkKind,
    find_links,
    is_external,
    leads_out,
    line_ends,
    mentioned_folder,
    split_target,
    without_query,
)
from skill_distiller.skill.model import Block, Skill

# A name as it stands in prose, in a code span or in a command; a variable or placeholder for the folder may precede it.
_NAME: Final = re.compile(r"(?:\$?\{\w+\}/|\$\w+/)?(?P<name>[\w@+~./-]+)")


class LinkState(StrEnum):
    """What a link points to."""

    FILE = "file"
    FOLDER = "folder"
    ANCHOR = "anchor"  # of the same file
    EXTERNAL = "external"
    MISSING = "missing"
    OUTSIDE = "outside"


class FolderLink(NamedTuple):
    """A link or a mention in a file of a skill folder, and what it points to.

    `source` is the file it stands in. `target` is the file or folder, None for any other state; of a
    link through a symbolic link, the file behind that.
    """

    source: PurePosixPath
    link: Link
    state: LinkState
    target: PurePosixPath | None = None


# The path of a file (True) or a folder (False) of the skill that a path means, None for nothing.
FindTarget = Callable[[PurePosixPath], tuple[PurePosixPath, bool] | None]


def resolve_links(source: PurePosixPath, skill: Skill, find_target: FindTarget) -> Iterator[FolderLink]:
    """The links and mentions in one file of a skill folder, block by block, links first.

    Links are relative to the file, else to the skill folder; mentions the other way around. A
    mention counts where it names a file of the skill, or leads into a folder of it where no such
    file is. A mention of what its own line links to is left out.
    """
    links = dict[int, list[Link]]()
    for link in find_links(skill):
        links.setdefault(link.block, []).append(link)
    for block in skill.blocks:
        found = list(_resolved(source, links.get(block.index, []), find_target))
        yield from found
        linked = {(item.link.line, item.target) for item in found}
        spans = sorted((item.link.start, item.link.start + len(item.link.text)) for item in found)
        for item in _mentions(source, block, find_target):
            key = (item.link.line, item.target)
            if key not in linked and not _is_within(item.link.start, spans):
                linked.add(key)
                yield item


def _is_within(offset: int, spans: list[tuple[int, int]]) -> bool:
    """Whether an offset is in one of some spans that do not overlap."""
    at = bisect_right(spans, (offset, offset))
    near = spans[max(0, at - 1) : at + 1]
    return any(start <= offset < end for start, end in near)


def _resolved(source: PurePosixPath, links: list[Link], find_target: FindTarget) -> Iterator[FolderLink]:
    for link in links:
        path, anchor = split_target(link.text)
        if link.kind is LinkKind.LINK:
            if is_external(path):
                yield FolderLink(source, link, LinkState.EXTERNAL)
            elif path or anchor:
                yield _resolved_link(source, link, without_query(path), find_target)
        elif _leads_into_the_skill(source, path, find_target):
            yield FolderLink(source, link, LinkState.OUTSIDE if leads_out(path) else LinkState.MISSING)


def _resolved_link(source: PurePosixPath, link: Link, path: str, find_target: FindTarget) -> FolderLink:
    if not path:
        return FolderLink(source, link, LinkState.ANCHOR)
    places = list(_places(path, source.parent, PurePosixPath()))
    for place in places:
        target = find_target(place)
        if target:
            return FolderLink(source, link, LinkState.FILE if target[1] else LinkState.FOLDER, target[0])
    return FolderLink(source, link, LinkState.MISSING if places else LinkState.OUTSIDE)


def _leads_into_the_skill(source: PurePosixPath, path: str, find_target: FindTarget) -> bool:
    """Whether a mentioned path leads into a folder of the skill, but to nothing there."""
    first = mentioned_folder(path)
    if not first:
        return False
    folder = find_target(PurePosixPath(first))
    if folder is None or folder[1]:
        return False
    return all(find_target(place) is None for place in _places(path, PurePosixPath(), source.parent))


def _places(path: str, *bases: PurePosixPath) -> Iterator[PurePosixPath]:
    """Where a path leads from some folders of the skill, those left out from which it leads out."""
    for base in dict.fromkeys(bases):
        place = posixpath.normpath(posixpath.join(base, path.replace("\0", "\ufffd")))  # a NUL would end the path
        if not leads_out(place):
            yield PurePosixPath(place)


def _mentions(source: PurePosixPath, block: Block, find_target: FindTarget) -> Iterator[FolderLink]:
    ends: list[int] | None = None
    known: dict[str, PurePosixPath | None] = {}  # by name: long texts repeat few
    for match in _NAME.finditer(block.text):
        name = match.group("name").rstrip(".-")
        start = match.start("name")
        if len(name) > MAX_NAME or name.startswith("/") or not ("." in name or "/" in name):
            continue
        if name not in known:
            known[name] = _file_named(name, source, find_target)
        target = known[name]
        if target:
            ends = line_ends(block.text) if ends is None else ends
            line = block.line + bisect_right(ends, start)
            yield FolderLink(source, Link(name, line, LinkKind.MENTION, block.index, start), LinkState.FILE, target)


def _file_named(name: str, source: PurePosixPath, find_target: FindTarget) -> PurePosixPath | None:
    """The other file of the skill that a name means, None for none."""
    for place in _places(name, PurePosixPath(), source.parent):
        target = find_target(place)
        if target and target[1] and target[0] != source:
            return target[0]
    return None
