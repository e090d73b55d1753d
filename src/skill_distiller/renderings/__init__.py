"""The ways to write a block: one file a rendering, and the ladder they form."""

from skill_distiller.renderings.ladder import Ladder, Pruner, build_ladders, keeps_everything
from skill_distiller.renderings.model import Rendering, RenderingKind
from skill_distiller.renderings.words import WordPruner

__all__ = ["Ladder", "Pruner", "Rendering", "RenderingKind", "WordPruner", "build_ladders", "keeps_everything"]
