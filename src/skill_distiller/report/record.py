"""The record of a run: all that is told of it, as values, which report, JSON, diff and log entry print; its gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

from skill_distiller.analysis.reading import TYPE_NAMES, SectionType, mean
from skill_distiller.calibration.outcomes import UNCALIBRATED, Estimate
from skill_distiller.checks.model import Tokens
from skill_distiller.planning.plan import Decision, Mode
from skill_distiller.providers.model import Usage, dollars
from skill_distiller.report.text import excerpt, plural, printable
from skill_distiller.rewriting.example_bundles import selection_of
from skill_distiller.rewriting.example_sets import ExampleSelection, ExampleSet, find_sets
from skill_distiller.rewriting.model import RENDERINGS, OutcomeKind, Proof, RenderingKind
from skill_distiller.rewriting.redundant import compressible_blocks
from skill_distiller.run.result import Basis, GateOutcome, NoteKind, Result
from skill_distiller.skill.model import BlockKind, Section, piece_ids
from skill_distiller.structure.edges import EdgeKind, Piece, heading_of

Counted = SectionType | BlockKind  # blocks are counted by type, and separators (`---`) as BlockKind.RULE
# What blocks are called that are counted together, one and many; the most important type first.
COUNTED_NAMES: Final[Mapping[Counted, tuple[str, str]]] = dict(
    [*TYPE_NAMES.items(), (BlockKind.RULE, ("separator", "separators"))]
)


@dataclass(frozen=True, slots=True)
class BlockCounts:
    """How many blocks a section has, how many are gone and how many of those that stay are shorter.

    `phrases` counts the pieces of several words that went from the blocks that stay.
    """

    total: int
    removed: int
    shortened: int
    phrases: int


@dataclass(frozen=True, slots=True)
class SectionRecord:
    """A section of the original and what became of it; `importance` and `confidence` are means over blocks, 0-1.

    `type` is the one that most of its tokens have, `tokens` are those of its blocks, without the heading.
    `examples` are those under the heading, where some of them were written as one line each.
    """

    original: Section
    type: SectionType
    importance: float
    confidence: float
    outcome: OutcomeKind
    blocks: BlockCounts
    tokens: Tokens
    examples: ExampleSelection | None = None


CUT_DOWN: Final = frozenset({RenderingKind.EXTRACTED, RenderingKind.TRIMMED})  # renderings that leave parts out


class PieceName(NamedTuple):
    """A piece of the original by its id and its line."""

    id: str
    line: int


class Need(NamedTuple):
    """That a piece stayed which another one that stayed needs, by an edge of a `kind`; `why` says it in a few words."""

    piece: PieceName
    by: PieceName
    kind: EdgeKind
    why: str


@dataclass(frozen=True, slots=True)
class TypeScore:
    """The scored blocks of a type: in how many sections they stand, and what those that stay lost.

    `compression` is the mean over the sections of the share of tokens that went from blocks that
    stay, 0-1; None where no block stays.
    """

    type: SectionType
    sections: int
    compression: float | None


@dataclass(frozen=True, slots=True)
class TokenLevel:
    """The types with a scored block, the most important first, and the pieces of several words that went."""

    scores: tuple[TypeScore, ...] = ()
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """All that is told of a run: its `result`, what that means for the blocks of the skill, what is known beside it.

    `usages` are what was asked of language models, that of a judge of its own behind the other. `removed`
    counts the blocks of which nothing is left, `kept` names the types of which every block is there, and none cut down,
    both with the most important type first. `reworded` blocks stand in new words. `estimate` is what
    earlier runs say of the functionality, `entry_id` the run's own entry among them, "" for none.
    """

    result: Result
    usages: tuple[Usage, ...]
    removed: Mapping[Counted, int]
    kept: tuple[SectionType, ...]
    reworded: int
    sections: tuple[SectionRecord, ...]
    token_level: TokenLevel
    estimate: Estimate = UNCALIBRATED
    entry_id: str = ""

    @property
    def usage(self) -> Usage | None:
        """What was asked of the model that did the work, None where none had a part in the run."""
        return self.usages[0] if self.usages else None

    @property
    def counts(self) -> str:
        """The tokens of the whole files, before and after."""
        before, after = self.result.tokens
        return f"{self.mark}{before} → {self.mark}{after}"

    @property
    def mark(self) -> str:
        """`~` in front of a count that is an estimate, else nothing."""
        return self.result.run.counter.mark

    @property
    def floor(self) -> float:
        """The score that was asked for, 0-100; 0 where none was."""
        options = self.result.run.options
        return 100 * options.threshold if options.mode is Mode.THRESHOLD else 0.0

    @property
    def made_with(self) -> tuple[str, str]:
        """The provider and the model, by which runs are compared: `embedded` has no model ("")."""
        return (self.usage.provider, self.usage.model) if self.usage else ("embedded", "")

    @property
    def advisory_found(self) -> list[str]:
        """The names of the advisory patterns of the original."""
        return sorted({name for verdict in self.result.reading.verdicts for name in verdict.advisory})

    @property
    def advisory_removed(self) -> list[str]:
        """Those of them that went."""
        return [note.detail for note in self.result.notes if note.kind is NoteKind.ADVISORY_REMOVED]


def make_record(result: Result, usages: tuple[Usage, ...] = ()) -> Record:
    """The record of a run that no earlier one calibrates; `usages` are what was asked of models, the judge last."""
    decisions, verdicts = result.plan.decisions, result.reading.verdicts
    counted: list[Counted] = [
        BlockKind.RULE if block.kind is BlockKind.RULE else verdicts[block.index].type
        for block in result.original.blocks
    ]
    gone = Counter(counted[decision.block] for decision in decisions if _is_removed(decision))
    dropped = {counted[d.block] for d in decisions if d.dropped or d.rendering.kind in CUT_DOWN}
    return Record(
        result,
        usages,
        removed={kind: gone[kind] for kind in COUNTED_NAMES if gone[kind]},
        kept=tuple(kind for kind in TYPE_NAMES if kind in counted and kind not in dropped),
        reworded=sum(RENDERINGS[decision.rendering.kind].proof is Proof.WORDING for decision in decisions),
        sections=record_sections(result),
        token_level=score_words(result),
    )


def find_needs(result: Result) -> tuple[Need, ...]:
    """What stayed and is needed by something else that stayed, in reading order; nothing of a one-liner."""
    skill, ids = result.original, piece_ids(result.original)

    def name(piece: Piece) -> PieceName:
        if piece >= 0:
            return PieceName(ids.blocks[piece], skill.blocks[piece].line)
        section = skill.sections[heading_of(piece)]
        return PieceName(ids.headings[section.index], section.line)

    found = (Need(name(e.target), name(e.source), e.kind, e.why) for edges in result.needs.values() for e in edges)
    return tuple(sorted(found, key=lambda need: (need.piece.line, need.by.line)))


def _is_removed(decision: Decision) -> bool:
    """Whether nothing is left of a block, not even in a text that stands for several."""
    return decision.dropped and not RENDERINGS[decision.rendering.kind].joint


def record_sections(result: Result) -> tuple[SectionRecord, ...]:
    """Every section of the original that holds a block, or examples that were made shorter, in order."""
    lines = {d.block for d in result.plan.decisions if d.rendering.kind is RenderingKind.ONE_LINERS}
    sets = find_sets(result.reading) if lines else ()
    shortened = {examples.section: examples for examples in sets if not lines.isdisjoint(examples.blocks)}
    return tuple(
        _record_section(result, section, shortened.get(section.index))
        for section in result.original.sections
        if section.blocks or section.index in shortened
    )


def _record_section(result: Result, section: Section, examples: ExampleSet | None) -> SectionRecord:
    all_decisions = result.plan.decisions
    own = [all_decisions[block.index] for block in section.blocks]
    # A section without blocks of its own has those of its examples, in the sections below it.
    decisions = own or [all_decisions[i] for i in (examples.blocks if examples else ())]
    verdicts = [result.reading.verdicts[decision.block] for decision in decisions]
    texts = {block: all_decisions[block].rendering.text for block in (examples.blocks if examples else ())}
    by_type: Counter[SectionType] = Counter()
    for verdict, decision in zip(verdicts, decisions, strict=True):
        by_type[verdict.type] += decision.full_tokens
    return SectionRecord(
        section,
        type=max(by_type, key=lambda kind: by_type[kind]),
        importance=mean([verdict.importance for verdict in verdicts]),
        confidence=mean([verdict.confidence for verdict in verdicts]),
        outcome=OutcomeKind.RECOMP if examples else _outcome(decisions),
        blocks=_count_blocks(own),
        tokens=Tokens(sum(d.full_tokens for d in own), sum(d.rendering.tokens for d in own)),
        examples=selection_of(result.reading, examples, texts) if examples else None,
    )


def _count_blocks(decisions: Sequence[Decision]) -> BlockCounts:
    stay = [decision for decision in decisions if not decision.dropped]
    return BlockCounts(
        total=len(decisions),
        removed=sum(map(_is_removed, decisions)),
        shortened=sum(decision.rendering.kind is not RenderingKind.FULL for decision in stay),
        phrases=sum(len(decision.rendering.phrases) for decision in stay),
    )


_STRONGEST_FIRST: Final = (
    OutcomeKind.RECOMP,
    OutcomeKind.SUMMARIZED,
    OutcomeKind.REWRITTEN,
    OutcomeKind.TOKEN_SCORED,
    OutcomeKind.KEPT,
)


def _outcome(decisions: Sequence[Decision]) -> OutcomeKind:
    """The outcome of a section: the strongest that any of its blocks has; TOKEN-SCORED where only some were removed."""
    outcomes = {RENDERINGS[decision.rendering.kind].outcome for decision in decisions}
    if all(map(_is_removed, decisions)):
        return OutcomeKind.REMOVED
    if any(map(_is_removed, decisions)):
        outcomes.add(OutcomeKind.TOKEN_SCORED)
    return next(outcome for outcome in _STRONGEST_FIRST if outcome in outcomes)


def score_words(result: Result) -> TokenLevel:
    """What went word by word; no scores where no block is of a type that is scored."""
    skill, verdicts = result.original, result.reading.verdicts
    by_type: dict[SectionType, dict[int, list[Decision]]] = {}
    for block in compressible_blocks(skill, verdicts):
        sections = by_type.setdefault(verdicts[block.index].type, {})
        sections.setdefault(skill.section_of[block.index], []).append(result.plan.decisions[block.index])
    scores = []
    for kind in (kind for kind in TYPE_NAMES if kind in by_type):
        shares = [share for own in by_type[kind].values() if (share := _compression(own)) is not None]
        scores.append(TypeScore(kind, len(by_type[kind]), mean(shares) if shares else None))
    stay = (decision for decision in result.plan.decisions if not decision.dropped)
    phrases = dict.fromkeys(phrase for decision in stay for phrase in decision.rendering.phrases)
    return TokenLevel(tuple(scores), tuple(phrases))


def _compression(decisions: Sequence[Decision]) -> float | None:
    """The share of their tokens that blocks lost, of those that stay."""
    stay = [decision for decision in decisions if not decision.dropped]
    full = sum(decision.full_tokens for decision in stay)
    return sum(decision.saved for decision in stay) / full if full else None


_MOST_FAILURES: Final = 10  # criteria that are named
_CRITERION: Final = 110  # characters of a criterion
_KEPT: Final = {
    Basis.EVIDENCE: "of the evidence kept",
    Basis.RETENTION: "of the original's score kept",
    Basis.ANSWERS: "answered as by the original",
    Basis.CONCEPTS: "of what was shortened says all",
}


def gate_lines(outcome: GateOutcome) -> Iterator[str]:
    """What gates found round by round, and how it ended; safe to show."""
    for number, told in enumerate(outcome.rounds, 1):
        stay = f", {plural(len(told.pieces), 'piece')} brought back" if told.pieces else ""
        fails = f"fails {plural(len(told.failed), 'criterion', 'criteria')}" if told.failed else "fails nothing"
        at = "" if told.threshold is None else f" at {told.threshold:g}"
        name = told.gate.capitalize()
        yield (f"{name}, try {number}{at}: {told.tokens:,} tokens, {told.kept:.1%} {_KEPT[told.basis]}, {fails}{stay}")
    for criterion in outcome.best.failed[:_MOST_FAILURES]:
        yield f"  fails {printable(criterion.id)}: {excerpt(criterion.text, _CRITERION)}"
    if outcome.why:
        yield f"The gate is not passed: {outcome.why}."
    for usage in outcome.asked:
        yield f"The gate asked {printable(usage.provider)}/{printable(usage.model)}: {usage_text(usage)}"


def gate_to_json(outcome: GateOutcome | None) -> dict[str, object] | None:
    """How a result went through the gates, as records have it."""
    if outcome is None:
        return None
    return {
        "name": outcome.name,
        "passed": outcome.passed,
        "why": outcome.why or None,
        "chosen": outcome.chosen,
        "rounds": [
            {
                "gate": told.gate,
                "threshold": told.threshold,
                "tokens": told.tokens,
                "kept": round(told.kept, 4),
                "basis": told.basis.value,
                "failed": [{"id": one.id, "text": one.text} for one in told.failed],
                "pieces": list(told.pieces),
            }
            for told in outcome.rounds
        ],
        "models": [asdict(usage) for usage in outcome.asked],
    }


def usage_text(usage: Usage) -> str:
    """What was asked of a model, in a few words."""
    cached = f", {usage.cached} from the cache" if usage.cached else ""
    cost = f", {dollars(usage.dollars)}" if usage.dollars else ""
    return f"{plural(usage.calls, 'call')}{cached}, {usage.input_tokens:,} tokens in, {usage.output_tokens:,} out{cost}"
