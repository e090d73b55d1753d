"""Pieces that a run drops and somebody wants to keep within reach: they move into references of the folder.

The result is made with them in it, as if they were kept, and proved so; then they move out of it, and that is proved by
itself: everything that left SKILL.md stands in a new file, word for word, and a pointer leads there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.conservation import FOLDER_CHECKS
from skill_distiller.checks.model import Verification
from skill_distiller.disclosure.layout import lay_out
from skill_distiller.disclosure.model import NewReference, Passage, Split
from skill_distiller.disclosure.signposts import make_signpost
from skill_distiller.disclosure.split import find_breaks, write_split
from skill_distiller.errors import UsageError
from skill_distiller.planning.plan import Plan
from skill_distiller.planning.required import put_in_full
from skill_distiller.rewriting.model import RenderingKind
from skill_distiller.run.moving.passage_places import Places
from skill_distiller.run.moving.prove_moves import comes_back, prove_folders
from skill_distiller.run.notes import Note, NoteKind
from skill_distiller.run.proof import Planned, Proved, planned, prove
from skill_distiller.run.run import Run
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.ids import piece_ids
from skill_distiller.skill.model import BlockKind, Skill
from skill_distiller.tokens import count_skill


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
