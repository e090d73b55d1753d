"""The record of a run: all that is told of it, as values; report, JSON, diff and log entry are printed from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from skill_distiller.analysis.model import TYPE_NAMES, SectionType, mean
from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate
from skill_distiller.checks.model import Tokens
from skill_distiller.planning.plan import Decision
from skill_distiller.providers.model import Usage
from skill_distiller.rewriting.examples.find import find_sets
from skill_distiller.rewriting.examples.model import ExampleSelection
from skill_distiller.rewriting.examples.select import selection_of
from skill_distiller.rewriting.model import RENDERINGS, OutcomeKind, Proof, RenderingKind
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.rewriting.redundant import compressible_blocks
from skill_distiller.run.notes import Note, NoteKind
from skill_distiller.run.result import Evidence, Result
from skill_distiller.run.run import Aim
from skill_distiller.skill.model import SKILL_FILE, BlockKind, FrontmatterState, Section

Counted = SectionType | BlockKind  # blocks are counted by type, and separators (`---`) as BlockKind.RULE
SEPARATORS: Final = ("separator", "separators")
_ORDER: Final[tuple[Counted, ...]] = (*TYPE_NAMES, BlockKind.RULE)


def names_of(kind: Counted) -> tuple[str, str]:
    """What blocks are called that are counted together: one and many."""
    return TYPE_NAMES[kind] if isinstance(kind, SectionType) else SEPARATORS


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the original: `text` "" and `level` 0 before the first one; `line` counts from 1."""

    text: str
    level: int
    line: int


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

    heading: Heading
    type: SectionType
    importance: float
    confidence: float
    outcome: OutcomeKind
    blocks: BlockCounts
    tokens: Tokens
    examples: ExampleSelection | None = None


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
class Contents:
    """What became of the blocks of a skill.

    `removed` counts those of which nothing is left, `kept` names the types of which every block is
    there, both with the most important type first. `reworded` blocks stand in new words; `refused`
    counts the renderings that lost a fact and were not offered. `advisory_found` are the names of the
    advisory patterns of the original, `advisory_removed` those that went.
    """

    removed: Mapping[Counted, int]
    kept: tuple[SectionType, ...]
    reworded: int
    refused: int
    advisory_found: tuple[str, ...]
    advisory_removed: tuple[str, ...]
    sections: tuple[SectionRecord, ...]
    token_level: TokenLevel


@dataclass(frozen=True, slots=True)
class Texts:
    """The skill before and after, whole, frontmatter included.

    `skill` is its name, "" where it has none; `file` the name of its file without the folder;
    `frontmatter` how the YAML of the original was found.
    """

    skill: str
    file: str
    frontmatter: FrontmatterState
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the text differs from the original."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Authors:
    """Who gave the types, and how sure: `confidence` is the mean over the sections, 0-1; `prompted` a language model.

    `token_scorer` measured how much a phrase tells, "" where nobody did. `usage` is what was asked of
    a language model, None where none had a part in the run.
    """

    analyzer: str
    prompted: bool
    confidence: float
    token_scorer: str
    usage: Usage | None

    @property
    def made_with(self) -> tuple[str, str]:
        """The provider and the model, by which runs are compared: `embedded` has no model ("")."""
        return (self.usage.provider, self.usage.model) if self.usage else ("embedded", "")


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of the whole files; `exact` is False where 4 characters were taken for a token.

    `reduction` is that of the result: below 0 where three lines are longer than a very short skill.
    """

    encoding: str
    exact: bool
    before: int
    after: int
    reduction: float

    @property
    def mark(self) -> str:
        """`~` in front of a count that is an estimate, else nothing."""
        return "" if self.exact else "~"


@dataclass(frozen=True, slots=True)
class Calibration:
    """What earlier runs say of the estimated functionality, and the run's own entry ("" where there is none)."""

    estimate: Estimate = UNCALIBRATED
    entry_id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is told of a run.

    `contents` says what became of the blocks and sections, `evidence` what was lost, how much
    functionality that leaves and what the gate finds. `one_liner` is None in every other mode.
    """

    texts: Texts
    aim: Aim
    authors: Authors
    tokens: TokenCounts
    calibration: Calibration
    contents: Contents
    evidence: Evidence
    notes: tuple[Note, ...]
    one_liner: OneLiner | None


def make_record(result: Result, usage: Usage | None = None) -> Record:
    """The record of a run that no earlier one calibrates; `usage` is what was asked of a language model, if any was."""
    original, run, analysis = result.original, result.run, result.reading.analysis
    return Record(
        texts=Texts(
            skill=original.name,
            file=original.path.name if original.path else SKILL_FILE,
            frontmatter=original.frontmatter.state,
            before=original.text,
            after=result.text,
        ),
        aim=run.options.aim,
        authors=Authors(
            analyzer=analysis.analyzer,
            prompted=analysis.model_part is not None,
            confidence=analysis.confidence,
            token_scorer=run.token_scorer,
            usage=usage,
        ),
        tokens=TokenCounts(run.counter.encoding, run.counter.exact, *result.tokens, result.reduction),
        calibration=Calibration(),
        contents=sum_up(result),
        evidence=result.evidence,
        notes=result.notes,
        one_liner=result.one_liner,
    )


def sum_up(result: Result) -> Contents:
    """What became of the blocks of a run's skill."""
    decisions, verdicts = result.plan.decisions, result.reading.verdicts
    counted: list[Counted] = [
        BlockKind.RULE if block.kind is BlockKind.RULE else verdicts[block.index].type
        for block in result.original.blocks
    ]
    gone = Counter(counted[decision.block] for decision in decisions if _is_removed(decision))
    dropped = {counted[decision.block] for decision in decisions if decision.dropped}
    return Contents(
        removed={kind: gone[kind] for kind in _ORDER if gone[kind]},
        kept=tuple(kind for kind in TYPE_NAMES if kind in counted and kind not in dropped),
        reworded=sum(RENDERINGS[decision.rendering.kind].proof is Proof.WORDING for decision in decisions),
        refused=result.plan.refused,
        advisory_found=tuple(sorted({name for verdict in verdicts for name in verdict.advisory})),
        advisory_removed=tuple(note.detail for note in result.notes if note.kind is NoteKind.ADVISORY_REMOVED),
        sections=record_sections(result),
        token_level=score_words(result),
    )


def _is_removed(decision: Decision) -> bool:
    """Whether nothing is left of a block, not even in a text that stands for several."""
    return decision.dropped and not RENDERINGS[decision.rendering.kind].joint


def example_selections(result: Result) -> dict[int, ExampleSelection]:
    """What became of the sets of examples of which any was written as a line, by the index of their section."""
    decisions, reading = result.plan.decisions, result.reading
    lines = {decision.block for decision in decisions if decision.rendering.kind is RenderingKind.ONE_LINERS}
    return {
        examples.section: selection_of(reading, examples, {i: decisions[i].rendering.text for i in examples.blocks})
        for examples in (find_sets(reading) if lines else ())
        if not lines.isdisjoint(examples.blocks)
    }


def record_sections(result: Result) -> tuple[SectionRecord, ...]:
    """Every section of the original that holds a block, or examples that were made shorter, in order."""
    selections = example_selections(result)
    return tuple(
        _record_section(result, section, selections.get(section.index))
        for section in result.original.sections
        if section.blocks or section.index in selections
    )


def _record_section(result: Result, section: Section, examples: ExampleSelection | None) -> SectionRecord:
    blocks = [block.index for block in section.blocks] or list(_example_blocks(result, section))
    verdicts = [result.reading.verdicts[i] for i in blocks]
    decisions = [result.plan.decisions[i] for i in blocks]
    own = decisions if section.blocks else []
    by_type: Counter[SectionType] = Counter()
    for verdict, decision in zip(verdicts, decisions, strict=True):
        by_type[verdict.type] += decision.full_tokens
    return SectionRecord(
        heading=Heading(section.heading, section.level, section.line),
        type=max(by_type, key=lambda kind: by_type[kind]),
        importance=mean([verdict.importance for verdict in verdicts]),
        confidence=mean([verdict.confidence for verdict in verdicts]),
        outcome=OutcomeKind.RECOMP if examples else _outcome(decisions),
        blocks=_count_blocks(own),
        tokens=Tokens(sum(d.full_tokens for d in own), sum(d.rendering.tokens for d in own)),
        examples=examples,
    )


def _example_blocks(result: Result, section: Section) -> Iterator[int]:
    """The blocks of the examples in the sub-sections of a section that has none of its own."""
    for examples in find_sets(result.reading):
        if examples.section == section.index:
            yield from examples.blocks


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
