"""The ways to write a block: one file a rendering, and the ladder they form."""

from skill_distiller.renderings.ladder import Ladder, build_ladders
from skill_distiller.renderings.model import Rendering, RenderingKind

__all__ = ["Ladder", "Rendering", "RenderingKind", "build_ladders"]
