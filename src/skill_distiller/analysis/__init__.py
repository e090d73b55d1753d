"""What each block of a skill is, how much it matters and which facts it carries."""

from skill_distiller.analysis.fact import Fact, FactKind
from skill_distiller.analysis.inventory import inventory
from skill_distiller.analysis.model import Analysis, Analyzer, Verdict
from skill_distiller.analysis.rules import RulesAnalyzer
from skill_distiller.analysis.taxonomy import SectionType, Taxonomy
from skill_distiller.analysis.trained import TrainedAnalyzer

__all__ = [
    "Analysis",
    "Analyzer",
    "Fact",
    "FactKind",
    "RulesAnalyzer",
    "SectionType",
    "Taxonomy",
    "TrainedAnalyzer",
    "Verdict",
    "inventory",
]
