"""One function a mode; each ends in a plan."""

from skill_distiller.compression.threshold import Observer, compress_to_threshold

__all__ = ["Observer", "compress_to_threshold"]
