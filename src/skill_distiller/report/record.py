"""The record of a run: all that is told of it, as values; report, JSON, diff and log entry are printed from it."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.analysis.model import PromptedAnalysis
from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.model import Usage
from skill_distiller.report.sections import Contents, sum_up
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.notes import Note
from skill_distiller.run.result import Evidence, Result
from skill_distiller.skill.model import SKILL_FILE, FrontmatterState


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
class Goal:
    """What was asked for: `threshold` (0-1) counts in threshold mode only, `tokens` is None but in tokens mode."""

    mode: Mode
    threshold: float
    tokens: int | None


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


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of the whole files; `exact` is False where 4 characters were taken for a token.

    `reduction` is 1 - after / before: at most 1, below 0 where three lines are longer than a very short skill.
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

    estimate: Estimate
    entry_id: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is told of a run.

    `contents` says what became of the blocks and sections, `evidence` what was lost, how much
    functionality that leaves and what the gate finds. `one_liner` is None in every other mode.
    """

    texts: Texts
    goal: Goal
    authors: Authors
    tokens: TokenCounts
    calibration: Calibration
    contents: Contents
    evidence: Evidence
    notes: tuple[Note, ...]
    one_liner: OneLiner | None


def make_record(
    result: Result, estimate: Estimate = UNCALIBRATED, entry_id: str = "", usage: Usage | None = None
) -> Record:
    """The record of a run.

    `estimate` is what earlier runs say of the functionality, `entry_id` the run's own calibration
    entry; `usage` is what was asked of a language model, None where none had a part in it.
    """
    original, options, counter = result.original, result.run.options, result.run.counter
    return Record(
        texts=Texts(
            skill=original.name,
            file=original.path.name if original.path else SKILL_FILE,
            frontmatter=original.frontmatter.state,
            before=original.text,
            after=result.text,
        ),
        goal=Goal(options.mode, options.threshold, options.tokens),
        authors=Authors(
            analyzer=result.analysis.analyzer,
            prompted=isinstance(result.analysis, PromptedAnalysis),
            confidence=result.analysis.confidence,
            token_scorer=result.run.token_scorer,
            usage=usage,
        ),
        tokens=TokenCounts(
            encoding=counter.encoding,
            exact=counter.exact,
            before=result.input_tokens,
            after=result.output_tokens,
            reduction=result.reduction,
        ),
        calibration=Calibration(estimate, entry_id),
        contents=sum_up(result),
        evidence=result.evidence,
        notes=result.notes,
        one_liner=result.one_liner,
    )
