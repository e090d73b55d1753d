"""The user's own protected and advisory patterns, from the table `patterns`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from skill_distiller.analysis.pattern_set import OwnPattern, PatternError, PatternSet, own_pattern
from skill_distiller.analysis.patterns import ADVISORY, PROTECTED
from skill_distiller.config.keys import Keys
from skill_distiller.errors import UsageError

_KINDS: Final = ("protected", "advisory")
_NAME: Final = re.compile(r"[^\W_][\w .-]{0,62}[^\W_]|[^\W_]")
_MOST: Final = 200  # phrases and expressions of a file: each is looked for in every block
_FORMAT: Final = 'Write for example "ticket-ids" = ["JIRA-", "re:\\\\bOPS-\\\\d+\\\\b"].'


def read_patterns(table: Mapping[str, object], keys: Keys) -> PatternSet:
    """The patterns of a table `patterns`; raises UsageError for what is none."""
    keys.check(table, _KINDS)
    kinds = {kind: keys.table(table, kind) for kind in _KINDS}
    for name in sorted(kinds["protected"].keys() & kinds["advisory"].keys()):
        raise UsageError(f"{keys}: {name!r} is both protected and advisory.", "Give them different names.")
    found = {
        kind: tuple(_pattern(name, value, keys.below(kind).below(name)) for name, value in named.items())
        for kind, named in kinds.items()
    }
    _check_names(found["protected"], {pattern.name for pattern in ADVISORY}, "advisory")
    _check_names(found["advisory"], {pattern.name for pattern in PROTECTED}, "protected")
    count = sum(len(value) for named in kinds.values() for value in named.values() if isinstance(value, list))
    if count > _MOST:
        raise UsageError(f"{keys}: {count} phrases and expressions are too many.", f"Keep to {_MOST} in all.")
    return PatternSet(found["protected"], found["advisory"])


def _pattern(name: str, value: object, keys: Keys) -> OwnPattern:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{keys}: the name of a pattern has 1-64 letters, digits, spaces, hyphens or dots.", "Choose another name."
        )
    sources = [value] if isinstance(value, str) else value
    if not isinstance(sources, list) or not sources or not all(isinstance(source, str) for source in sources):
        raise UsageError(f"{keys} is not a list of phrases.", _FORMAT)
    try:
        return own_pattern(name, sources, str(keys))
    except PatternError as error:
        hint = "Put it right or take it out; an expression begins with re:, anything else is a phrase."
        raise UsageError(f"{keys}: {error}.", hint) from None


def _check_names(own: tuple[OwnPattern, ...], taken: set[str], kind: str) -> None:
    for pattern in own:
        if pattern.name in taken:
            raise UsageError(
                f"{pattern.origin}: a pattern of this name is built in, as {kind}.", "Choose another name."
            )
