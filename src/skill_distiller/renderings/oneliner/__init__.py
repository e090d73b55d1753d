"""A whole skill as three lines: TRIGGER, ACTION, RESULT."""

from skill_distiller.renderings.oneliner.model import PREFIXES, OneLiner, OneLinerWriter
from skill_distiller.renderings.oneliner.one_liner import NOT_STATED, EmbeddedOneLiner, one_liner

__all__ = ["NOT_STATED", "PREFIXES", "EmbeddedOneLiner", "OneLiner", "OneLinerWriter", "one_liner"]
