"""The loop that all gates share: make something smaller, let a gate look at it, bring back what it misses, again.

What a judge found lost in a text that a model wrote comes back sentence by sentence (`restore_sentences`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, Protocol, TypeVar

from skill_distiller.analysis.reading import Reading
from skill_distiller.errors import TargetError
from skill_distiller.exams.evidence import Passages
from skill_distiller.exams.model import Criterion
from skill_distiller.planning.plan import Plan
from skill_distiller.rewriting.model import RENDERINGS, Doubt, Proof, Rendering
from skill_distiller.run.result import Basis, GateOutcome, GateRound
from skill_distiller.skill.folder import SkillFolder
from skill_distiller.skill.model import BlockKind, Skill, piece_ids
from skill_distiller.tokens import TokenCounter

MOST_ROUNDS: Final = 2  # of feedback, as SkillReducer has it
_MOST_TOGETHER: Final = 4  # blocks that one quote may reach over
T = TypeVar("T")
C = TypeVar("C", covariant=True)


@dataclass(frozen=True, eq=False)
class Made(Generic[C]):
    """What was made of a skill as it was read: the product, its folder, and the tokens of its SKILL.md.

    `shortened` are the blocks of the original, by index, that stand in it in other words, `absent` those that are not
    in SKILL.md. `threshold` is the one it was made with, None for a budget.
    """

    product: C
    reading: Reading
    folder: SkillFolder
    tokens: int
    threshold: float | None
    shortened: frozenset[int]
    absent: frozenset[int]


class Maker(Protocol[C]):
    """What makes a skill smaller."""

    @property
    def original(self) -> SkillFolder:
        """The skill that is made smaller."""

    def make(self, pieces: tuple[str, ...]) -> Made[C]:
        """Make it smaller with some pieces as they are; raises TargetError where a budget has no room for them."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a gate finds: how much is kept (0-1) of what, the criteria that fail, pieces that have to come back."""

    kept: float
    failed: tuple[Criterion, ...]
    basis: Basis
    pieces: frozenset[str] = frozenset()


class FolderGate(Protocol):
    """Says no to a smaller skill, and why."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    def find(self, made: Made[object], tries: int) -> Found:
        """What it finds in something that was made, after so many tries before."""


@dataclass(frozen=True, slots=True)
class Gated(Generic[C]):
    """What came of a gate: the best of all that was made, and how it went."""

    best: Made[C]
    outcome: GateOutcome

    @property
    def passed(self) -> bool:
        """Whether the gate let it pass."""
        return self.outcome.passed


def feed_back(maker: Maker[T], gates: Sequence[FolderGate], rounds: int = MOST_ROUNDS) -> Gated[T]:
    """Make a skill smaller, and for at most some rounds bring back what carried the criteria that gates fail.

    A gate is asked only about what the ones before it let pass. The pieces that have to stay only become more, so it
    ends. The best is what keeps most, of several the smallest. Raises what `make` and the gates raise.
    """
    tried: list[tuple[Made[T], GateRound]] = []
    pieces: tuple[str, ...] = ()
    why = ""
    while True:
        try:
            made = maker.make(pieces)
        except TargetError as error:
            if not tried:
                raise
            why = f"the budget has no room for what is missing ({error.smallest} tokens would be enough)"
            break
        found, gate = _ask(gates, made, len(tried))
        tried.append(
            (made, GateRound(gate, made.threshold, made.tokens, found.kept, found.failed, pieces, found.basis))
        )
        if not found.failed:
            break
        if len(tried) > rounds:
            why = f"after {rounds} rounds"
            break
        more = tuple(sorted({*pieces, *found.pieces, *_carrying(maker.original.skill, found.failed, made)}))
        if more == pieces:
            why = "nothing that was left out carries what fails"
            break
        pieces = more
    places = {gate.name: place for place, gate in enumerate(gates)}
    order = [(not told.failed, places[told.gate], told.kept, -made.tokens) for made, told in tried]
    best = max(range(len(tried)), key=lambda place: order[place])
    told = tuple(told for _, told in tried)
    name = "+".join(gate.name for gate in gates)
    return Gated(tried[best][0], GateOutcome(name, told, best, why if told[best].failed else ""))


def _ask(gates: Sequence[FolderGate], made: Made[object], tries: int) -> tuple[Found, str]:
    """What the first gate that says no finds, else the last one."""
    for gate in gates:
        found = gate.find(made, tries)
        if found.failed:
            break
    return found, gate.name


def _carrying(skill: Skill, failed: Iterable[Criterion], made: Made[object]) -> frozenset[str]:
    return pieces_of(skill, failed, made.shortened | made.absent)


def pieces_of(skill: Skill, failed: Iterable[Criterion], changed: frozenset[int]) -> frozenset[str]:
    """The ids of the changed blocks, given by index, that carry the evidence of some criteria."""
    ids = piece_ids(skill).blocks
    quotes = dict.fromkeys(quote for criterion in failed for quote in criterion.evidence)
    blocks = {block for run in carriers_of(skill, quotes) for block in run}
    return frozenset(ids[block] for block in blocks & changed)


def carriers_of(skill: Skill, quotes: Iterable[str]) -> Iterator[Sequence[int]]:
    """The blocks, by index, that hold each quote: every one that does alone, else the fewest in a row that do."""
    texts = [f"{_heading_above(skill, block.index)}{block.source}" for block in skill.blocks]
    missing = list(quotes)
    for length in range(1, _MOST_TOGETHER + 1):
        if not missing:
            return
        held: set[str] = set()
        for first in range(len(texts) - length + 1):
            passages = Passages("".join(texts[first : first + length]))
            here = {quote for quote in missing if passages.hold(quote)}
            held |= here
            yield from (range(first, first + length) for _ in here)
        missing = [quote for quote in missing if quote not in held]


def _heading_above(skill: Skill, block: int) -> str:
    """The heading that a block is the first below, "" for none: a quote may be of a heading."""
    section = skill.sections[skill.section_of[block]]
    return section.heading_source if section.blocks[0].index == block else ""


def restore_sentences(
    skill: Skill, plan: Plan, lost: Iterable[Doubt], counter: TokenCounter
) -> tuple[Plan, tuple[Doubt, ...]]:
    """The plan with the sentences of some doubts as they were, and the doubts of which that can't be done.

    What stands for a sentence gives way to it, or it comes last in the text; never so that anything else is lost.
    """
    decisions = list(plan.decisions)
    left: list[Doubt] = []
    told: dict[tuple[int, ...], list[Doubt]] = {}
    for doubt in lost:
        told.setdefault(doubt.blocks, []).append(doubt)
    for blocks, doubts in told.items():
        carrier = next((i for i in blocks if decisions[i].rendering.text), -1)
        rendering = decisions[carrier].rendering
        for doubt in doubts if carrier >= 0 else ():
            text = _with_sentence(skill, rendering, doubt)
            rendering = replace(rendering, text=text, tokens=counter.count(text)) if rendering.text else rendering
        whole = sum(decisions[i].full_tokens for i in blocks)
        if carrier < 0 or not rendering.text or rendering.tokens >= whole:
            left += doubts
        else:
            decisions[carrier] = replace(decisions[carrier], rendering=rendering)
    settled = {id(doubt) for doubts in told.values() for doubt in doubts} - {id(doubt) for doubt in left}
    kept = tuple(doubt for doubt in plan.doubts if id(doubt) not in settled)
    return replace(plan, decisions=tuple(decisions), doubts=kept), tuple(left)


def _with_sentence(skill: Skill, rendering: Rendering, doubt: Doubt) -> str:
    """The text of a rendering with a sentence as it was, "" where it can't be put back."""
    code = (skill.blocks[i].text for i in doubt.blocks if skill.blocks[i].kind is BlockKind.CODE)
    if any(doubt.before.partition("\n")[0] in text for text in code):
        return ""
    if RENDERINGS[rendering.kind].proof is not Proof.WORDING or not doubt.before or not rendering.text:
        return ""
    from skill_distiller.rewriting.retell import faults_of  # a run without a model has no use for it

    body = rendering.text.rstrip()
    gap = rendering.text[len(body) :]
    before = {str(fault) for fault in faults_of(skill, doubt.blocks, body) if not fault.doubt}
    for text in _tries(body, doubt):
        faults = {str(fault) for fault in faults_of(skill, doubt.blocks, text) if not fault.doubt}
        if faults <= before:
            return text + gap
    return ""


def _tries(body: str, doubt: Doubt) -> Iterator[str]:
    from skill_distiller.rewriting.retell import append

    if doubt.after and body.count(doubt.after) == 1:
        goes_on = doubt.after.endswith(";") and doubt.before.endswith(".")  # what follows begins small
        yield body.replace(doubt.after, f"{doubt.before[:-1]};" if goes_on else doubt.before)
    yield append(body, doubt.before)
