"""What a language model is asked about a skill: the prompted analyzer, judge, one-liner, rewriter and synthesizer."""

from skill_distiller.prompted.analyzer import PromptedAnalyzer
from skill_distiller.prompted.judge import PromptedJudge
from skill_distiller.prompted.oneliner import PromptedOneLiner
from skill_distiller.prompted.rewrite import PromptedRewriter
from skill_distiller.prompted.synthesize import PromptedSynthesizer

__all__ = ["PromptedAnalyzer", "PromptedJudge", "PromptedOneLiner", "PromptedRewriter", "PromptedSynthesizer"]
