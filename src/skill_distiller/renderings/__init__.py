"""The ways to write a block: one file a rendering, and the ladder they form."""

from skill_distiller.renderings.add_offers import Joint, add_offers, unused
from skill_distiller.renderings.ladder import Ladder, Pruner, build_ladders, keeps_everything
from skill_distiller.renderings.model import REWORDED, Rendering, RenderingKind
from skill_distiller.renderings.offers import Bundle, Offers, Renderer, join_offers
from skill_distiller.renderings.words import WordPruner

__all__ = [
    "REWORDED",
    "Bundle",
    "Joint",
    "Ladder",
    "Offers",
    "Pruner",
    "Renderer",
    "Rendering",
    "RenderingKind",
    "WordPruner",
    "add_offers",
    "build_ladders",
    "join_offers",
    "keeps_everything",
    "unused",
]
