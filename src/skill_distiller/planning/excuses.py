"""Blocks that may go as nothing is lost with them: another one says the same and stays, or every agent knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from skill_distiller.analysis.reading import Reading, once_per_reading
from skill_distiller.language.fact import FactKind
from skill_distiller.language.modals import restricts, verifies
from skill_distiller.planning.plan import Decision, Plan, Reason
from skill_distiller.rewriting.model import Doubt, RenderingKind
from skill_distiller.skill.model import BlockKind

KNOWN: Final = -1  # in place of the block that says the same


@once_per_reading
def excuses(reading: Reading) -> Mapping[int, int]:
    """The blocks, by index, of which a model says that nothing is lost without them, and which block says the same.

    KNOWN stands for what every agent knows. Its word is not taken for a protected pattern or a rule in capitals; where
    a program sees more than it says, the judge is asked too (`asked_excuses`).
    """
    part = reading.analysis.model_part
    if part is None:
        return {}
    found = dict.fromkeys(part.known, KNOWN) | dict(part.repeats)
    return {i: other for i, other in found.items() if _may_go(reading, i)}


@once_per_reading
def asked_excuses(reading: Reading) -> Mapping[int, int]:
    """Those of the excuses that are not plain: the block has a fact that the other one lacks.

    (Of what is known: any fact that stands nowhere else.) Or it has a restriction or a check that the other block does
    not lay down in full; or whoever read it was not sure.
    """
    known, part = excuses(reading), reading.analysis.model_part
    unsure = part.asked if part else frozenset[int]()
    return {i: other for i, other in known.items() if i in unsure or not _is_plain(reading, i, other)}


def _is_plain(reading: Reading, block: int, other: int) -> bool:
    return _is_harmless(reading, block) if other == KNOWN else _says_all(reading, other, block)


def _may_go(reading: Reading, block: int) -> bool:
    verdict = reading.verdicts[block]
    return not (verdict.protected or verdict.hard_rule)


def _says_all(reading: Reading, other: int, block: int) -> bool:
    """Whether a block has all facts of another one and, where that binds an agent, all that it says."""
    lost = _facts(reading, block) - _facts(reading, other)
    if lost:
        return False
    one, two = (reading.skill.blocks[i] for i in (block, other))
    from skill_distiller.meaning.accounting.account import lost_in  # a run without a model has no use for it

    binds = restricts(one.text) or verifies(one.text) or one.kind is BlockKind.CODE
    return not binds or not lost_in(one.text, two.text)


def _is_harmless(reading: Reading, block: int) -> bool:
    text = reading.skill.blocks[block].text
    elsewhere = frozenset[str]().union(*(_facts(reading, b.index) for b in reading.skill.blocks if b.index != block))
    return not (restricts(text) or verifies(text)) and _facts(reading, block) <= elsewhere


def _facts(reading: Reading, block: int) -> frozenset[str]:
    return frozenset(fact.key for fact in reading.facts[block] if fact.kind is not FactKind.MODAL)


def spoken_for(reading: Reading, *, drops: bool) -> Mapping[int, Reason]:
    """The blocks that stay as nobody says that nothing is lost without them.

    Without `drops` those are all but the ones that another block repeats; else, where a model read the skill, all but
    those with an excuse.
    """
    if drops and reading.analysis.model_part is None:
        return {}
    known = excuses(reading)
    may_go = {i for i, other in known.items() if drops or other != KNOWN}
    return dict.fromkeys((i for i in range(len(reading.skill.blocks)) if i not in may_go), Reason.UNSAID)


def widowed(reading: Reading, texts: Sequence[str]) -> Iterator[int]:
    """The blocks that have to stay as others went for them, given the texts of all: one of two that say the same."""
    needed: set[int] = set()
    for block, other in excuses(reading).items():
        if other != KNOWN and not texts[block] and not texts[other] and block not in needed:
            needed.add(other)
            yield other


def with_excuses(reading: Reading, plan: Plan) -> Plan:
    """The plan, where each block that went with an excuse says it, and which block says the same.

    Where that is not plain it is one of the plan's doubts.
    """
    known, asked = excuses(reading), asked_excuses(reading)
    doubts = list(plan.doubts)

    def excused(decision: Decision) -> Decision:
        other = known.get(decision.block)
        if other is None or decision.rendering.kind is not RenderingKind.DROPPED:
            return decision
        why = Reason.KNOWN if other == KNOWN else Reason.REPEATS
        if decision.block in asked:
            doubts.append(Doubt((decision.block,), reading.skill.blocks[decision.block].text, "", (str(why),)))
        return replace(decision, rendering=replace(decision.rendering, stands_in=other), reason=why)

    decisions = tuple(map(excused, plan.decisions))
    return replace(plan, decisions=decisions, doubts=tuple(doubts))
