"""Score the phrases of a skill without a language model: what stands elsewhere and surprises nobody is redundant.

A unit is redundant where a small logistic model, fitted on what careful editors deleted, says so
from its self-information and from how much of it stands elsewhere in the skill. What orders,
restricts, names or holds a fact is essential before anything is scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from skill_distiller.analysis.compressible import compressible_blocks
from skill_distiller.analysis.model import Analysis
from skill_distiller.analysis.prompted import Phrases
from skill_distiller.renderings.locks import locked_spans

if TYPE_CHECKING:  # numpy is loaded when phrases are looked at, not before
    from skill_distiller.renderings.information.columns import Candidate
    from skill_distiller.renderings.information.scorer import Nats, TokenScorer
    from skill_distiller.weights import Arrays

BAR: Final = 0.35  # P(an editor deletes the unit) from which on it is redundant
STRENGTH: Final = 1.0  # of the edits: bolder than any single word


@dataclass(frozen=True, eq=False)
class PhraseScorer:
    """Finds redundant phrases; without `tokens` by the counts, and without `weights` by the weights, that ship.

    `tokens` is whoever gives the self-information.
    """

    tokens: TokenScorer | None = None
    weights: Arrays | None = None

    @property
    def name(self) -> str:
        """What the report calls whoever gives the self-information."""
        return self.tokens.name if self.tokens else "embedded"

    def phrases(self, analysis: Analysis) -> dict[int, Phrases]:
        """The phrases of blocks of the types that may lose any, by index; only blocks with a redundant one.

        Text in a language that the counts don't know has none. Raises WeightsError where the weights
        can't be had.
        """
        from skill_distiller.renderings.information.columns import find_candidates, skill_words

        blocks = compressible_blocks(analysis.skill, analysis.verdicts)
        locked = {b.index: locked_spans(b.text, analysis.facts[b.index]) for b in blocks}
        candidates = find_candidates(analysis.skill, [b.index for b in blocks], locked)
        candidates = self._readable(analysis, candidates)
        if not candidates:
            return {}
        chances = self.chances(analysis, candidates, [b.index for b in blocks])
        return _phrases(analysis, candidates, chances)
