"""Links of moved text: targets rebased to the folder of the new file, definitions that are used copied along."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.language.facts import anchor
from skill_distiller.skill.folder import SKILL_PATH, LinkState, SkillFolder, resolve_link
from skill_distiller.skill.links import LinkKind, find_links
from skill_distiller.skill.model import Block, BlockKind, Skill

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
