"""What a language model is asked about a skill: the prompted analyzer, the prompted rewriter and the prompted judge."""

from skill_distiller.prompted.analyzer import PromptedAnalyzer
from skill_distiller.prompted.judge import PromptedJudge
from skill_distiller.prompted.rewrite import PromptedRewriter

__all__ = ["PromptedAnalyzer", "PromptedJudge", "PromptedRewriter"]
