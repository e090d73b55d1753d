"""The modes of compression: which point of the frontier is wanted."""

from skill_distiller.compression.ladders import Ladders, Models, prepare_ladders, trace
from skill_distiller.compression.threshold import Observer, compress_to_threshold

__all__ = ["Ladders", "Models", "Observer", "compress_to_threshold", "prepare_ladders", "trace"]
