"""One function a mode; each ends in a plan."""

from skill_distiller.compression.threshold import compress_to_threshold

__all__ = ["compress_to_threshold"]
