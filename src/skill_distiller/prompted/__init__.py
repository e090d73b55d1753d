"""What a language model is asked about a skill: the prompted analyzer, judge and one-liner."""

from skill_distiller.prompted.analyzer import PromptedAnalyzer
from skill_distiller.prompted.judge import PromptedJudge
from skill_distiller.prompted.oneliner import PromptedOneLiner

__all__ = ["PromptedAnalyzer", "PromptedJudge", "PromptedOneLiner"]
