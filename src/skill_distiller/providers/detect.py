"""Which language models are there: in the order of the reference, Ollama, then Gemini, then OpenAI."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from skill_distiller.errors import UsageError
from skill_distiller.providers.addresses import plain_address
from skill_distiller.providers.detect_ollama import NoOllamaError, choose_model, ollama_address

# Here and not beside the providers: importing those imports an SDK.
GEMINI_MODEL: Final = "gemini-3.8-flash"
GEMINI_ADDRESS: Final = "https://generativelanguage.googleapis.com"
OPENAI_MODEL: Final = "gpt-5.4-mini"
OPENAI_ADDRESS: Final = "https://api.openai.com/v1"

Environment = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of provider: whether it can be used, with which model and where, and why or why not."""

    name: str
    there: bool
    reason: str
    model: str = ""
    address: str = ""


def key_of(environment: Environment, *names: str) -> str:
    """The first of these variables that holds something; line ends around a key are none of it."""
    return next((value for name in names if (value := environment.get(name, "").strip())), "")


def find_ollama(environment: Environment, model: str = "") -> Found:
    """Whether a server answers at `OLLAMA_HOST` and has a model that can chat."""
    try:
        address = ollama_address(environment.get("OLLAMA_HOST", ""))
    except UsageError:
        return Found("ollama", False, "OLLAMA_HOST is not an address")
    try:
        chosen = choose_model(address, key_of(environment, "OLLAMA_API_KEY"), model)
    except NoOllamaError as error:
        return Found("ollama", False, str(error), model, address)
    why = "named with --model" if model else "the first installed model that can chat"
    return Found("ollama", True, why, chosen, address)


def find_gemini(environment: Environment, model: str = "") -> Found:
    """Whether there is a `GEMINI_API_KEY`; nothing is asked."""
    address = _address(environment, "GOOGLE_GEMINI_BASE_URL", GEMINI_ADDRESS)
    there = bool(key_of(environment, "GEMINI_API_KEY"))
    return Found("gemini", there, _key_reason("GEMINI_API_KEY", there), model or GEMINI_MODEL, address)


def find_openai(environment: Environment, model: str = "") -> Found:
    """Whether there is an `OPENAI_API_KEY`; nothing is asked."""
    address = _address(environment, "OPENAI_BASE_URL", OPENAI_ADDRESS)
    there = bool(key_of(environment, "OPENAI_API_KEY"))
    return Found("openai", there, _key_reason("OPENAI_API_KEY", there), model or OPENAI_MODEL, address)


FINDERS: Final[Mapping[str, Callable[[Environment, str], Found]]] = {
    "ollama": find_ollama,
    "gemini": find_gemini,
    "openai": find_openai,
}


def detect(environment: Environment, model: str = "") -> Found | None:
    """The first provider that is there; None for none."""
    return next((found for find in FINDERS.values() if (found := find(environment, model)).there), None)


def _key_reason(variable: str, there: bool) -> str:
    return f"{variable} is set" if there else f"{variable} is not set"


def _address(environment: Environment, variable: str, default: str) -> str:
    value = environment.get(variable, "").strip()
    return plain_address(value) if value else default
