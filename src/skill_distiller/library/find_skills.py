"""Find the skills below some paths: folders of any depth, globs, files. What is passed over is told with the reason."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from pathspec import GitIgnoreSpec

from skill_distiller.errors import BadInputError, UsageError, reason_of
from skill_distiller.skill.folder import VERSION_CONTROL, SkillFolder
from skill_distiller.skill.model import MAX_BYTES, SKILL_FILE
from skill_distiller.skill.read import read_folder, read_skill
from skill_distiller.skill.safe_files import read_regular

# Hidden folders in which agents keep skills; no other hidden folder is looked into.
AGENT_FOLDERS: Final = frozenset(
    ".agent .agents .claude .claude-plugin .codex .copilot .cursor .gemini .github .goose .kiro .openclaw .opencode "
    ".roo .skills .windsurf".split()
)
# Inside the folder of a skill only these may hold other skills; all else in it are its own files.
_SKILL_HOMES: Final = frozenset({"skills", "plugins", *AGENT_FOLDERS})
_NEVER: Final = frozenset({"node_modules", "__pycache__", *VERSION_CONTROL})
_DEPTH: Final = 32  # folders inside of each other
_IGNORE_FILE: Final = ".gitignore"
_IGNORE_BYTES: Final = 1_000_000
_HINT: Final = f"Name a {SKILL_FILE}, a folder that holds skills, or a pattern such as 'plugins/*/skills'."
_Stamp = tuple[int, int]  # the device and the number of a file: the same by whatever name it is reached


class FoundSkill(NamedTuple):
    """A skill on disk: its `file`, and its `place`, the path of its folder (or lone file) in the library.

    `holds_skills` says whether its folder may hold other skills too (see `owns`).
    """

    file: Path
    place: PurePosixPath
    holds_skills: bool = False

    def read(self, max_bytes: int = MAX_BYTES) -> SkillFolder:
        """The skill with its own files, of a lone file none; raises BadInputError as `read_folder` and `read_skill`."""
        if self.file.name != SKILL_FILE:
            return SkillFolder(None, read_skill(self.file, max_bytes))
        return self.own(read_folder(self.file.parent, max_bytes))

    def owns(self, path: PurePosixPath) -> bool:
        """Whether a path of its folder is of this skill, and not of one inside of it, which is found by itself."""
        return not (self.holds_skills and path.parts[0] in _SKILL_HOMES)

    def own(self, folder: SkillFolder) -> SkillFolder:
        """A folder without what this skill does not own."""
        if not self.holds_skills:
            return folder
        files = tuple(file for file in folder.files if self.owns(file.path))
        return replace(folder, files=files, empty_folders=tuple(filter(self.owns, folder.empty_folders)))


class PassedOver(NamedTuple):
    """A path that is not looked at, and why, in words."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Search:
    """How to look: whether what git ignores counts (`ignored`), and whether links out of a named folder are followed.

    A folder `apart` (where results go) and what is below it is not looked into.
    """

    ignored: bool = False
    follow_links: bool = False
    apart: Path | None = None


def find_skills(paths: Sequence[str | Path], search: Search | None = None) -> Iterator[FoundSkill | PassedOver]:
    """The skills at and below some paths, in order of the paths and then of the names, as they are found.

    A path is a SKILL.md or other Markdown file, a folder of any depth (a skill, `.claude/skills`, a plugin, a
    marketplace), or a pattern with `*`, `?`, `[…]` or `**`. No skill comes twice, however many ways lead to it. Raises
    BadInputError, before the first skill, for a path that is not there.
    """
    roots = list(dict.fromkeys(place for path in paths for place in _expand(str(path))))
    return _find(roots, search or Search())


def none_found() -> UsageError:
    """What to raise where there is no skill below some paths."""
    return UsageError("No skill was found.", f"Name a folder with a {SKILL_FILE} in it, or below it.")


def _find(roots: Sequence[Path], search: Search) -> Iterator[FoundSkill | PassedOver]:
    walk = _Walk(search)
    prefixes = _prefixes(roots)
    for root, prefix in zip(roots, prefixes, strict=True):
        yield from walk.look_at(root, prefix)


def _expand(path: str) -> list[Path]:
    """The paths that one means: itself, or what a pattern matches; raises BadInputError where there is nothing."""
    place = Path(path)
    try:
        if path and os.path.lexists(place):
            return [place]
        if glob.has_magic(path):
            found = sorted(map(Path, glob.iglob(path, recursive=True)))  # noqa: PTH207 - it may be absolute
            if found:
                return [place for place in found if place.is_dir() or place.suffix.lower() == ".md"]
    except (OSError, ValueError) as error:  # ValueError: a NUL byte
        raise BadInputError(f"Can't look at {path!r}: {reason_of(error)}.", _HINT) from None
    raise BadInputError(f"There is no file or folder {path!r}.", _HINT)


def _prefixes(roots: Sequence[Path]) -> list[PurePosixPath]:
    """Where the skills of each path stand in the library: at its top, or below names of their own where there are more.

    A path that is itself one skill always has its name.
    """
    prefixes: list[PurePosixPath] = []
    taken: set[str] = set()
    for root in roots:
        if len(roots) == 1 and not (root / SKILL_FILE).is_file() and not root.is_file():
            return [PurePosixPath()]
        own = root.parent if root.name == SKILL_FILE and root.is_file() else root
        name = own.resolve().name or "root"
        number = 1
        while (unique := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        taken.add(unique)
        prefixes.append(PurePosixPath(unique))
    return prefixes


@dataclass(slots=True)
class _Walk:
    """One walk over some paths; what it has seen by any name it does not look at again."""

    search: Search
    seen: set[_Stamp] = field(default_factory=set)

    def look_at(self, root: Path, prefix: PurePosixPath) -> Iterator[FoundSkill | PassedOver]:
        """The skills at and below one path."""
        try:
            if root.is_dir():
                top = root.resolve()
                at = _Place(root, top, () if self.search.ignored else _rules_above(top))
                # What is named counts, whatever git ignores of it.
                yield from self._folder(root, prefix, _Place(root, top) if at.ignores(top) else at)
            elif self._is_new(root.stat()):
                yield FoundSkill(root, prefix)
        except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
            yield PassedOver(root, f"it can't be read: {reason_of(error)}")

    def _folder(self, folder: Path, place: PurePosixPath, at: _Place) -> Iterator[FoundSkill | PassedOver]:
        try:
            if not self._is_new(folder.stat()) or self._is_apart(folder):
                return
            with os.scandir(folder) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            yield PassedOver(folder, f"it can't be read: {reason_of(error)}")
            return
        if at.depth > _DEPTH:
            yield PassedOver(folder, f"it is more than {_DEPTH} folders deep")
            return
        at = at if self.search.ignored else at.with_rules_of(folder)
        own = next((entry for entry in names if entry.name == SKILL_FILE), None)
        below = [entry for entry in names if self._is_to_search(entry, inside_skill=own is not None)]
        if own is not None:
            yield from self._skill(own, place, at, holds_skills=bool(below))
        for entry in below:
            if not at.ignores(Path(entry.path)):
                yield from self._enter(entry, place, at)

    def _skill(
        self, entry: os.DirEntry[str], place: PurePosixPath, at: _Place, *, holds_skills: bool
    ) -> Iterator[FoundSkill | PassedOver]:
        file = Path(entry.path)
        try:
            status = file.stat()
        except OSError as error:
            yield PassedOver(file, f"it can't be read: {reason_of(error)}")
            return
        if not stat.S_ISREG(status.st_mode):
            yield PassedOver(file, "it is no file")
        elif entry.is_symlink() and not self._may_follow(file, at):
            yield PassedOver(file, f"it is a link out of {str(at.root)!r}; take it with --follow-links")
        elif not at.ignores(file) and self._is_new(status):
            yield FoundSkill(file, place, holds_skills)

    def _enter(self, entry: os.DirEntry[str], place: PurePosixPath, at: _Place) -> Iterator[FoundSkill | PassedOver]:
        folder = Path(entry.path)
        if entry.is_symlink() and not self._may_follow(folder, at):
            yield PassedOver(folder, f"it is a link out of {str(at.root)!r}; take it with --follow-links")
            return
        yield from self._folder(folder, place / entry.name, at.deeper())

    def _is_to_search(self, entry: os.DirEntry[str], *, inside_skill: bool) -> bool:
        name = entry.name
        if name in _NEVER or (name.startswith(".") and name not in AGENT_FOLDERS):
            return False
        if inside_skill and name not in _SKILL_HOMES:
            return False
        try:
            return entry.is_dir()
        except OSError:  # a loop of links
            return False

    def _may_follow(self, path: Path, at: _Place) -> bool:
        if self.search.follow_links:
            return True
        try:
            return path.resolve().is_relative_to(at.top)
        except (OSError, RuntimeError):
            return False

    def _is_new(self, status: os.stat_result) -> bool:
        stamp = status.st_dev, status.st_ino
        if stamp in self.seen and stamp[1]:
            return False
        self.seen.add(stamp)
        return True

    def _is_apart(self, folder: Path) -> bool:
        return self.search.apart is not None and folder.resolve() == self.search.apart


class _Rules(NamedTuple):
    """What one .gitignore says, of paths below its folder."""

    folder: Path
    spec: GitIgnoreSpec


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a walk is: below which named path (`top` is the real one), which rules of git hold, how deep."""

    root: Path
    top: Path
    rules: tuple[_Rules, ...] = ()
    depth: int = 0

    def deeper(self) -> _Place:
        return _Place(self.root, self.top, self.rules, self.depth + 1)

    def with_rules_of(self, folder: Path) -> _Place:
        """The same, with the rules of the folder itself."""
        real = folder.resolve()
        spec = _read_rules(real / _IGNORE_FILE)
        if spec is None:
            return self
        return _Place(self.root, self.top, (*self.rules, _Rules(real, spec)), self.depth)

    def ignores(self, path: Path) -> bool:
        """Whether git ignores a path: the deepest .gitignore that says anything of it decides."""
        if not self.rules:
            return False
        real = path.parent.resolve() / path.name
        tail = "/" if path.is_dir() and not path.is_symlink() else ""
        for rules in reversed(self.rules):
            if real.is_relative_to(rules.folder):
                said = rules.spec.check_file(real.relative_to(rules.folder).as_posix() + tail).include
                if said is not None:
                    return said
        return False


def _rules_above(root: Path) -> tuple[_Rules, ...]:
    """The rules of the repository that a folder is in, from its root down to the folder's parent."""
    above: list[Path] = []
    for folder in (root, *root.parents):
        if os.path.lexists(folder / ".git"):
            own = _read_rules(folder / ".git" / "info" / "exclude")
            excluded = [_Rules(folder, own)] if own else []
            specs = ((place, _read_rules(place / _IGNORE_FILE)) for place in reversed(above))
            return (*excluded, *(_Rules(place, spec) for place, spec in specs if spec))
        above.append(folder.parent)
    return ()


def _read_rules(file: Path) -> GitIgnoreSpec | None:
    try:
        content = read_regular(file, _IGNORE_BYTES)
    except OSError:
        return None
    lines = content[:_IGNORE_BYTES].decode("utf-8", "replace").splitlines()
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError:  # a line that is no pattern: the others count
        return GitIgnoreSpec.from_lines(line for line in lines if _is_pattern(line))


def _is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def same_names(named: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The places of skills by the name that several of them have; of pairs of a name and a place."""
    places: dict[str, list[str]] = {}
    for name, place in named:
        places.setdefault(name, []).append(place)
    return {name: sorted(found) for name, found in sorted(places.items()) if name and len(found) > 1}
