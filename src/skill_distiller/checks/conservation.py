"""Whole folders: whatever somebody moved into new references is there once, found from SKILL.md, and all else is kept.

The new SKILL.md and its new references are put together again (`rejoin`), and the outcome is verified as a rewrite of
the original: what is gone, turned or new in either shows there. The checks of this file ask what only folders have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from skill_distiller.analysis.patterns import BUILT_IN, PatternSet
from skill_distiller.checks.gate import verify
from skill_distiller.checks.model import (
    ALREADY,
    Check,
    Declared,
    Finding,
    FindingKind,
    Level,
    Quote,
    Tokens,
    Verification,
    read_receipt,
)
from skill_distiller.checks.rejoin import Part, Rejoined, rejoin
from skill_distiller.checks.structure import DEAD, anchors_in, open_fences, reached_from_core
from skill_distiller.errors import BadInputError
from skill_distiller.language.facts import inventory
from skill_distiller.language.modals import restricts
from skill_distiller.skill.folder import (
    SKILL_PATH,
    FolderLink,
    LinkState,
    SkillFile,
    SkillFolder,
)
from skill_distiller.skill.links import LinkKind, split_target
from skill_distiller.skill.model import BlockKind, Skill, source_digest
from skill_distiller.skill.safe_files import chunks_below
from skill_distiller.structure.edges import Piece, heading_of
from skill_distiller.structure.find_edges import find_edges

REDUCE_SCHEMA: Final = "skill-distiller/reduce/1"
_NO_RECEIPT: Final = "Give the JSON that `skill-distiller reduce --json` printed for this skill."
_EXCERPT: Final = 160  # characters of a text that a finding quotes


class Share(NamedTuple):
    """How many of some things are kept."""

    kept: int
    of: int


class Conservation(NamedTuple):
    """What is found again in SKILL.md and the new references together: lines with text, distinct facts, other files.

    `moved` is the number of blocks that are in a reference now.
    """

    lines: Share
    facts: Share
    files: Share
    moved: int

    @property
    def complete(self) -> bool:
        """Whether nothing is missing."""
        return all(share.kept == share.of for share in (self.lines, self.facts, self.files))


@dataclass(frozen=True)
class FolderPair:
    """Two skill folders, and the second one's SKILL.md with what moved back in it.

    The texts that are `announced` (pointers, headers) are known to be written by a run of this tool.
    """

    before: SkillFolder
    after: SkillFolder
    joined: Rejoined
    patterns: PatternSet = BUILT_IN
    announced: frozenset[str] = frozenset()

    @cached_property
    def links_before(self) -> tuple[FolderLink, ...]:
        """What the SKILL.md of the original links to and mentions."""
        return self.before.links({SKILL_PATH})

    @cached_property
    def changed_files(self) -> dict[PurePosixPath, Finding]:
        """The files of the original that are not there, or not as they were."""
        there = {file.path: file for file in self.after.files}
        found = ((file.path, _compare_files(file, there.get(file.path))) for file in self.before.files)
        return {path: finding for path, finding in found if finding}


class FolderCheck(NamedTuple):
    """One question about two skill folders, and what finds the reasons to say no."""

    name: str
    question: str
    find: Callable[[FolderPair], Iterator[Finding]]


def verify_folders(
    before: SkillFolder,
    after: SkillFolder,
    *,
    tokens: Tokens,
    allowed_fields: Collection[str] = (),
    declared: Declared | None = None,
    strict: bool = False,
    patterns: PatternSet = BUILT_IN,
    announced: Collection[str] = (),
) -> tuple[Verification, Conservation]:
    """Check that a candidate folder says what its original says, wherever in it; and count what is found again.

    `tokens` are those of both SKILL.md. The other options are those of `verify`. Raises BadInputError where a reference
    can't be read as text.
    """
    pair = FolderPair(before, after, rejoin(before, after, frozenset(announced)), patterns, frozenset(announced))
    files = tuple(file for file in after.files if file.path not in pair.joined.files)
    found = verify(
        before,
        replace(after, skill=pair.joined.skill, files=files),
        allowed_fields=allowed_fields,
        declared=declared,
        strict=strict,
        tokens=tokens,
        patterns=patterns,
    )
    texts = tuple(replace(check, findings=tuple(map(pair.joined.placed, check.findings))) for check in found.checks)
    own = tuple(Check(check.name, tuple(dict.fromkeys(check.find(pair)))) for check in FOLDER_CHECKS)
    changed = before.skill.text != after.skill.text or bool(pair.joined.files) or bool(pair.changed_files)
    reworded = declared.reworded if declared else ()
    return replace(found, checks=(*texts, *own), changed=changed), count_conserved(pair, reworded)


def announced_in(record: object, original: Skill) -> frozenset[str]:
    """The pointers and headers that the JSON record of `reduce` names, or that of `compress` where pieces moved.

    Raises BadInputError where it is none, or of another skill.
    """
    found = set[str]()
    try:
        source, files = record["source_sha256"], record["new_files"]  # type: ignore[index]
        for file in files:
            found |= {file["header"], *(passage["pointer"] for passage in file["passages"])}
        found |= set(record.get("added", ()))  # type: ignore[attr-defined]
    except (AttributeError, KeyError, TypeError):
        raise BadInputError("The receipt does not say what moved where.", _NO_RECEIPT) from None
    if source != source_digest(original) or not all(isinstance(text, str) for text in found):
        raise BadInputError("The receipt is of another skill, or of another version of it.", _NO_RECEIPT)
    return frozenset(found)


def declared_by_reduce(record: object) -> Declared:
    """The new description, and what was said in fewer words, that the JSON record of `reduce` names.

    Raises BadInputError where it has another form.
    """
    try:
        described, rewritten = record.get("description"), record.get("rewritten")  # type: ignore[attr-defined]
        declared = read_receipt(rewritten) if rewritten else Declared()
    except (AttributeError, KeyError, TypeError):
        raise BadInputError("The receipt does not say what changed.", _NO_RECEIPT) from None
    text = described.get("description") if isinstance(described, dict) else None
    return replace(declared, description=text if isinstance(text, str) else None)


def count_conserved(pair: FolderPair, reworded: Collection[str] = ()) -> Conservation:
    """The lines, facts and files of the original that are found again; blocks that are `reworded` keep facts alone."""
    before, joined = pair.before.skill, pair.joined.skill
    apart = Counter(line for block in before.blocks if block.text in reworded for line in _lines_of(block.text))
    lines, left = list((Counter(_lines_of(before.body)) - apart).elements()), dict[str, int]()
    for line in _lines_of(joined.body):
        left[line] = left.get(line, 0) + 1
    kept = 0
    for line in lines:
        if left.get(line, 0):
            left[line] -= 1
            kept += 1
    facts, there = inventory(before), inventory(joined)
    return Conservation(
        Share(kept, len(lines)),
        Share(sum(key in there for key in facts), len(facts)),
        Share(len(pair.before.files) - len(pair.changed_files), len(pair.before.files)),
        sum(part.block is not None for part, _ in pair.joined.moved),
    )


def _lines_of(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


def find_changed_files(pair: FolderPair) -> Iterator[Finding]:
    """Fails where a file is gone or has other bytes, permission bits or another target; a new one is looked at."""
    yield from pair.changed_files.values()
    if pair.before.skill_mode is not None and pair.after.skill_mode not in (None, pair.before.skill_mode):
        yield _changed_mode(SKILL_PATH, pair.before.skill_mode, pair.after.skill_mode or 0)
    known = {file.path for file in pair.before.files} | pair.joined.files.keys()
    for file in pair.after.files:
        if file.path not in known:
            yield Finding(FindingKind.NEW, Level.LOOK, str(file.path), 0, f"{file.role.value} file", in_candidate=True)


def _compare_files(file: SkillFile, other: SkillFile | None) -> Finding | None:
    name = str(file.path)
    if other is None:
        return Finding(FindingKind.LOST, Level.FAILURE, name, 0, "file")
    if file == other:
        return None
    if file.link or other.link:
        same = file.link == other.link
        return None if same else Finding(FindingKind.CHANGED, Level.FAILURE, name, 0, "symbolic link")
    if file.size != other.size or _digest(file) != _digest(other):
        return Finding(FindingKind.CHANGED, Level.FAILURE, name, 0, "bytes of a file")
    if file.mode is not None and other.mode is not None and file.mode != other.mode:
        return _changed_mode(file.path, file.mode, other.mode)
    return None


def _changed_mode(path: PurePosixPath, before: int, after: int) -> Finding:
    return Finding(FindingKind.CHANGED, Level.FAILURE, str(path), 0, f"permission bits {before:o} → {after:o}")


def _digest(file: SkillFile) -> bytes:
    if file.content is not None or file.root is None:
        return sha256(file.read_bytes(file.size)).digest()
    digest = sha256()
    for chunk in chunks_below(file.root, file.path):
        digest.update(chunk)
    return digest.digest()


def find_reference_faults(pair: FolderPair) -> Iterator[Finding]:
    """Fails where a new reference is not found from SKILL.md, holds what stands elsewhere too, or has a link that died.

    What is new in a new reference, and every pointer that no run announced, is to be looked at: no program can say
    that it makes an agent read the file.
    """
    if not pair.joined.files and pair.before.skill.text == pair.after.skill.text:
        return
    sources = {SKILL_PATH, *pair.joined.files}
    links = pair.after.links(sources)
    yield from _unreachable(pair, links)
    yield from _dead_links(pair, links)
    yield from _dead_anchors(pair, links)
    for part in pair.joined.twice:
        yield _of_part(FindingKind.TWICE, Level.FAILURE, part, f"in {part.path} and elsewhere")
    for part in (*pair.joined.pointers, *pair.joined.new_text):
        if part.key not in pair.announced and part.source.strip() not in pair.announced:
            detail = "pointer" if part.path == SKILL_PATH else f"in {part.path}"
            yield _of_part(FindingKind.NEW, Level.LOOK, part, detail)
    yield from _open_fences(pair)
    yield from _parted(pair)
    yield from _rules_moved(pair)


def _of_part(kind: FindingKind, level: Level, part: Part, detail: str) -> Finding:
    text, line = part.section.heading, part.section.line
    if part.block:
        text, line = part.block.text.strip(), part.block.line
    return Finding(kind, level, text[:_EXCERPT], line, detail, in_candidate=True)


def _unreachable(pair: FolderPair, links: Collection[FolderLink]) -> Iterator[Finding]:
    """New references that SKILL.md leads to by no link or mention, directly or over others; files it led to before."""
    found = reached_from_core(links)
    for path in pair.joined.files:
        if path not in found:
            yield Finding(FindingKind.UNREACHABLE, Level.FAILURE, str(path), 0, "new reference", in_candidate=True)
    known = {file.path for file in pair.after.files}
    named = dict.fromkeys(item.target for item in pair.links_before)
    for target in named:
        if target in known and target not in found:
            yield Finding(FindingKind.LOST, Level.FAILURE, str(target), 0, "pointer to a file")


def _dead_links(pair: FolderPair, links: Collection[FolderLink]) -> Iterator[Finding]:
    before = {item.link.text for item in pair.links_before if item.state in DEAD}
    for item in links:
        if item.state not in DEAD or item.source == SKILL_PATH:
            continue  # those of SKILL.md are looked at with what moved back in it
        if item.link.kind is LinkKind.MENTION and item.link.text in pair.before.skill.body:
            continue
        if item.link.text in before:
            yield _dead(item, Level.WARNING, DEAD[item.state], f"in {item.source} {ALREADY}")
        else:
            yield _dead(item, Level.FAILURE, DEAD[item.state], f"in {item.source}")


def _dead_anchors(pair: FolderPair, links: Collection[FolderLink]) -> Iterator[Finding]:
    """Links to a heading that is not, or no longer, in the file that they name."""
    texts = {SKILL_PATH: pair.after.skill, **pair.joined.files}
    anchors = {path: anchors_in(skill) for path, skill in texts.items()}
    alive = anchors_in(pair.before.skill)
    for item in links:
        name = split_target(item.link.text)[1].lower()
        place = item.source if item.state is LinkState.ANCHOR else item.target
        if name and place in anchors and name not in anchors[place]:
            dead_before = place == SKILL_PATH and name not in alive
            where = f"in {item.source}" if item.source != SKILL_PATH else ""
            level = Level.WARNING if dead_before or (name not in alive and not where) else Level.FAILURE
            yield _dead(item, level, FindingKind.NO_ANCHOR, where)
    for name in sorted(pair.after.linked_anchors() & alive - anchors[SKILL_PATH]):
        yield Finding(
            FindingKind.NO_ANCHOR, Level.FAILURE, f"{SKILL_PATH}#{name}", 0, "from a reference", in_candidate=True
        )


def _dead(item: FolderLink, level: Level, kind: FindingKind, detail: str) -> Finding:
    return Finding(kind, level, item.link.text, item.link.line, detail, in_candidate=True)


def _open_fences(pair: FolderPair) -> Iterator[Finding]:
    known = {opening.text for opening in open_fences(pair.before.skill)}
    for path, skill in {SKILL_PATH: pair.after.skill, **pair.joined.files}.items():
        for opening in open_fences(skill):
            level = Level.WARNING if opening.text in known else Level.FAILURE
            yield Finding(FindingKind.UNCLOSED, level, opening.text, opening.line, f"in {path}", in_candidate=True)


def _parted(pair: FolderPair) -> Iterator[Finding]:
    """What makes sense only together, and is in two files now."""
    place = dict[Piece, PurePosixPath]()
    for part, path in pair.joined.moved:
        place[part.block.index if part.block else heading_of(part.section.index)] = path
    for edge in find_edges(pair.before.skill) if place else ():
        if edge.hard and edge.mutual and place.get(edge.source) != place.get(edge.target):
            one, other = (_quote(pair.before.skill, piece) for piece in (edge.source, edge.target))
            detail = f"{edge.kind.value}, {edge.why}" if edge.why else edge.kind.value
            yield Finding(FindingKind.PARTED, Level.LOOK, one.text, one.line, detail, other=other)


def _quote(skill: Skill, piece: Piece) -> Quote:
    if piece < 0:
        section = skill.sections[heading_of(piece)]
        return Quote(section.heading, section.line)
    block = skill.blocks[piece]
    return Quote(block.text.strip().split("\n", 1)[0][:_EXCERPT], block.line)


def _rules_moved(pair: FolderPair) -> Iterator[Finding]:
    """Rules that have to be looked up now: one who does not look them up breaks them."""
    for part, path in pair.joined.moved:
        code = part.block is not None and part.block.kind is BlockKind.CODE
        if part.block and ((not code and restricts(part.block.text)) or pair.patterns.find(part.block.text).protected):
            quote = _quote(pair.before.skill, part.block.index)
            yield Finding(FindingKind.MOVED, Level.WARNING, quote.text, quote.line, f"a rule, to {path}")


FOLDER_CHECKS: Final = (
    FolderCheck("files", "Is every other file there, byte for byte, with its permission bits?", find_changed_files),
    FolderCheck(
        "references", "Is what moved in one place that SKILL.md leads to, with links that live?", find_reference_faults
    ),
)
