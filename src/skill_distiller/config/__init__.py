"""What a user sets once, in `.skill-distiller.toml` or `pyproject.toml`."""

from skill_distiller.config.find import find_config
from skill_distiller.config.read import Config, load_config, read_config

__all__ = ["Config", "find_config", "load_config", "read_config"]
