"""Links and files resolve from where the candidate will live. Nothing is opened, only looked at."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple
from urllib.parse import unquote

from skill_distiller.checks.model import Check, Finding, FindingKind, Level
from skill_distiller.checks.pair import Pair, line_at
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import anchor, block_facts
from skill_distiller.skill.model import BlockKind, Skill

_EXTERNAL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_DEFINED: Final = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*<?([^\s>]+)", re.MULTILINE)
_IN_TAG: Final = re.compile(r"\b(?:href|src)\s{0,9}=\s{0,9}[\"']([^\"'\s]{1,2000})[\"']", re.IGNORECASE)
_NAMED: Final = re.compile(r"<[^<>]{1,200}?\b(?:id|name)\s{0,9}=\s{0,9}[\"']([^\"'\s]{1,200})[\"']", re.IGNORECASE)
_IN_BLOCKS: Final = {BlockKind.DEFINITION: _DEFINED, BlockKind.HTML: _IN_TAG}
_MENTIONS: Final = frozenset({FactKind.PATH, FactKind.CODE_SPAN})
_PLACEHOLDER: Final = re.compile(r"[{}<>*$]|\.\.\.")


class _Target(NamedTuple):
    """Where a link points, and its line; a path that is only mentioned is no link."""

    text: str
    line: int
    link: bool = True


def check_links(pair: Pair) -> Check:
    """Fails where a link of the candidate points nowhere or out of the folder; a warning where the original's did too.

    Paths that are mentioned count where they lead into a folder of the skill and are new.
    """
    targets = [target for target in _targets(pair.candidate) if target.link or pair.folder]
    anchors = _anchors(pair.candidate) if any("#" in target.text for target in targets) else frozenset[str]()
    found = [(target, kind) for target in targets if (kind := _fault(target, anchors, pair.folder))]
    if not found:
        return Check("links")
    before = _anchors(pair.original)
    known = {target.text: target for target in _targets(pair.original)}
    findings = []
    for target, kind in found:
        same = known.get(target.text)
        if same and not target.link:
            continue
        old = same is not None and _fault(same, before, pair.original_folder) is not None
        level, detail = (Level.WARNING, "in the original too") if old else (Level.FAILURE, "")
        findings.append(Finding(kind, level, target.text, target.line, detail, in_candidate=True))
    return Check("links", tuple(dict.fromkeys(findings)))


def _targets(skill: Skill) -> Iterator[_Target]:
    for block in skill.blocks:
        for fact in block_facts(block):
            if fact.kind is FactKind.LINK:
                yield _Target(fact.text, line_at(block, fact.start))
            elif "/" in fact.text and fact.kind in _MENTIONS:
                yield _Target(fact.text.strip("`"), line_at(block, fact.start), link=False)
        expression = _IN_BLOCKS.get(block.kind)
        if expression:
            for match in expression.finditer(block.text):
                yield _Target(match.group(1), line_at(block, match.start(1)))


def _fault(target: _Target, anchors: frozenset[str], folder: Path | None) -> FindingKind | None:
    """What is wrong with a target, None if nothing is."""
    path, _, name = unquote(target.text).partition("#")
    if not target.link:
        return _fault_of_mention(path, folder)
    if _EXTERNAL.match(path):
        return None
    if not path:
        return None if not name or name.lower() in anchors else FindingKind.NO_ANCHOR
    return _fault_of_path(path.partition("?")[0], folder)


def _fault_of_mention(path: str, folder: Path | None) -> FindingKind | None:
    """Only a path into a folder that the skill has is meant as one of its files, and only where it names one."""
    first, slash, rest = path.removeprefix("./").partition("/")
    if not slash or not rest or folder is None or not first.strip(".") or _PLACEHOLDER.search(path) or " " in path:
        return None
    if "." not in PurePosixPath(rest).name or not _is_folder(folder / first):
        return None
    return _fault_of_path(path, folder)


def _fault_of_path(path: str, folder: Path | None) -> FindingKind | None:
    if path.startswith("/") or os.path.normpath(path).split(os.sep, 1)[0] == "..":
        return FindingKind.OUTSIDE
    if folder is None:
        return None
    return _fault_on_disk(folder, path)


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
