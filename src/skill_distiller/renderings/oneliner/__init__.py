"""A whole skill as three lines: TRIGGER, ACTION, RESULT."""

from skill_distiller.renderings.oneliner.model import PREFIXES, OneLiner
from skill_distiller.renderings.oneliner.one_liner import NOT_STATED, one_liner

__all__ = ["NOT_STATED", "PREFIXES", "OneLiner", "one_liner"]
