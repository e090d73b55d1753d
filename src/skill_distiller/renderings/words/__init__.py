"""Which words of a skill's prose can go, and from which strength of pruning on."""

from skill_distiller.renderings.edits import Edit, apply_edits
from skill_distiller.renderings.words.pruner import WordPruner

__all__ = ["Edit", "WordPruner", "apply_edits"]
