"""Links and files resolve from where the candidate will live. Nothing is opened, only looked at."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from skill_distiller.checks.model import ALREADY, Finding, FindingKind, Level, Pair
from skill_distiller.language.facts import anchor
from skill_distiller.skill.folder import (
    SKILL_PATH,
    FindTarget,
    FolderLink,
    LinkState,
    SkillFolder,
    find_anything,
    resolve_link,
)
from skill_distiller.skill.links import LinkKind, find_links, split_target
from skill_distiller.skill.model import Skill, once_per_skill

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
