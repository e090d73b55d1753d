"""Score the phrases of a skill without a language model: what stands elsewhere and surprises nobody is redundant.

A sentence or a clause is redundant where most of what it says stands elsewhere in the skill too and
its words tell hardly more than the skill's words do on the whole (self-information). What orders,
restricts, names or holds a fact is essential before anything is scored. The limits are from what
careful editors deleted (lab/benchmarks/selfinfo.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.model import Analysis, Phrases, SectionType
from skill_distiller.language.spans import locked_spans
from skill_distiller.rewriting.information.units import UnitKind
from skill_distiller.rewriting.redundant import compressible_blocks

if TYPE_CHECKING:
    from skill_distiller.rewriting.information.candidates import Candidate
    from skill_distiller.rewriting.information.scorer import TokenScorer

EMBEDDED: Final = "embedded"  # the token scorer that needs nothing besides this package
STRENGTH: Final = 1.0  # of the edits: bolder than any single word
_MOST: Final = 1.2  # information a word, that of the mean word of the skill being 1
# The share of a unit that stands elsewhere, at least. Editors keep what is in brackets, and the wording of examples.
_LEAST: Final = {UnitKind.CLAUSE: 0.4, UnitKind.SENTENCE: 0.5}
_LEAST_IN_EXAMPLES: Final = 1.0


@dataclass(frozen=True, eq=False)
class PhraseScorer:
    """Finds redundant phrases; `tokens` gives the self-information, the embedded counts do without it."""

    tokens: TokenScorer | None = None

    @property
    def name(self) -> str:
        """What the report calls whoever gives the self-information."""
        return self.tokens.name if self.tokens else EMBEDDED

    def phrases(self, analysis: Analysis) -> dict[int, Phrases]:
        """The phrases of blocks of the types that may lose any, by index; only blocks with a redundant one.

        Text in a language that the counts don't know has none. Raises WeightsError where the weights
        can't be had.
        """
        blocks = [block.index for block in compressible_blocks(analysis.skill, analysis.verdicts)]
        found: dict[int, list[str]] = {}
        for candidate in self._redundant(analysis, blocks):
            text = analysis.skill.blocks[candidate.block].text
            found.setdefault(candidate.block, []).append(text[candidate.unit.start : candidate.unit.end])
        return {i: _phrases(analysis.skill.blocks[i].text, redundant) for i, redundant in found.items()}

    def _redundant(self, analysis: Analysis, blocks: Sequence[int]) -> list[Candidate]:
        from skill_distiller.rewriting.information.background import BackgroundScorer
        from skill_distiller.rewriting.information.candidates import find_candidates, score_candidates

        skill, counts = analysis.skill, BackgroundScorer()
        blocks = [i for i in blocks if counts.reads(skill.blocks[i].text)]
        locked = {i: locked_spans(skill.blocks[i].text, analysis.facts[i]) for i in blocks}
        candidates = find_candidates(skill, blocks, locked)
        if not candidates:
            return []
        scores = score_candidates(skill, candidates, blocks, self.tokens or counts)
        rows = zip(candidates, scores.elsewhere.tolist(), scores.information.tolist(), strict=True)
        return [c for c, *s in rows if is_redundant(c.unit.kind, analysis.verdicts[c.block].type, *s)]


def is_redundant(kind: UnitKind, section: SectionType, elsewhere: float, information: float) -> bool:
    """Whether a unit that is not essential is redundant, by its scores (see `Scores`)."""
    if kind is UnitKind.PARENTHETICAL:
        return False
    least = _LEAST_IN_EXAMPLES if section is SectionType.EXAMPLE else _LEAST[kind]
    return information <= _MOST and elsewhere >= least


def _phrases(text: str, redundant: Sequence[str]) -> Phrases:
    whole = [phrase for phrase in redundant if not any(phrase in other for other in redundant if other != phrase)]
    return Phrases((), tuple(whole), min(1.0, sum(map(len, whole)) / len(text)), STRENGTH)
