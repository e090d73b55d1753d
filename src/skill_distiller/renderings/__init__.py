"""The ways to write a block: one file a rendering, and the ladder they form."""

from skill_distiller.renderings.ladder import Ladder, Pruner, build_ladders, keeps_everything
from skill_distiller.renderings.model import Rendering, RenderingKind

__all__ = ["Ladder", "Pruner", "Rendering", "RenderingKind", "build_ladders", "keeps_everything"]
