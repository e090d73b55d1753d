"""The product of a run."""

from __future__ import annotations

from dataclasses import dataclass

from skill_distiller.analysis.model import Analysis
from skill_distiller.checks.functionality import Functionality
from skill_distiller.checks.model import Verification
from skill_distiller.checks.receipt import Receipt
from skill_distiller.planning.plan import Plan
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.notes import Note
from skill_distiller.run.options import DistillOptions
from skill_distiller.skill.model import Skill
from skill_distiller.tokens import TokenCounter


@dataclass(frozen=True)
class Distillation:
    """The product of a run and everything known about it. `text` is the distilled SKILL.md.

    `verification` is what the gate finds in that text, losses that the receipt names declared; None for
    a one-liner, of which there is nothing to compare.

    In one-liner mode `text` is three lines, and `one_liner` says the same in parts; else it is None.
    """

    original: Skill
    distilled: Skill
    analysis: Analysis
    plan: Plan
    receipt: Receipt
    functionality: Functionality
    notes: tuple[Note, ...]
    options: DistillOptions
    counter: TokenCounter
    input_tokens: int
    output_tokens: int
    verification: Verification | None
    one_liner: OneLiner | None = None
    token_scorer: str = ""  # who gave the self-information; "" where no phrases were scored

    @property
    def text(self) -> str:
        """The distilled SKILL.md, frontmatter included."""
        return self.distilled.text

    @property
    def changed(self) -> bool:
        """Whether the text differs from the original."""
        return self.text != self.original.text

    @property
    def reduction(self) -> float:
        """1 - output / input tokens, at most 1; below 0 where three lines are longer than a very short skill."""
        return 1 - self.output_tokens / self.input_tokens if self.input_tokens else 0.0

    @property
    def compression_ratio(self) -> float:
        """Input / output tokens; at least 1 but for a one-liner of a very short skill."""
        return self.input_tokens / self.output_tokens if self.output_tokens else 1.0
