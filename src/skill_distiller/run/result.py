"""The result of a run: what was asked, what was read, what came out and the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from skill_distiller.analysis.reading import Reading
from skill_distiller.checks.functionality import Functionality
from skill_distiller.checks.model import Tokens, Verification
from skill_distiller.checks.receipt import Receipt
from skill_distiller.planning.plan import Plan
from skill_distiller.providers.model import Usage
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.notes import Note
from skill_distiller.run.run import Run
from skill_distiller.skill.model import Skill
from skill_distiller.structure.edges import Edge, Piece, heading_of, needs_of

if TYPE_CHECKING:
    from skill_distiller.exams.model import Criterion
    from skill_distiller.run.moving.move_pieces import Moves


class Basis(StrEnum):
    """What a gate goes by: quotes that are still there, scores in an exam, answers alike, or what a text still says."""

    EVIDENCE = "evidence"
    RETENTION = "retention"
    ANSWERS = "answers"
    CONCEPTS = "concepts"


@dataclass(frozen=True, slots=True)
class GateRound:
    """One try of a gate: the share (0-1) that is kept of its `basis`, what fails, the pieces that had to stay.

    `gate` is the one that said no, or the last one; `threshold` the one of the try, None for a budget; `tokens` are
    those of SKILL.md.
    """

    gate: str
    threshold: float | None
    tokens: int
    kept: float
    failed: tuple[Criterion, ...]
    pieces: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """How a result went through `--gate`: all tries, which one is the result, and why no try passed ("" for passed).

    `asked` is what was asked of which model, the judge last; empty where a program alone decided.
    """

    name: str
    rounds: tuple[GateRound, ...]
    chosen: int
    why: str = ""
    asked: tuple[Usage, ...] = ()

    @property
    def best(self) -> GateRound:
        """The try that is the result."""
        return self.rounds[self.chosen]

    @property
    def passed(self) -> bool:
        """Whether the gates let the result pass, and not the original in its place."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Evidence:
    """What shows how good a result is: what went, how much functionality is left, what the gate finds.

    Losses that the receipt names are declared in `verification`; it is None for a one-liner, of which
    there is nothing to compare. `gate` is what became of `--gate`, None where there was none.
    """

    receipt: Receipt
    functionality: Functionality
    verification: Verification | None
    gate: GateOutcome | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of a run. `text` is the distilled SKILL.md, frontmatter included.

    `tokens` are those of the whole files. In one-liner mode `text` is three lines, and `one_liner` says
    the same in parts; else it is None. Where pieces moved into references, `text` is SKILL.md without
    them, `moves` says where they are, and receipt and verification are about both together.
    """

    run: Run
    reading: Reading
    plan: Plan
    distilled: Skill
    tokens: Tokens
    evidence: Evidence
    notes: tuple[Note, ...]
    one_liner: OneLiner | None = None
    moves: Moves | None = None

    @property
    def original(self) -> Skill:
        """The skill that was given."""
        return self.reading.skill

    @property
    def text(self) -> str:
        """The distilled SKILL.md, frontmatter included."""
        return self.distilled.text

    @property
    def needs(self) -> Mapping[Piece, tuple[Edge, ...]]:
        """For each piece that stayed and that others of these need, the edges from them."""
        kept = {d.block for d in self.plan.decisions if not d.dropped}
        kept |= {heading_of(section) for section, stays in enumerate(self.plan.headings) if stays}
        return needs_of(self.reading.edges, kept)

    @property
    def changed(self) -> bool:
        """Whether the text differs from the original."""
        return self.text != self.original.text

    @property
    def functionality(self) -> Functionality:
        """The estimate of the behavior kept, 0-100, with who gave it."""
        return self.evidence.functionality

    @property
    def input_tokens(self) -> int:
        """Tokens of the original file."""
        return self.tokens.original

    @property
    def output_tokens(self) -> int:
        """Tokens of the distilled file."""
        return self.tokens.candidate

    @property
    def reduction(self) -> float:
        """1 - output / input tokens, at most 1; below 0 where three lines are longer than a very short skill."""
        return 1 - self.output_tokens / self.input_tokens if self.input_tokens else 0.0

    @property
    def compression_ratio(self) -> float:
        """Input / output tokens; at least 1 but for a one-liner of a very short skill."""
        return self.input_tokens / self.output_tokens if self.output_tokens else 1.0
