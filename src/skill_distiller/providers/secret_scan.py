"""Find keys, tokens and private keys in a text, before it goes to another machine.

The detectors are those of detect-secrets for things of a fixed shape, and a few shapes that it lacks.
Its guesses by entropy and by words such as "password" are left out: in skills they are mostly wrong.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from skill_distiller.providers.failures import environment_secrets

_PLUGINS: Final = (
    "artifactory aws azure_storage_key basic_auth cloudant discord github_token gitlab_token ibm_cloud_iam jwt"
    " mailchimp npm openai private_key pypi_token sendgrid slack square_oauth stripe telegram_token twilio"
)
_MORE: Final = (
    ("Google API Key", re.compile(r"\bAIza[\w-]{35}")),
    ("GitHub Token", re.compile(r"\bgithub_pat_\w{40,90}")),
    ("Anthropic API Key", re.compile(r"\bsk-ant-[\w-]{32,128}")),
    ("OpenAI Token", re.compile(r"\bsk-(?:proj|svcacct|admin)-[\w-]{32,200}")),
    ("Hugging Face Token", re.compile(r"\bhf_[A-Za-z0-9]{34,40}\b")),
)
_WINDOW: Final = 2000  # characters at a time: an expression of a detector may be slow on long lines
_OVERLAP: Final = 300
# What examples write where a password would stand.
_PLACEHOLDER: Final = re.compile(
    r"(?i)\W*(?:my|your|the|db|pg|super)?[-_]?"
    r"(?:pass(?:word|wd)?|pwd|postgres|secret|user|admin|root|token|key|changeme|example|test|guest|x+|\.+|\*+)\W*"
)


class Secret(NamedTuple):
    """Something that looks like a secret: its kind, its line counted from 1, and the text itself."""

    kind: str
    line: int
    text: str


def find_secrets(text: str) -> tuple[Secret, ...]:
    """Everything in a text that looks like a secret, in order, one of a kind a line."""
    found: dict[tuple[str, int], Secret] = {}
    own = environment_secrets()
    for number, line in enumerate(text.split("\n"), 1):
        for kind, value in _in_line(line, own):
            found.setdefault((kind, number), Secret(kind, number, value))
    return tuple(found.values())


def _in_line(line: str, own: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for value in own:
        if value in line:
            yield "value of a variable of this shell", value
    for start in range(0, max(1, len(line)), _WINDOW - _OVERLAP):
        window = line[start : start + _WINDOW]
        for kind, shape in _MORE:
            for match in shape.finditer(window):
                yield kind, match.group()
        for detector in _detectors():
            for value in detector.analyze_string(window):
                if not _PLACEHOLDER.fullmatch(value) and not value.startswith(("$", "{", "<", "%")):
                    yield detector.secret_type, value


@lru_cache(maxsize=1)
def _detectors() -> tuple[Any, ...]:
    base = importlib.import_module("detect_secrets.plugins.base").RegexBasedDetector
    modules = [importlib.import_module(f"detect_secrets.plugins.{name}") for name in _PLUGINS.split()]
    return tuple(
        plugin()
        for module in modules
        for _, plugin in inspect.getmembers(module, inspect.isclass)
        if issubclass(plugin, base) and plugin.__module__ == module.__name__
    )
