"""Which phrases of a skill say little: self-information, and what stands elsewhere in the skill."""

from skill_distiller.renderings.information.score import PhraseScorer

__all__ = ["PhraseScorer"]
