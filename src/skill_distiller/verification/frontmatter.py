"""The frontmatter is kept: byte for byte, or at least every value of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from skill_distiller.document import FrontmatterState
from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair

# What else a client reads may grant tools, run hooks, or switch the skill on and off.
_TELLING: Final = frozenset({"name", "description", "license", "compatibility", "metadata", "version", "author"})


def check_frontmatter(pair: Pair) -> Check:
    """Fails where a field was lost or has another value, or a new one may give an agent more leave.

    Another order, quoting or comment is a warning, and so is a new field that only tells of the skill.
    """
    before, after = pair.original.frontmatter, pair.candidate.frontmatter
    if before.raw.rstrip() == after.raw.rstrip():
        return Check("frontmatter")
    return Check("frontmatter", tuple(_findings(pair)))


def _findings(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.frontmatter, pair.candidate.frontmatter
    if before.raw and not after.raw:
        yield Finding(FindingKind.LOST, Level.FAILURE, "the whole frontmatter", 1)
        return
    if after.state not in (FrontmatterState.OK, before.state):
        yield Finding(FindingKind.CHANGED, Level.FAILURE, after.state.value, 1, "frontmatter", in_candidate=True)
        return
    if before.raw and before.state is not FrontmatterState.OK and after.state is not FrontmatterState.OK:
        yield Finding(FindingKind.CHANGED, Level.FAILURE, "text that can't be read as fields", 1, "frontmatter")
        return
    yield from _fields(pair)


def _fields(pair: Pair) -> Iterator[Finding]:
    before, after = pair.original.frontmatter.fields, pair.candidate.frontmatter.fields
    found = False
    for name, value in before.items():
        if name not in after:
            found = True
            yield Finding(FindingKind.LOST, Level.FAILURE, name, 1, "field")
        elif after[name] != value or type(after[name]) is not type(value):
            found = True
            yield Finding(FindingKind.CHANGED, Level.FAILURE, name, 1, "field", in_candidate=True)
    for name in after:
        if name not in before:
            found = True
            level = Level.WARNING if name in _TELLING or name in pair.allowed_fields else Level.FAILURE
            yield Finding(FindingKind.NEW, level, name, 1, "field", in_candidate=True)
    if not found:
        yield Finding(FindingKind.OTHERWISE_WRITTEN, Level.WARNING, "same fields, same values", 1, in_candidate=True)
