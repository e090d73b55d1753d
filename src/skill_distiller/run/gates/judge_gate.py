"""A judge whose word counts: what it misses comes back, and it is asked again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from skill_distiller.checks.functionality import Functionality, Word
from skill_distiller.planning.plan import Mode
from skill_distiller.rewriting.model import Doubt
from skill_distiller.run.proof import Proved
from skill_distiller.run.run import DistillOptions, Run

MOST_ROUNDS: Final = 2  # in which pieces come back
MOST_ASKED: Final = 2  # times that a result is judged: what came back in the last round can only add to it


class Judged(NamedTuple):
    """A result with what the judge says of it; `returned` counts the blocks that came back as it missed them.

    `after` counts those of them that came back after its last word, `asked` how often it was asked.
    """

    proof: Proved
    functionality: Functionality
    returned: int = 0
    after: int = 0
    asked: int = 1


def heed_judge(
    options: DistillOptions,
    proof: Proved,
    judge: Callable[[Proved], Functionality],
    add: Callable[[Proved, Collection[int]], Proved],
    mend: Callable[[Proved, Sequence[Doubt]], tuple[Proved, Sequence[Doubt]]],
) -> Judged:
    """The result that the judge scores at the threshold, or of which it misses nothing more, or after two rounds.

    `add` brings blocks back, `mend` sentences into the texts that stand for them. Texts of which something is in
    question stand only where the judge says that it may be missed. With a budget, a plan or three lines it acts on
    nothing else.
    """
    found, returned = judge(proof), 0
    for number in range(1, MOST_ROUNDS + 1):
        low = options.mode is Mode.THRESHOLD and not options.plan and found.score < 100 * options.threshold
        lost = lost_doubts(proof, found)
        missed = missed_blocks(proof, found) if low else frozenset[int]()
        if not lost and not missed:
            break
        proof, left = mend(proof, [doubt for doubt in lost if missed.isdisjoint(doubt.blocks)]) if lost else (proof, ())
        blocks = missed | {block for doubt in left for block in doubt.blocks}
        proof = add(proof, blocks) if blocks else proof
        returned += len({block for doubt in lost for block in doubt.blocks[:1]} | blocks)
        if number >= MOST_ASKED or not low:
            return Judged(proof, found, returned, len(blocks) if low else 0, number)
        found = judge(proof)
    return Judged(proof, found, returned, asked=min(number, MOST_ASKED))


def lost_doubts(proof: Proved, functionality: Functionality) -> list[Doubt]:
    """The doubts of which a judge says that something is lost, or says nothing."""
    fine = {id(one.doubt) for one in functionality.settled if one.word is not Word.LOST}
    return [doubt for doubt in proof.draft.plan.open_doubts if id(doubt) not in fine]


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
