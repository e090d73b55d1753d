"""From a skill to its distillation: options and backends in, product, receipt and notes out."""

from skill_distiller.pipeline.backends import Backends
from skill_distiller.pipeline.check_skill import FRONTMATTER_HINTS, TRIGGER_HINT, check_skill, has_trigger
from skill_distiller.pipeline.distill import WORTH_IT, distill
from skill_distiller.pipeline.distillation import Distillation
from skill_distiller.pipeline.notes import Note, NoteKind
from skill_distiller.pipeline.options import DEFAULT_THRESHOLD, DistillOptions

__all__ = [
    "DEFAULT_THRESHOLD",
    "FRONTMATTER_HINTS",
    "TRIGGER_HINT",
    "WORTH_IT",
    "Backends",
    "DistillOptions",
    "Distillation",
    "Note",
    "NoteKind",
    "check_skill",
    "distill",
    "has_trigger",
]
