"""A whole skill as three lines: TRIGGER, ACTION, RESULT."""

from skill_distiller.renderings.oneliner.model import NOT_STATED, PREFIXES, OneLiner, OneLinerWriter
from skill_distiller.renderings.oneliner.one_liner import EmbeddedOneLiner, one_liner

__all__ = ["NOT_STATED", "PREFIXES", "EmbeddedOneLiner", "OneLiner", "OneLinerWriter", "one_liner"]
