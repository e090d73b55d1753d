"""Which new files there are: topic first, one folder deep, at most six, none too small, no name twice."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, count
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.disclosure.branches import find_branches
from skill_distiller.disclosure.model import NewReference, Passage, Signpost
from skill_distiller.disclosure.topics import clean_heading, words_of_names
from skill_distiller.language.lexicon import is_light
from skill_distiller.skill.folder import LinkState, SkillFolder
from skill_distiller.skill.model import Skill

MAX_FILES: Final = 6  # new ones: each is a choice that the agent has to make
OWN_TOKENS: Final = 150  # of one topic: smaller ones share a file, since each is one more to choose from
MIN_TOKENS: Final = 60  # of a new file: for less nobody should have to open one
_FOLDERS: Final = ("references", "reference")
_SPARE_FOLDER: Final = "details"
_REST: Final = {SectionType.EXAMPLE: "examples", SectionType.OUTPUT_FORMAT: "templates"}
_REST_NAME: Final = "details"
_FEWEST_WORDS, _MAX_WORDS, _MAX_CHARS = 2, 6, 40  # of a name
_MOST_NAMES: Final = 3  # of sections in one
_ASIDE: Final = re.compile(r"\s*[(（].*|(?<=\w\s)[—–-]\s.*|(?<=\w{3}):\s.*", re.DOTALL)
_NOT_IN_NAME: Final = re.compile(r"[^\w]+")


class _Group(NamedTuple):
    """Passages that go into one file, with the words of its name and their tokens."""

    passages: tuple[Passage, ...]
    name: str
    tokens: int


def lay_out(
    reading: Reading,
    folder: SkillFolder,
    passages: Sequence[Passage],
    tokens: Callable[[Passage], int],
    signpost: Callable[[Passage], Signpost],
    *,
    least: int = MIN_TOKENS,
) -> tuple[NewReference, ...]:
    """The files for some passages; those for which no file would have the `least` tokens are in none."""
    groups = _by_topic(reading, passages, tokens)
    large = sorted((group for group in groups if group.tokens >= OWN_TOKENS), key=lambda group: -group.tokens)
    own = large if len(large) == len(groups) <= MAX_FILES else large[: MAX_FILES - 1]
    others = [group for group in groups if group not in own]
    rest = sorted((p for group in others for p in group.passages), key=lambda p: p.section)
    if rest and (size := sum(map(tokens, rest))) >= least:
        name = _joined(others) or _rest_name(reading, rest)
        own.append(_Group(tuple(rest), name, size))
    own.sort(key=lambda group: group.passages[0].section)
    taken = {_folded(str(file.path)) for file in folder.files}
    home = _home(folder)
    found = []
    for group in own:
        path = _free(home, group.name, taken)
        found.append(NewReference(path, group.passages, tuple(map(signpost, group.passages))))
    return tuple(found)


def _by_topic(reading: Reading, passages: Sequence[Passage], tokens: Callable[[Passage], int]) -> list[_Group]:
    """The passages by the highest heading that they stand under, the title of the skill left out."""
    skill = reading.skill
    titles = {branch.section for branch in find_branches(reading) if branch.is_title}
    topics = defaultdict[int, list[Passage]](list)
    for passage in passages:
        top = passage.section
        while (parent := skill.parents[top]) is not None and parent not in titles:
            top = parent
        topics[top].append(passage)
    return [
        _Group(tuple(own), _name(skill, own[0].section if len(own) == 1 else top), sum(map(tokens, own)))
        for top, own in topics.items()
    ]


def _name(skill: Skill, section: int) -> str:
    """A name from a heading, with the one above where it is but one word."""
    path = [clean_heading(heading) for heading in skill.heading_path(section)]
    name = slug(path[-1])
    if len(path) > 2 and "-" not in name:
        name = slug(f"{path[-2]} {path[-1]}")
    return name or _REST_NAME


def slug(text: str) -> str:
    """A text as the name of a file: words in small letters with dashes between them.

    >>> slug("Error Handling & Recovery (for the API)")
    'error-handling-recovery'
    """
    plain = unicodedata.normalize("NFC", text)
    said = _ASIDE.sub("", plain)
    plain = said if sum(map(bool, _NOT_IN_NAME.split(said))) >= _FEWEST_WORDS else plain
    words = [word for word in _NOT_IN_NAME.split(re.sub("['’]", "", plain)) if word]
    words = [word for word in words if word not in words_of_names("small")] or words  # "A/B" keeps its capital A
    words = words[:_MAX_WORDS]
    while len(words) > 1 and (is_light(words[-1].lower()) or len("-".join(words)) > _MAX_CHARS):
        words.pop()
    name = "-".join(words).casefold().strip("_-")[:_MAX_CHARS]
    return f"{name}-notes" if name in words_of_names("reserved") else name


def _joined(groups: Sequence[_Group]) -> str:
    """A name that says all of what is in a file, "" where they are too many."""
    names = dict.fromkeys(group.name for group in sorted(groups, key=lambda group: group.passages[0].section))
    joined = "-".join(names)
    return joined if len(names) == 1 or (len(names) <= _MOST_NAMES and len(joined) <= _MAX_CHARS) else ""


def _rest_name(reading: Reading, passages: Iterable[Passage]) -> str:
    """The name of a file for what has none of its own: by the type that all of its blocks have."""
    types = {reading.verdicts[block].type for passage in passages for block in passage.blocks}
    return _REST.get(next(iter(types)), _REST_NAME) if len(types) == 1 else _REST_NAME


def _home(folder: SkillFolder) -> PurePosixPath:
    """The folder of references that is there, else the one that the format names."""
    real = {file.path.parts[0] for file in folder.files if len(file.path.parts) > 1}
    for name in (*(name for name in _FOLDERS if name in real), *_FOLDERS, _SPARE_FOLDER):
        place = PurePosixPath(name)
        links = any(file.path == place for file in folder.files)
        if not links and folder.find(place).state in (LinkState.FOLDER, LinkState.MISSING):
            return place
    return PurePosixPath()


def _free(home: PurePosixPath, name: str, taken: set[str]) -> PurePosixPath:
    """A path unlike that of any file, whatever the case of its letters and the marks between; taken from now on."""
    names = chain((name, f"{name}-from-skill"), (f"{name}-{number}" for number in count(2)))
    path = next(path for path in (home / f"{own}.md" for own in names) if _folded(str(path)) not in taken)
    taken.add(_folded(str(path)))
    return path


def _folded(path: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", path).casefold())
