"""The receipt: what was removed or changed, section by section, the facts that are gone, and an estimate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, Protocol

from skill_distiller.analysis.patterns import PatternNames
from skill_distiller.analysis.reading import Reading, SectionType
from skill_distiller.language.fact import FactKind
from skill_distiller.language.facts import heading_key, inventory, sentence_around
from skill_distiller.planning.plan import Plan, Reason
from skill_distiller.planning.worth import FACT_SHARE, WorthModel, block_values, fact_weights, load_worth_model
from skill_distiller.rewriting.model import Doubt, RenderingKind
from skill_distiller.skill.model import Block, Skill, piece_ids

_NONE: Final = PatternNames(frozenset(), frozenset(), False)


@dataclass(frozen=True, slots=True)
class LostFact:
    """A fact of the original that the result no longer carries.

    `key` is what it is looked up by, `text` the fact as it stood (a modal word with its sentence),
    `line` where it first stood, counted from 1, `section` the index of that section.
    """

    kind: FactKind
    key: str
    text: str
    line: int
    section: int


@dataclass(frozen=True, eq=False)
class Comparison:
    """A plan, its result and what the result lost. The losses are found in the texts, not in the plan."""

    reading: Reading
    plan: Plan
    distilled: Skill
    protected_found: frozenset[str]
    protected_lost: frozenset[str]
    advisory_lost: frozenset[str]

    @cached_property
    def lost_facts(self) -> tuple[LostFact, ...]:
        """What only the inventory of the original has; it is asked of results that stay, not of all that are tried."""
        return _lost_facts(self.reading, self.plan, frozenset(inventory(self.distilled)))


def compare(reading: Reading, plan: Plan, distilled: Skill) -> Comparison:
    """The comparison of a reading with what a plan made of it: patterns of both texts, and what only the first has."""
    protected = frozenset[str]().union(*(verdict.protected for verdict in reading.verdicts))
    advisory = frozenset[str]().union(*(verdict.advisory for verdict in reading.verdicts))
    left = reading.patterns.find_all(distilled) if protected or advisory else _NONE
    return Comparison(
        reading,
        plan,
        distilled,
        protected,
        protected - left.protected,
        advisory - left.advisory,
    )


def _lost_facts(reading: Reading, plan: Plan, left: frozenset[str]) -> tuple[LostFact, ...]:
    lost: dict[str, LostFact] = {}
    for section in reading.skill.sections:
        key = heading_key(section.heading)
        if section.level and key not in left and key not in lost:
            lost[key] = LostFact(FactKind.HEADING, key, section.heading, section.line, section.index)
        for block in section.blocks:
            kind = plan.decisions[block.index].rendering.kind
            if kind is RenderingKind.FULL:
                continue  # it stands in the result as it is
            facts = reading.facts[block.index]
            if kind in (
                RenderingKind.REWRITTEN,
                RenderingKind.MERGED,
            ):  # its negations and conditions were found again under other words
                facts = tuple(fact for fact in facts if fact.kind is not FactKind.MODAL)
            for fact in facts:
                if fact.key not in left and fact.key not in lost:
                    text = sentence_around(block.text, fact) if fact.kind is FactKind.MODAL else fact.text
                    line = block.line_at(fact.start)
                    lost[fact.key] = LostFact(fact.kind, fact.key, text, line, section.index)
    return tuple(lost.values())


@dataclass(frozen=True, slots=True)
class Change:
    """A block of the original that is not written as it stood there.

    `id` is what `--keep` knows it by, `type` what the analyzer takes it for. `after` is its text in the
    result, "" where it was removed or another piece says it too, the id of which is `stands_with`; `saved` are the
    tokens that this saves, below 0 for a block that now stands for others too.
    """

    id: str
    block: Block
    type: SectionType
    rendering: RenderingKind
    reason: Reason
    saved: int
    after: str
    stands_with: str = ""

    @property
    def before(self) -> str:
        """The text of the block in the original."""
        return self.block.text


@dataclass(frozen=True, slots=True)
class SectionReceipt:
    """What happened in one section: its changes, whether its heading went, the facts lost there.

    `id` is what `--keep` knows the heading by, "" for section 0.
    """

    id: str
    section: int
    level: int
    heading: str
    heading_dropped: bool
    changes: tuple[Change, ...]
    lost: tuple[LostFact, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """The sections where anything changed, in order."""

    sections: tuple[SectionReceipt, ...]

    @property
    def lost(self) -> tuple[LostFact, ...]:
        """Every fact that the result no longer carries."""
        return tuple(fact for section in self.sections for fact in section.lost)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Every block that is not written as in the original."""
        return tuple(change for section in self.sections for change in section.changes)


def write_receipt(comparison: Comparison, *, facts: bool = True) -> Receipt:
    """The receipt of a comparison: only the sections where something changed or went missing.

    Without `facts` it says what was done, not what that lost.
    """
    reading, plan = comparison.reading, comparison.plan
    lost: dict[int, list[LostFact]] = {}
    for fact in comparison.lost_facts if facts else ():
        lost.setdefault(fact.section, []).append(fact)
    ids = piece_ids(reading.skill)
    sections = []
    for section in reading.skill.sections:
        changed = (b.index for b in section.blocks if plan.decisions[b.index].rendering.kind is not RenderingKind.FULL)
        receipt = SectionReceipt(
            ids.headings[section.index],
            section.index,
            section.level,
            section.heading,
            section.level > 0 and not plan.headings[section.index],
            tuple(_change(reading, plan, index, ids.blocks) for index in changed),
            tuple(lost.get(section.index, ())),
        )
        if receipt.changes or receipt.heading_dropped or receipt.lost:
            sections.append(receipt)
    return Receipt(tuple(sections))


def _change(reading: Reading, plan: Plan, index: int, ids: Sequence[str]) -> Change:
    block, decision = reading.skill.blocks[index], plan.decisions[index]
    after = decision.rendering.text.removesuffix(block.gap)
    kind = reading.verdicts[index].type
    carrier = decision.rendering.stands_in
    stands_with = ids[carrier] if carrier >= 0 else ""
    return Change(ids[index], block, kind, decision.rendering.kind, decision.reason, decision.saved, after, stands_with)


PENALTY: Final = 10.0  # points for each protected pattern lost (reference, "Protected Patterns")


class Word(StrEnum):
    """What a judge says of a doubt: it is said elsewhere, nobody needs it, or it is lost."""

    KEPT = "kept"
    NEEDLESS = "needless"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Settled:
    """A doubt with the word of a judge; of what is kept the `quote` of the result that says it."""

    doubt: Doubt
    word: Word
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Functionality:
    """An estimate of the behavior kept: `score` 0-100 with the penalties taken off, and who gave it.

    `interval` is half the 95 % interval around the score, in points; None where there is none. `missing` quotes what of
    the original a language model misses, `settled` are its words on what is in question.
    """

    score: float
    method: str
    protected_found: tuple[str, ...] = ()
    protected_lost: tuple[str, ...] = ()
    interval: float | None = None
    missing: tuple[str, ...] = ()
    settled: tuple[Settled, ...] = ()


class Judge(Protocol):
    """The seam: whoever can estimate what is left of a skill's functionality."""

    @property
    def method(self) -> str:
        """What the report calls it."""

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""


class EmbeddedJudge:
    """Weighted share of value and facts kept, without a language model.

    The value is what the plan keeps of each block's worth; the facts are those found in the
    result. Each protected pattern that the result no longer holds costs 10 points.
    """

    method = "embedded"

    def __init__(self, model: WorthModel | None = None) -> None:
        self._model = model

    def score(self, comparison: Comparison) -> Functionality:
        """The functionality of a result, 0-100."""
        model = self._model or load_worth_model()
        values = block_values(comparison.reading, model)
        decisions = comparison.plan.decisions
        if values:
            value = sum(own * d.rendering.share for own, d in zip(values, decisions, strict=True))
        else:  # all that such a skill says stands in its frontmatter
            value = float(comparison.distilled.frontmatter.raw == comparison.reading.skill.frontmatter.raw)
        weights = fact_weights(comparison.reading)
        missing = sum(weights.get(fact.key, 0.0) for fact in comparison.lost_facts)
        facts = 1 - missing / sum(weights.values()) if weights else 1.0
        share = (1 - FACT_SHARE) * value + FACT_SHARE * facts
        lost = sorted(comparison.protected_lost)
        score = 100 * model.functionality(max(0.0, min(1.0, share))) - PENALTY * len(lost)
        return Functionality(max(0.0, score), self.method, tuple(sorted(comparison.protected_found)), tuple(lost))
