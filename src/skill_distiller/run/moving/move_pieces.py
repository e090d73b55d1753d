"""Pieces that a run drops and somebody wants to keep within reach: they move into references of the folder.

The result is made with them in it, as if they were kept, and proved so; then they move out of it, and that is proved by
itself: everything that left SKILL.md stands in a new file, word for word, and a pointer leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from skill_distiller.analysis.patterns import PatternSet
from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.conservation import FOLDER_CHECKS, Conservation, verify_folders
from skill_distiller.checks.model import Check, Declared, Tokens, Verification
from skill_distiller.disclosure.layout import lay_out
from skill_distiller.disclosure.ledger import make_ledger, restore_folder
from skill_distiller.disclosure.model import NewReference, Passage, Slice, Split, slices_of
from skill_distiller.disclosure.signposts import make_signpost
from skill_distiller.disclosure.split import MARK, find_breaks, write_split
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Plan, apply_plan
from skill_distiller.planning.required import put_in_full
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.moving.reduce_run import added_by
from skill_distiller.run.proof import Planned, Proved, planned, prove
from skill_distiller.run.result import Note, NoteKind
from skill_distiller.run.run import Run
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import BlockKind, Skill, piece_ids
from skill_distiller.structure.edges import Piece, heading_of
from skill_distiller.tokens import TokenCounter, count_skill


@dataclass(frozen=True, eq=False)
class Moves:
    """What moved out of a result into new references: the `split` of the folder, and what of the original is where.

    The indices of the `references` are those of the original; those of the split are of the result with all in it.
    `verification` holds what is checked of the folders alone.
    """

    split: Split
    references: tuple[NewReference, ...]
    verification: Verification

    @property
    def blocks(self) -> Mapping[int, NewReference]:
        """The blocks of the original that moved, by index, each with its file."""
        return {block: file for file in self.references for passage in file.passages for block in passage.blocks}


def move_out(
    run: Run,
    reading: Reading,
    proof: Proved,
    blocks: Collection[int],
    folder: SkillFolder | None,
    join: Callable[[Collection[int]], Proved],
) -> tuple[Proved, Moves | None, tuple[Note, ...]]:
    """The proof of the same with some of the dropped blocks, and where they moved to; a note on those that can't.

    `join` gives the proof with blocks brought back. Raises UsageError without a folder.
    """
    if folder is None:
        raise UsageError("Pieces move into files of their own, which takes a folder.", "Give the folder of the skill.")
    gone = {block for block in blocks if proof.draft.plan.decisions[block].rendering.kind is RenderingKind.DROPPED}
    if not gone:
        return proof, None, ()
    if run.options.plan:  # which holds what belongs to these too
        joined = prove(run, reading, planned(reading.skill, put_in_full(reading.skill, proof.draft.plan, gone)))
    else:
        joined = join(gone)
    moves = move_pieces(run, reading, folder, proof.draft.plan, joined.draft)
    ids = piece_ids(reading.skill).blocks
    stay = [ids[block] for block in sorted(gone - {*(moves.blocks if moves else ())})]
    notes = (Note(NoteKind.NOT_MOVED, ", ".join(stay)),) if stay else ()
    if moves is None:
        return joined, None, notes
    tokens = joined.tokens._replace(candidate=count_skill(moves.split.after.skill, {}, run.counter))
    verification = joined.verification
    if verification:
        verification = replace(verification, checks=(*verification.checks, *moves.verification.checks))
    return joined._replace(tokens=tokens, verification=verification), moves, notes


def move_pieces(run: Run, reading: Reading, folder: SkillFolder, before: Plan, joined: Planned) -> Moves | None:
    """Move what a plan drops and the `joined` result has in full out of this again; None where nothing can.

    What can't move without a break stays in SKILL.md. Every other file of the folder stays as it is.
    """
    back = [d.block for d in joined.plan.decisions if _came_back(before, joined.plan, d.block)]
    places = Places(reading.skill, joined)
    passages = tuple(p for p in _passages(reading.skill, before, back) if places.passage(p))
    move = partial(_move, run, reading, folder.with_skill(joined.distilled), places)
    while passages:
        moves = move(passages)
        if moves:
            return moves
        sound = tuple(passage for passage in passages if move((passage,)))
        passages = sound if len(sound) < len(passages) else ()
    return None


def _came_back(before: Plan, joined: Plan, block: int) -> bool:
    kinds = (plan.decisions[block].rendering.kind for plan in (before, joined))
    return tuple(kinds) == (RenderingKind.DROPPED, RenderingKind.FULL)


def _passages(skill: Skill, before: Plan, blocks: Collection[int]) -> Iterator[Passage]:
    """What moves from under each heading; all that is under it where the heading had gone too."""
    for section in skill.sections:
        own = tuple(block.index for block in section.blocks if block.index in blocks)
        text = [block.index for block in section.blocks if block.kind is not BlockKind.RULE]
        if own and not all(skill.blocks[index].kind is BlockKind.RULE for index in own):
            yield Passage(section.index, own, whole=not before.headings[section.index] and {*text} <= {*own})


def _move(run: Run, reading: Reading, folder: SkillFolder, places: Places, passages: Sequence[Passage]) -> Moves | None:
    """The passages in new references, with what proves it; None where that is not sound."""
    sizes = {p: sum(run.counter.count(reading.skill.blocks[block].source) for block in p.blocks) for p in passages}
    signs = {passage: make_signpost(reading, passage) for passage in passages}
    files = lay_out(reading, folder, passages, sizes.__getitem__, signs.__getitem__, least=0)
    placed = tuple(replace(f, passages=tuple(q for p in f.passages if (q := places.passage(p)))) for f in files)
    split = write_split(folder, placed)
    if find_breaks(split) or not comes_back(split):
        return None
    verification, conservation = prove_folders(folder, split.after, run.options.patterns, run.counter, split)
    if not (verification.passed and conservation.complete):
        return None
    own = {check.name for check in FOLDER_CHECKS}
    checks = tuple(check for check in verification.checks if check.name in own)
    return Moves(split, files, replace(verification, checks=checks))


Proof = tuple[Verification, Conservation]


def prove_folders(
    before: SkillFolder,
    after: SkillFolder,
    patterns: PatternSet,
    counter: TokenCounter,
    split: Split | None,
) -> Proof:
    """What is found of a folder of which text moved, by a split whose pointers and headers are known; None for none."""
    tokens = Tokens(*(count_skill(side.skill, {}, counter) for side in (before, after)))
    announced = {part for span in (split.spans if split else ()) for part in added_by(span)}
    for reference in split.references if split else ():
        file = after.file(reference.path)
        announced.add(file.read_text().splitlines()[0] if file else MARK)
    text = after.skill.description
    declared = Declared(description=text if text != before.skill.description else None)
    return verify_folders(before, after, tokens=tokens, declared=declared, patterns=patterns, announced=announced)


def comes_back(split: Split) -> bool:
    """Whether the original comes back from the split byte for byte."""
    back = restore_folder(split.after, make_ledger(split))
    return back.skill.text == (split.original or split.before.skill).text and back.files == split.before.files


def together(rewriting: Verification, move: Verification) -> Verification:
    """What was found of a skill in fewer words, and of what then moved out of it, as one verification of both."""
    findings = {check.name: check.findings for check in rewriting.checks}
    checks = (Check(check.name, (*findings.get(check.name, ()), *check.findings)) for check in move.checks)
    tokens = move.tokens._replace(original=rewriting.tokens.original)
    return replace(move, checks=tuple(checks), tokens=tokens, changed=True)


@dataclass(frozen=True, eq=False)
class Places:
    """The pieces of a skill in the text that its plan wrote; what the plan dropped is nowhere."""

    skill: Skill
    made: Planned

    @cached_property
    def _ranges(self) -> Mapping[Piece, tuple[int, int]]:
        kept = [decision.block for decision in self.made.plan.decisions if not decision.dropped]
        written = slices_of(apply_plan(self.skill, self.made.plan))
        return {kept[own.piece] if own.piece >= 0 else own.piece: (own.start, own.end) for own in written}

    @cached_property
    def _slices(self) -> tuple[Slice, ...]:
        return slices_of(self.made.distilled)

    def passage(self, passage: Passage) -> Passage | None:
        """A passage with its indices in the result, None where it does not stand there by itself.

        A few items that are left of a long list may be one piece there, and a text that stands for several many.
        """
        section = self._heading(passage.section)
        ranges = _joined(sorted(own for piece in passage.pieces if (own := self._ranges.get(piece))))
        inside = [own for own in self._slices if any(start <= own.start and own.end <= end for start, end in ranges)]
        blocks = tuple(own.piece for own in inside if own.piece >= 0)
        whole = sum(own.end - own.start for own in inside) == sum(end - start for start, end in ranges)
        if section is None or not blocks or not whole:
            return None
        headings = tuple(heading_of(own.piece) for own in inside if own.piece < 0)
        return replace(passage, section=section, blocks=blocks, headings=headings)

    def _heading(self, section: int) -> int | None:
        """A section of the result by that of the original whose heading it has."""
        if not section:
            return 0
        place = self._ranges.get(heading_of(section))
        found = (heading_of(own.piece) for own in self._slices if own.piece < 0 and (own.start, own.end) == place)
        return next(found, None)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in ranges:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
