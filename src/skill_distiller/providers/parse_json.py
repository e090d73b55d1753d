"""Read the JSON out of a reply: exact, in a fence, with prose around it, or cut off."""

from __future__ import annotations

import json
import re
from typing import Final

from skill_distiller.errors import ProviderError

_FENCE: Final = re.compile(r"```[a-zA-Z]*\s*\n(.*?)(?:\n```|\Z)", re.DOTALL)
_THOUGHTS: Final = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_OBJECT: Final = re.compile(r"(\{)")
_LISTED: Final = re.compile(r"\A[^{\[]*(\[)\s*\{")  # a list of objects, without an object around it
_LONGEST: Final = 400_000  # characters; a longer reply is no answer to anything we ask
_DEEPEST: Final = 60  # brackets inside brackets


class MalformedReplyError(ProviderError):
    """The reply holds no JSON object, even after repair; `str(error)` says what was wrong with it."""


def parse_json(text: str) -> dict[str, object]:
    """The JSON object of a reply; a bare list becomes the one field "" of an object.

    Raises MalformedReplyError where there is neither.

    Thoughts in front, a code fence or prose around it are passed over; missing ends, quotes and
    commas are repaired with the library json-repair.
    """
    text = _THOUGHTS.sub("", text[: _LONGEST + 1]).strip()
    if not text:
        raise MalformedReplyError("The reply is empty.")
    if len(text) > _LONGEST:
        raise MalformedReplyError(f"The reply is longer than {_LONGEST:,} characters.")
    for candidate in (text, *(match.group(1) for match in _FENCE.finditer(text))):
        value = _exact(candidate)
        if value is not None:
            return value
    return _repaired(text)


def _exact(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, list):
        return {"": value}
    return value if isinstance(value, dict) else None


def _repaired(text: str) -> dict[str, object]:
    from json_repair import repair_json

    start = _LISTED.search(text) or _OBJECT.search(text)
    if start is None:
        raise MalformedReplyError("The reply holds no JSON object.")
    text = text[start.start(1) :]
    if _depth(text) > _DEEPEST:
        raise MalformedReplyError("The reply is nested too deeply.")
    try:
        value = repair_json(text, return_objects=True)
    except (ValueError, RecursionError) as error:
        raise MalformedReplyError("The reply holds no JSON that could be repaired.") from error
    if isinstance(value, list) and text.startswith("["):
        return {"": value}
    values = value if isinstance(value, list) else [value]
    found = max((v for v in values if isinstance(v, dict)), key=len, default=None)
    if not found:
        raise MalformedReplyError("The reply holds no JSON object.")
    return {str(key): item for key, item in found.items()}


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in re.finditer(r"[\[{]|[\]}]", text):
        depth += 1 if match.group() in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
