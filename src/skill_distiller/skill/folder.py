"""A skill folder: SKILL.md, every file beside it, and which of them its links and mentions lead to."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.errors import BadInputError
from skill_distiller.skill.links import EXTERNAL, MAX_NAME, Link, LinkKind, find_links, mentioned_folder, split_target
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE, Block, Skill
from skill_distiller.skill.parse import parse_skill
from skill_distiller.skill.safe_files import read_below

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


class Target(NamedTuple):
    """What a path of a skill folder means: the `path` of a file or folder, None where it is MISSING or OUTSIDE."""

    state: LinkState
    path: PurePosixPath | None = None


FindTarget = Callable[[PurePosixPath], Target]


def find_on_disk(root: Path) -> FindTarget:
    """Looks for the files of a folder when it is asked for them; none is listed or opened."""

    def find(path: PurePosixPath) -> Target:
        try:
            place = root / path
            if not place.exists():
                return Target(LinkState.MISSING)
            if not place.resolve().is_relative_to(root.resolve()):
                return Target(LinkState.OUTSIDE)
            return Target(LinkState.FOLDER if place.is_dir() else LinkState.FILE, path)
        except (OSError, RuntimeError, ValueError):  # a name too long, a loop of links, a NUL
            return Target(LinkState.MISSING)

    return find


def find_anything(path: PurePosixPath) -> Target:
    """Takes every path for a file, where it is not known which there are."""
    return Target(LinkState.FILE, path)


def resolve_link(source: PurePosixPath, link: Link, find: FindTarget) -> FolderLink | None:
    """What a link in a file of a skill folder points to.

    Links are relative to the file, else to the skill folder; mentions the other way around. None for
    an empty link, and for a mention but where it leads into a folder of the skill and to no file there.
    """
    path, anchor = split_target(link.text)
    bases = (source.parent, PurePosixPath())
    if link.kind is LinkKind.MENTION:
        first = mentioned_folder(path)
        if not first or find(PurePosixPath(first)).state not in (LinkState.FOLDER, LinkState.OUTSIDE):
            return None
        bases = bases[::-1]
    elif EXTERNAL.match(path):
        return FolderLink(source, link, LinkState.EXTERNAL)
    else:
        named, path = path, path.partition("?")[0]
        if not path:
            return FolderLink(source, link, LinkState.ANCHOR) if named or anchor else None
    targets = [find(place) for place in _places(path, *bases)]
    for target in targets:
        if target.path is not None:
            return FolderLink(source, link, *target) if link.kind is LinkKind.LINK else None
    missing = targets and all(target.state is LinkState.MISSING for target in targets)
    return FolderLink(source, link, LinkState.MISSING if missing else LinkState.OUTSIDE)


def _places(path: str, *bases: PurePosixPath) -> Iterator[PurePosixPath]:
    """Where a path leads from some folders of the skill, those left out from which it leads out."""
    for base in dict.fromkeys(bases):
        place = posixpath.normpath(posixpath.join(base, path.replace("\0", "\ufffd")))  # a NUL would end the path
        if not place.startswith("/") and place.split("/", 1)[0] != "..":
            yield PurePosixPath(place)


def _links_in(source: PurePosixPath, skill: Skill, find: FindTarget) -> Iterator[FolderLink]:
    """The links and mentions in one file of a skill folder, block by block, links first.

    A mention counts where it names a file of the skill, or leads into a folder of it where no such
    file is. A mention of what its own line links to is left out.
    """
    links = dict[int, list[Link]]()
    for link in find_links(skill.blocks):
        links.setdefault(link.block, []).append(link)
    for block in skill.blocks:
        found = [item for link in links.get(block.index, ()) if (item := resolve_link(source, link, find))]
        yield from found
        linked = {(item.link.line, item.target) for item in found}
        spans = sorted((item.link.start, item.link.start + len(item.link.text)) for item in found)
        for item in _mentions(source, block, find):
            key = (item.link.line, item.target)
            if key not in linked and not _is_within(item.link.start, spans):
                linked.add(key)
                yield item


def _is_within(offset: int, spans: list[tuple[int, int]]) -> bool:
    """Whether an offset is in one of some spans that do not overlap."""
    at = bisect_right(spans, (offset, offset))
    near = spans[max(0, at - 1) : at + 1]
    return any(start <= offset < end for start, end in near)


def _mentions(source: PurePosixPath, block: Block, find: FindTarget) -> Iterator[FolderLink]:
    known: dict[str, PurePosixPath | None] = {}  # by name: long texts repeat few
    for match in _NAME.finditer(block.text):
        name = match.group("name").rstrip(".-")
        start = match.start("name")
        if len(name) > MAX_NAME or name.startswith("/") or not ("." in name or "/" in name):
            continue
        if name not in known:
            known[name] = _file_named(name, source, find)
        target = known[name]
        if target:
            link = Link(name, block.line_at(start), LinkKind.MENTION, block.index, start)
            yield FolderLink(source, link, LinkState.FILE, target)


def _file_named(name: str, source: PurePosixPath, find: FindTarget) -> PurePosixPath | None:
    """The other file of the skill that a name means, None for none."""
    targets = map(find, _places(name, PurePosixPath(), source.parent))
    return next((t.path for t in targets if t.state is LinkState.FILE and t.path != source), None)


MAX_DEPTH: Final = 16  # folders inside of each other
VERSION_CONTROL: Final = frozenset({".git", ".hg", ".svn", ".jj"})
MAX_FILES: Final = 10_000
_MAX_NAME: Final = 255  # bytes, what file systems take
_SHOWN: Final = 80  # characters of a name in a message
SKILL_PATH: Final = PurePosixPath(SKILL_FILE)
_MARKDOWN: Final = frozenset({".md", ".mdx", ".markdown"})
_JOINERS: Final = "\u200c\u200d"  # format characters that words and emoji need
# Control, format and unassignable characters, and line ends: they steer terminals and deceive readers.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class FileRole(StrEnum):
    """What a file beside SKILL.md is for."""

    REFERENCE = "reference"
    SCRIPT = "script"
    ASSET = "asset"
    OTHER = "other"


_ROLE_OF_FOLDER: Final = {
    "references": FileRole.REFERENCE,
    "reference": FileRole.REFERENCE,
    "scripts": FileRole.SCRIPT,
    "assets": FileRole.ASSET,
}
_ROLE_OF_SUFFIX: Final = {
    **dict.fromkeys((*_MARKDOWN, ".txt", ".rst"), FileRole.REFERENCE),
    **dict.fromkeys(".py .sh .bash .zsh .ps1 .bat .js .mjs .cjs .ts .rb .pl .php .lua .r .go".split(), FileRole.SCRIPT),
    **dict.fromkeys(".png .jpg .jpeg .gif .svg .webp .ico .pdf .ttf .otf .woff .woff2".split(), FileRole.ASSET),
}
# Files about the skill: no agent is sent to them.
_ABOUT: Final = frozenset({"readme", "license", "licence", "notice", "changelog", "contributing", "security"})


def role_of(path: PurePosixPath) -> FileRole:
    """The role of a file: by the folder of the format it is in, else by its suffix."""
    if len(path.parts) > 1 and path.parts[0].lower() in _ROLE_OF_FOLDER:
        return _ROLE_OF_FOLDER[path.parts[0].lower()]
    if path.stem.lower() in _ABOUT:
        return FileRole.OTHER
    return _ROLE_OF_SUFFIX.get(path.suffix.lower(), FileRole.OTHER)


@dataclass(frozen=True)
class SkillFile:
    """A file beside SKILL.md; its content is read when asked for.

    `path` is relative to the skill folder, `size` in bytes, `mode` its permission bits, None for what a new file gets.
    The content is `content`, or where that is None the file below `root`. `link` is the text of a symbolic link, "" for
    a file; `leads_to` is the path in the folder that the link leads to, None where it leads out of it.
    """

    path: PurePosixPath
    role: FileRole
    size: int
    mode: int | None = None
    content: bytes | None = None
    root: Path | None = None
    link: str = ""
    leads_to: PurePosixPath | None = None

    def read_bytes(self, max_bytes: int = MAX_BYTES) -> bytes:
        """The content; raises BadInputError for a link, above `max_bytes`, and where it can't be read."""
        if self.link:
            raise BadInputError(f"{str(self.path)!r} is a link.", "Read the file that it leads to.")
        content = self.content
        if content is None and self.root is not None:
            content = read_below(self.root, self.path, max_bytes)
        if content is None:
            raise BadInputError(f"{str(self.path)!r} has no content.", "Give its content, or the folder it is in.")
        if len(content) > max_bytes:
            raise BadInputError(f"{str(self.path)!r} is larger than {max_bytes:,} bytes.", "Take it out of the folder.")
        return content

    def read_text(self, max_bytes: int = MAX_BYTES) -> str:
        """The content as text, line ends as they are; raises as `read_bytes`, and where it is not UTF-8."""
        try:
            return self.read_bytes(max_bytes).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadInputError(
                f"{str(self.path)!r} is not UTF-8 text (byte {error.start}).", "Convert it to UTF-8."
            ) from None


@dataclass(frozen=True)
class SkillFolder:
    """A skill and the files beside its SKILL.md, in order of their paths.

    `root` is the folder on disk, None for one that is held in memory. `skill_mode` are the
    permission bits of SKILL.md, None for what a new file gets; `empty_folders` hold no file.
    Raises BadInputError for a path that is unsafe or can't be beside the others.
    """

    root: Path | None
    skill: Skill
    files: tuple[SkillFile, ...] = ()
    empty_folders: tuple[PurePosixPath, ...] = ()
    skill_mode: int | None = None

    def __post_init__(self) -> None:
        """Every folder is one that can be written, however it was made."""
        places = {SKILL_PATH, *self._by_path}
        if len(places) <= len(self.files):
            raise BadInputError("A file stands in the folder twice, or is its SKILL.md.", "Give each its own path.")
        if len(places) > MAX_FILES:
            raise BadInputError(f"The folder holds more than {MAX_FILES:,} files.", "Point at a single skill.")
        for path in (*self._by_path, *self.empty_folders):
            check_path(path)
            if not places.isdisjoint(path.parents):
                raise BadInputError(f"{str(path)!r} is below a file.", "Name it otherwise.")
        if not places.isdisjoint(self.empty_folders):
            raise BadInputError("A file of the folder has the name of an empty folder in it.", "Name it otherwise.")

    @cached_property
    def _by_path(self) -> Mapping[PurePosixPath, SkillFile]:
        return {file.path: file for file in self.files}

    def file(self, path: str | PurePosixPath) -> SkillFile | None:
        """The file at a path, links inside the folder followed; None where there is none."""
        found = self.find(PurePosixPath(path)).path
        return self._by_path.get(found) if found else None

    def find(self, path: PurePosixPath) -> Target:
        """The file or folder that a path of the folder means, links inside the folder followed."""
        link = next((self._by_path[place] for place in (path, *path.parents) if place in self._by_path), None)
        if link and link.link:
            if link.leads_to is None:
                return Target(LinkState.OUTSIDE)
            path = link.leads_to / path.relative_to(link.path)
        if path == SKILL_PATH or path in self._by_path:
            return Target(LinkState.FILE, path)
        return Target(LinkState.FOLDER, path) if path in self._folders else Target(LinkState.MISSING)

    def with_skill(self, skill: Skill) -> SkillFolder:
        """The folder with another SKILL.md."""
        return replace(self, skill=skill)

    def with_file(self, path: str | PurePosixPath, content: str | bytes) -> SkillFolder:
        """The folder with a file more, or with another content for a file that it has, whose mode stays.

        Raises BadInputError for a path that is unsafe, is SKILL.md, or is below a file or a link.
        """
        place = check_path(path)
        data = encoded(content) if isinstance(content, str) else content
        old = self._by_path.get(place)
        mode = old.mode if old and not old.link else None
        new = SkillFile(place, role_of(place), len(data), mode, data)
        others = (file for file in self.files if file.path != place)
        empty = tuple(folder for folder in self.empty_folders if folder not in place.parents)
        files = tuple(sorted((*others, new), key=lambda file: file.path))
        return replace(self, files=files, empty_folders=empty)

    def without_file(self, path: str | PurePosixPath) -> SkillFolder:
        """The folder without a file, or without a link; raises BadInputError where there is none."""
        place = PurePosixPath(path)
        if place not in self._by_path:
            raise BadInputError(f"The folder has no file {str(path)!r}.", "Name one of its files.")
        return replace(self, files=tuple(file for file in self.files if file.path != place))

    def links(self, sources: Container[PurePosixPath] | None = None) -> tuple[FolderLink, ...]:
        """Every link, and every mention of a file, in SKILL.md and the Markdown references, with what it points to.

        Of some `sources` alone where they are given. Raises BadInputError where a reference can't be read as text.
        """
        return tuple(link for source, skill in self.texts(sources) for link in _links_in(source, skill, self.find))

    def texts(self, sources: Container[PurePosixPath] | None = None) -> Iterator[tuple[PurePosixPath, Skill]]:
        """SKILL.md and the Markdown references, parsed; raises BadInputError where one can't be read as text.

        Of some `sources` alone where they are given.
        """
        if sources is None or SKILL_PATH in sources:
            yield SKILL_PATH, self.skill
        for file in self.references:
            if sources is None or file.path in sources:
                yield file.path, parse_skill(file.read_text())

    @property
    def references(self) -> Iterator[SkillFile]:
        """The references that are Markdown."""
        for file in self.files:
            if file.role is FileRole.REFERENCE and file.path.suffix.lower() in _MARKDOWN and not file.link:
                yield file

    def linked_anchors(self) -> frozenset[str]:
        """The anchors of SKILL.md, in small letters, that the Markdown references link to; raises as `texts`."""
        found = set[str]()
        # Few do, and to parse them all would take longer than all else.
        sources = {file.path for file in self.references if f"{SKILL_FILE}#" in file.read_text()}
        for _, skill in self.texts(sources):
            for link in find_links(skill.blocks):
                path, name = split_target(link.text)
                if link.kind is LinkKind.LINK and name and path.rsplit("/", 1)[-1] == SKILL_FILE:
                    found.add(name.lower())
        return frozenset(found)

    @cached_property
    def _folders(self) -> frozenset[PurePosixPath]:
        return frozenset({*self.empty_folders, *(above for path in self._by_path for above in path.parents)})


def encoded(text: str) -> bytes:
    """The text as UTF-8; raises BadInputError for half of a surrogate pair, which no file can hold."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadInputError(
            f"The text holds half a character (U+{ord(text[error.start]):04X}).", "Take it out of the text."
        ) from None


def check_path(path: str | PurePosixPath) -> PurePosixPath:
    """The path of a file below a skill folder; raises BadInputError for one that no skill may have.

    It is relative, leads nowhere above and not into version control, and its names hold no backslash
    and no character that steers a terminal or hides.
    """
    place = PurePosixPath(path)
    shown = repr(str(place)[:_SHOWN])
    if place.is_absolute() or not place.parts or ".." in place.parts:
        raise BadInputError(f"{shown} is no path inside the folder.", "Name a file below it, without '..'.")
    if len(place.parts) > MAX_DEPTH:
        raise BadInputError(f"{shown} is more than {MAX_DEPTH} folders deep.", "Point at a single skill.")
    if not VERSION_CONTROL.isdisjoint(place.parts):
        raise BadInputError(f"{shown} is a place of version control.", "Name a file of the skill.")
    for name in place.parts:
        if any(unicodedata.category(char) in _UNSAFE_CATEGORIES and char not in _JOINERS for char in name):
            raise BadInputError(f"The name {name[:_SHOWN]!r} holds a control character.", "Rename the file.")
        if "\\" in name or (os.name == "nt" and ":" in name) or len(name.encode("utf-8")) > _MAX_NAME:
            raise BadInputError(f"The name {name[:_SHOWN]!r} is not one for every system.", "Rename the file.")
    return place
