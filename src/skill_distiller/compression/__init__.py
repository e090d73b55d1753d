"""The modes of compression: which point of the frontier is wanted."""

from skill_distiller.compression.budget import compress_to_tokens
from skill_distiller.compression.count import count_skill
from skill_distiller.compression.ladders import Ladders, Models, prepare_ladders, trace
from skill_distiller.compression.mode import Mode
from skill_distiller.compression.oneliner import replace_with
from skill_distiller.compression.threshold import Observer, compress_to_threshold

__all__ = [
    "Ladders",
    "Mode",
    "Models",
    "Observer",
    "compress_to_threshold",
    "compress_to_tokens",
    "count_skill",
    "prepare_ladders",
    "replace_with",
    "trace",
]
