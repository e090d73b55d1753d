"""Access to language models; knows nothing of skills. Importing this loads no SDK."""

from skill_distiller.providers.model import Completion, Finish, Provider, Request
from skill_distiller.providers.registry import find_provider, open_provider
from skill_distiller.providers.session import Limits, Session, Watcher
from skill_distiller.providers.usage import Usage

__all__ = [
    "Completion",
    "Finish",
    "Limits",
    "Provider",
    "Request",
    "Session",
    "Usage",
    "Watcher",
    "find_provider",
    "open_provider",
]
