"""What never moves: who has to read a text to know that it should have been read is not helped by a pointer."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from skill_distiller.analysis.patterns import HARD_RULE
from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.disclosure.branches import Branch, find_branches
from skill_distiller.disclosure.signposts import asks_first, calls, introduces, is_unmissable
from skill_distiller.language.facts import anchor
from skill_distiller.language.modals import restricts
from skill_distiller.planning.plan import Reason
from skill_distiller.planning.required import names_rules, required_blocks, ruled_blocks
from skill_distiller.planning.worth import WorthModel
from skill_distiller.skill.folder import FileRole, SkillFolder
from skill_distiller.skill.links import find_footnotes
from skill_distiller.skill.model import PROSE, Block, BlockKind, Skill
from skill_distiller.structure.pairs import is_shell

# Reasons of a required block that hold wherever it would stand: it has to be seen before anything is looked up.
_BINDING: Final = {
    Reason.PATTERN: "holds a protected pattern",
    Reason.HARD_RULE: "lays down a hard rule",
    Reason.RESTRICTION: "forbids something or asks for approval",
    Reason.VERIFIER: "says what is checked or done by then",
}
_DONE: Final = frozenset({SectionType.CORE_INSTRUCTION, SectionType.CONSTRAINT})
_SHOWN: Final = frozenset({BlockKind.CODE, BlockKind.TABLE})
_SAID: Final = PROSE | {BlockKind.QUOTE, BlockKind.HTML}  # a word of force in a table may be that of one row
_LONG: Final = 200  # characters of code or a table, from which on it is looked up while it is needed
_LONG_COMMANDS: Final = 600  # the same of commands: they are what is done, and no form to be filled in
_NO_CODE: Final = frozenset({"markdown", "md", "mermaid", "dot", "text", "txt", "plaintext"})  # forms and drawings
_VARIABLE: Final = frozenset("<>{}*$")  # in a name that stands for several: `references/<topic>.md`
_CALL: Final = 300  # characters of code that shows one
_RULES_OF_TABLE: Final = 1 / 3  # of its rows that forbid something, from which on a table is one of rules
_DIGEST: Final = 400  # characters of a section
_LINKED: Final = re.compile(r"\]\(\s*<?#([^)>\s]+)")
_SPAN: Final = re.compile(r"`[^`\n]*`")  # its capitals are those of a language: `GENERATED ALWAYS AS`
_CAPITALS: Final = re.compile(r"(?<![\w-])[^\W\d_a-z]{4,}(?![\w-])")
_NUMBERED: Final = re.compile(r"-\d+\Z")


class Pin(StrEnum):
    """Why a block or heading stays in SKILL.md, besides the reasons of the plan."""

    TRIGGER = "says when the skill applies"
    LOUD = "is written to be heard"
    OPENING = "opens the skill"
    STEP = "is what every run goes through"
    DEFINITION = "defines links, or holds a tag of its own"
    POINTER = "points to a reference"
    DIGEST = "sums up a reference"
    LAST_MENTION = "is the last to name a file"
    ONLY_FORMAT = "is the only output format"
    ONLY_CODE = "is the only code left that shows how it is done"
    NEEDED = "text that stays needs it"
    ASKED = "asked for"
    CORE = "is a core rule, by the model that read it"


def pinned_blocks(reading: Reading, folder: SkillFolder, model: WorthModel) -> dict[int, str]:
    """The blocks, by index, that stay whatever else moves, each with the reason."""
    skill = reading.skill
    required = required_blocks(reading, 1.0, model)
    found: dict[int, str] = {i: _BINDING[reason] for i, reason in required.items() if _binds(reading, i, reason)}
    found |= {i: Pin.TRIGGER.value for i, verdict in enumerate(reading.verdicts) if verdict.type is SectionType.TRIGGER}
    found |= {block.index: Pin.TRIGGER for block in skill.blocks if block.kind in PROSE and calls(block.text)}
    found |= {block.index: Pin.LOUD for block in skill.blocks if _is_loud(block)}
    rules = (block.index for block in skill.blocks if block.kind in _SAID and restricts(block.text))
    named = (b.index for s in skill.sections if names_rules(s.heading) for b in s.blocks if b.kind in _SAID)
    denied = (b.index for s in skill.sections if _forbids(s.heading) for b in s.blocks)
    binding = (*rules, *ruled_blocks(reading), *named, *denied)  # whatever else they are required for
    found |= dict.fromkeys((i for i in binding if i not in found), _BINDING[Reason.RESTRICTION])
    found |= {block.index: Pin.DEFINITION for block in skill.blocks if block.kind is BlockKind.DEFINITION}
    # Where a tag has no partner, Markdown may cut a section elsewhere than its author does: all of it stays.
    torn = {skill.section_of[block] for block in reading.containers.bound}
    torn |= {skill.section_of[tag.place] for tag in reading.containers.unpaired}
    found |= {block.index: Pin.DEFINITION for section in torn for block in skill.sections[section].blocks}
    for note in find_footnotes(skill).values():
        if len(note.marks) > 1:
            found |= dict.fromkeys((*note.marks, note.definition), Pin.NEEDED.value)
    pointers = frozenset(_pointers(reading, folder))
    found |= dict.fromkeys(pointers, Pin.POINTER.value)
    references = [file.path.name for file in folder.files if file.role is FileRole.REFERENCE]
    for branch in all_branches(find_branches(reading)):
        found |= dict.fromkeys(_opening(skill, branch), Pin.OPENING.value)
        found |= dict.fromkeys(_digests(reading, branch, pointers, references), Pin.DIGEST.value)
        found |= dict.fromkeys(_steps(reading, branch, required), Pin.STEP.value)
    return {block: str(reason) for block, reason in found.items() if block >= 0}


def _binds(reading: Reading, index: int, reason: Reason) -> bool:
    """Whether a required block has to be seen before anything is looked up.

    Capitals in back-ticks are those of a language (`NOT NULL`), a pattern in its code is a value there (`N = 10`). A
    table most rows of which forbid nothing is looked up, with the rows that do.
    """
    skill, block = reading.skill, reading.skill.blocks[index]
    if reason is Reason.HARD_RULE and HARD_RULE.found_in(block.text, block.text):
        said = _SPAN.sub(" ", block.text)
        return HARD_RULE.found_in(said, said)
    if reason is Reason.PATTERN and block.kind is BlockKind.CODE:
        return block.info.lower() in _NO_CODE | {""}
    if reason is Reason.RESTRICTION:
        heading = skill.sections[skill.section_of[index]].heading
        return _forbids(heading) or names_rules(heading) or _restricts(block)
    return reason in _BINDING


def _forbids(heading: str) -> bool:
    """Whether a heading is that of what is forbidden or needs approval: "Files never to delete", "Ask first"."""
    return restricts(heading, heading=True) or asks_first(heading)


def _restricts(block: Block) -> bool:
    """Whether a text forbids something or asks for approval: a table where enough of its rows do."""
    if block.kind is not BlockKind.TABLE:
        return restricts(block.text)
    rows = block.text.strip().splitlines()[2:]
    return sum(map(restricts, rows)) >= _RULES_OF_TABLE * len(rows)


def _is_loud(block: Block) -> bool:
    """Whether a text has a word in capitals that says it is not to be missed: MANDATORY, CRITICAL."""
    if block.kind is BlockKind.CODE:
        return False
    return any(map(is_unmissable, _CAPITALS.findall(_SPAN.sub(" ", block.text))))


def all_branches(branches: Iterable[Branch]) -> Iterator[Branch]:
    """The branches and those below, each before what is below it."""
    for branch in branches:
        yield branch
        yield from all_branches(branch.below)


def _opening(skill: Skill, branch: Branch) -> Iterator[int]:
    """All right under a title; of a first section that says what the skill is, what stands first in it."""
    own = branch.units
    if not branch.is_title:
        first = all(not section.blocks for section in skill.sections[: branch.section])
        own = own[:1] if first or introduces(skill.sections[branch.section].heading) else ()
    return (block for unit in own for block in unit.blocks)


def _steps(reading: Reading, branch: Branch, required: Collection[int]) -> Iterator[int]:
    """What an agent does in every run; what only shows or explains it, or matters little, may be looked up."""
    if branch.in_steps:
        for index in (block for unit in branch.units for block in unit.blocks):
            block = reading.skill.blocks[index]
            runs = is_shell(block)
            is_long = block.kind in _SHOWN and len(block.text) > (_LONG_COMMANDS if runs else _LONG)
            if (runs or index in required) and reading.verdicts[index].type in _DONE and not is_long:
                yield index


def _digests(reading: Reading, branch: Branch, pointers: frozenset[int], files: Collection[str]) -> Iterator[int]:
    """The short text around a pointer to a reference: in a file of its own there would be two to choose from.

    So it is with all of the text under the name of a file.
    """
    own = [block for unit in branch.units for block in unit.blocks]
    if any(name in reading.skill.sections[branch.section].heading for name in files):
        yield from own
        return
    size = sum(len(reading.skill.blocks[block].text) for block in own)
    yield from own if size < _DIGEST and not pointers.isdisjoint(own) else ()


def _pointers(reading: Reading, folder: SkillFolder) -> Iterator[int]:
    """The blocks that name a reference of the folder: moved, they would be two files away from the agent.

    A table that names some in passing, which are named elsewhere too, is none.
    """
    held = dict[int, set[str]]()
    known = {name for name in reading.files if _is_reference(folder, name)}
    for name in known:
        for piece in (piece for piece in reading.files[name] if piece >= 0):
            held.setdefault(piece, set()).add(name)
    for block, names in held.items():
        elsewhere = all(len(reading.files[name]) > 1 for name in names)
        if not (elsewhere and _in_passing(reading.skill.blocks[block], names)):
            yield block


def _in_passing(block: Block, names: Collection[str]) -> bool:
    """Whether a block is a table of which less than half of the rows name one of some files."""
    if block.kind is not BlockKind.TABLE:
        return False
    rows = block.text.strip().splitlines()[2:]
    return 2 * sum(any(name in row for name in names) for row in rows) < len(rows)


def _is_reference(folder: SkillFolder, name: str) -> bool:
    file = folder.file(PurePosixPath(name)) if _is_plain(name) else None
    return file is not None and file.role is FileRole.REFERENCE


def _is_plain(name: str) -> bool:
    return bool(name) and "\0" not in name and not name.startswith("/")


def pinned_headings(skill: Skill, folder: SkillFolder) -> frozenset[int]:
    """The sections, by index, whose headings stay: links lead to them, here or from another file."""
    wanted = {name.lower() for name in _LINKED.findall(skill.body)} | folder.linked_anchors()
    plain = wanted | {_NUMBERED.sub("", name) for name in wanted}  # of headings that read alike, none is to go
    return frozenset(section.index for section in skill.sections if section.level and anchor(section.heading) in plain)


def lost_formats(reading: Reading, moved: Collection[int], worths: Mapping[int, float]) -> Iterator[int]:
    """The block that shows the form of the output and is worth most, where every one of them would move."""
    formats = [i for i, verdict in enumerate(reading.verdicts) if verdict.type is SectionType.OUTPUT_FORMAT]
    if formats and all(block in moved for block in formats):
        yield max(formats, key=lambda block: worths[block])


def lost_code(reading: Reading, moved: Collection[int]) -> Iterator[int]:
    """The first short code of the skill, where all of its code would move: one call has to be seen to make another.

    Where none is short, the shortest.
    """
    own = (block for block in reading.skill.blocks if block.kind is BlockKind.CODE)
    code = [block for block in own if block.info.lower() not in _NO_CODE]
    if code and all(block.index in moved for block in code):
        short = (block for block in code if len(block.text) <= _CALL)
        least = min(code, key=lambda block: len(block.text))
        if len(least.text) <= 2 * _CALL:
            yield next(short, least).index


def lost_files(
    reading: Reading, folder: SkillFolder, moved: Collection[int], tokens: Mapping[int, int]
) -> Iterator[int]:
    """The blocks to keep, so that every file of the folder that SKILL.md names is named in it still: the cheapest.

    A file that the folder does not hold, one of the user's or one to be made, is named where it is needed.
    """
    known = {file.path.name for file in folder.files}
    for name, pieces in reading.files.items():
        blocks = [piece for piece in pieces if piece >= 0]
        is_there = name.rsplit("/", 1)[-1] in known or not _VARIABLE.isdisjoint(name)
        if is_there and blocks and all(piece in moved for piece in pieces):
            yield min(blocks, key=lambda block: tokens[block])
