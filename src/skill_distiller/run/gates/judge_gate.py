"""A judge whose word counts: what it misses comes back, and it is asked again."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, NamedTuple

from skill_distiller.checks.functionality import Functionality, Word
from skill_distiller.planning.plan import Mode
from skill_distiller.run.proof import Proved
from skill_distiller.run.run import DistillOptions, Run

MOST_ROUNDS: Final = 2  # in which pieces come back
_MOST_ASKED: Final = 2  # times that a result is judged: what came back in the last round can only add to it


class Judged(NamedTuple):
    """A result with what the judge says of it; `returned` counts the blocks that came back as it missed them.

    `after` counts those of them that came back after its last word.
    """

    proof: Proved
    functionality: Functionality
    returned: int = 0
    after: int = 0


def heed_judge(
    options: DistillOptions,
    proof: Proved,
    judge: Callable[[Proved], Functionality],
    add: Callable[[Proved, Collection[int]], Proved],
) -> Judged:
    """The result that the judge scores at the threshold, or of which it misses nothing more, or after two rounds.

    `add` brings blocks back. Texts of which something is in question stand only where the judge says that it may be
    missed. With a budget, a plan or three lines it acts on nothing else.
    """
    found, returned = judge(proof), 0
    for number in range(1, MOST_ROUNDS + 1):
        low = options.mode is Mode.THRESHOLD and not options.plan and found.score < 100 * options.threshold
        doubted = doubted_blocks(proof, found)
        blocks = doubted | (missed_blocks(proof, found) if low else frozenset())
        if not blocks:
            break
        proof = add(proof, blocks)
        returned += len(blocks)
        if number >= _MOST_ASKED or not low:
            return Judged(proof, found, returned, len(blocks) if low else 0)
        found = judge(proof)
    return Judged(proof, found, returned)


def doubted_blocks(proof: Proved, functionality: Functionality) -> frozenset[int]:
    """The blocks, by index, of whose texts a judge says that something is lost, or says nothing."""
    open_doubts = {id(doubt) for doubt in proof.draft.plan.open_doubts}
    lost = (one.doubt for one in functionality.settled if one.word is Word.LOST and id(one.doubt) in open_doubts)
    settled = {id(one.doubt) for one in functionality.settled}
    unsaid = (doubt for doubt in proof.draft.plan.open_doubts if id(doubt) not in settled)
    return frozenset(block for doubt in (*lost, *unsaid) for block in doubt.blocks)


def missed_blocks(proof: Proved, functionality: Functionality) -> frozenset[int]:
    """The blocks, by index, that hold what a judge misses and are not in the result as they were."""
    skill, decisions = proof.comparison.reading.skill, proof.draft.plan.decisions
    changed = [block for block in skill.blocks if decisions[block.index].rendering.text != block.source]
    texts = {block.index: " ".join(block.text.split()) for block in changed}
    return frozenset(i for i, text in texts.items() if any(quote in text for quote in functionality.missing))


def judge_of(run: Run, proof: Proved) -> Functionality:
    """What the judge says of a result; of one that is the original as it was nobody has to be asked."""
    if proof.draft.distilled.text != proof.comparison.reading.skill.text:
        return run.backends.judge.score(proof.comparison)
    found = tuple(sorted(proof.comparison.protected_found))
    return Functionality(100.0, run.backends.judge.method, found)
