"""From a name on the command line to a provider: the only place that reads keys, and that loads an SDK."""

from __future__ import annotations

import os
from typing import Final

from skill_distiller.errors import ProviderError, UsageError
from skill_distiller.providers.detect import FINDERS, OPENAI_ADDRESS, Environment, Found, detect, key_of
from skill_distiller.providers.failures import KEY_VARIABLES, shown
from skill_distiller.providers.model import Provider

# The wording of the reference.
NO_PROVIDER: Final = (
    "No LLM provider available. Run 'ollama serve' for local inference, or set GEMINI_API_KEY for cloud."
)
CHOICES: Final = ("auto", "ollama", "gemini", "openai", "embedded", "llm", "scripted")
SCRIPT_VARIABLE: Final = "SKILL_DISTILLER_SCRIPT"
DEFAULT_TIMEOUT: Final = 300.0  # seconds for one reply; a local model may have to be loaded first


def find_provider(
    choice: str, model: str = "", *, offline: bool = False, environment: Environment | None = None
) -> Found | None:
    """What a choice of `CHOICES` means here and now; None for the embedded analyzer.

    Raises UsageError for an unknown choice, ProviderError for `llm` or a named provider that is not
    there. With `offline` nothing is looked for: `auto` is embedded, a named one is taken as it is.
    """
    environment = os.environ if environment is None else environment
    if choice not in CHOICES:
        raise UsageError(f"There is no provider {choice!r}.", f"Providers: {', '.join(CHOICES)}.")
    if choice == "embedded" or (choice == "auto" and offline):
        return None
    if choice == "scripted":
        return Found("scripted", True, "chosen by name", model)
    if choice in ("auto", "llm"):
        found = None if offline else detect(environment, model)
        if found is None and (choice == "llm" or model):
            missing = f"Nothing here has the model {model!r}." if model else "There is no language model here."
            raise ProviderError(missing, NO_PROVIDER)
        return found
    return _named(choice, model, environment, offline=offline)


def _named(name: str, model: str, environment: Environment, *, offline: bool) -> Found:
    if name == "ollama" and offline:
        if not model:
            raise ProviderError("--offline can't ask Ollama for its models.", "Name one with --model.")
        from skill_distiller.providers.detect import ollama_address

        return Found(name, True, "named", model, ollama_address(environment.get("OLLAMA_HOST", "")))
    found = FINDERS[name](environment, model)
    if found.there or (name == "openai" and found.address != OPENAI_ADDRESS):
        return found  # a compatible server of one's own may want no key
    variable = KEY_VARIABLES.get(name, "") if name != "ollama" else ""  # here it is the server that is missing
    raise ProviderError(f"{found.reason}.", f"Set {variable}, or use --provider embedded." if variable else NO_PROVIDER)


def open_provider(found: Found, timeout: float = DEFAULT_TIMEOUT, environment: Environment | None = None) -> Provider:
    """The provider that was found, its SDK loaded; `timeout` is how many seconds a reply may take.

    Raises ProviderError where its key or the proxy settings of the environment can't be used.
    """
    environment = os.environ if environment is None else environment
    variable = KEY_VARIABLES.get(found.name, "")
    key = key_of(environment, variable)
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ProviderError(f"{variable} holds characters that no key has.", "Copy the key again.")
    try:
        return _open(found, key, timeout, environment)
    except (ImportError, ValueError) as error:  # a SOCKS proxy without its package, a proxy that is no URL
        raise ProviderError(
            f"The client of {found.name} can't be made: {shown(str(error))}", "Check the proxy variables."
        ) from None


def _open(found: Found, key: str, timeout: float, environment: Environment) -> Provider:
    match found.name:
        case "ollama":
            from skill_distiller.providers.ollama import OllamaProvider

            return OllamaProvider(found.model, found.address, timeout)
        case "gemini":
            from skill_distiller.providers.gemini import GeminiProvider

            return GeminiProvider(found.model, found.address, key, timeout)
        case "openai":
            from skill_distiller.providers.openai import OpenAIProvider

            return OpenAIProvider(found.model, found.address, key, timeout)
        case _:
            from skill_distiller.providers.scripted import ScriptedProvider, read_script

            path = environment.get(SCRIPT_VARIABLE, "")
            return ScriptedProvider(read_script(path) if path else None, found.model)
