"""Links and files resolve from where the candidate will live. Nothing is opened, only looked at."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from skill_distiller.checks.model import Check, Finding, FindingKind, Level, Pair
from skill_distiller.language.facts import anchor
from skill_distiller.skill.links import (
    Link,
    LinkKind,
    find_links,
    is_external,
    leads_out,
    mentioned_folder,
    split_target,
    without_query,
)
from skill_distiller.skill.model import Skill

_NAMED: Final = re.compile(r"<[^<>]{1,200}?\b(?:id|name)\s{0,9}=\s{0,9}[\"']([^\"'\s]{1,200})[\"']", re.IGNORECASE)


def check_links(pair: Pair) -> Check:
    """Fails where a link of the candidate points nowhere or out of the folder; a warning where the original's did too.

    Paths that are mentioned count where they lead into a folder of the skill and are new.
    """
    links = [link for link in find_links(pair.candidate) if link.kind is LinkKind.LINK or pair.folder]
    anchors = _anchors(pair.candidate) if any("#" in link.text for link in links) else frozenset[str]()
    found = [(link, kind) for link in links if (kind := _fault(link, anchors, pair.folder))]
    if not found:
        return Check("links")
    before = _anchors(pair.original)
    known = {link.text: link for link in find_links(pair.original)}
    findings = []
    for link, kind in found:
        same = known.get(link.text)
        if same and link.kind is LinkKind.MENTION:
            continue
        old = same is not None and _fault(same, before, pair.original_folder) is not None
        level, detail = (Level.WARNING, "in the original too") if old else (Level.FAILURE, "")
        findings.append(Finding(kind, level, link.text, link.line, detail, in_candidate=True))
    return Check("links", tuple(dict.fromkeys(findings)))


def _fault(link: Link, anchors: frozenset[str], folder: Path | None) -> FindingKind | None:
    """What is wrong with a link, None if nothing is."""
    path, name = split_target(link.text)
    if link.kind is LinkKind.MENTION:
        return _fault_of_mention(path, folder)
    if is_external(path):
        return None
    if not path:
        return None if not name or name.lower() in anchors else FindingKind.NO_ANCHOR
    return _fault_of_path(without_query(path), folder)


def _fault_of_mention(path: str, folder: Path | None) -> FindingKind | None:
    """Only a path into a folder that the skill has is meant as one of its files."""
    first = mentioned_folder(path)
    if folder is None or not first or not _is_folder(folder / first):
        return None
    return _fault_of_path(path, folder)


def _fault_of_path(path: str, folder: Path | None) -> FindingKind | None:
    if leads_out(path):
        return FindingKind.OUTSIDE
    return None if folder is None else _fault_on_disk(folder, path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _fault_on_disk(folder: Path, path: str) -> FindingKind | None:
    try:
        place = folder / path
        if not place.exists():
            return FindingKind.NO_FILE
        inside = place.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):  # a name too long, a loop of links, a NUL
        return FindingKind.NO_FILE
    return None if inside else FindingKind.OUTSIDE


def _anchors(skill: Skill) -> frozenset[str]:
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
