"""What a language model is asked about a skill: the prompted analyzer and the prompted judge."""

from skill_distiller.prompted.analyzer import PromptedAnalyzer
from skill_distiller.prompted.judge import PromptedJudge

__all__ = ["PromptedAnalyzer", "PromptedJudge"]
