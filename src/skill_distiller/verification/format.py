"""The candidate is a valid skill: it breaks no rule of the format that the original kept."""

from __future__ import annotations

from collections.abc import Iterator

from skill_distiller.verification.model import Check, Finding, FindingKind, Level
from skill_distiller.verification.pair import Pair
from skill_distiller.verification.specification import Fault, format_faults


def check_format(pair: Pair) -> Check:
    """Fails for a fault of the frontmatter that the original does not have; with `strict`, for any.

    Fields that only some clients know, and faults of the original, are warnings.
    """
    return Check("format", tuple(_findings(pair)))


def _findings(pair: Pair) -> Iterator[Finding]:
    faults = format_faults(pair.candidate, pair.folder_name, pair.allowed_fields)
    if not faults:
        return
    same = pair.candidate.frontmatter.raw == pair.original.frontmatter.raw
    known = faults if same else format_faults(pair.original, pair.folder_name, pair.allowed_fields)
    for fault in faults:
        old = fault in known
        level = Level.WARNING if (old or fault.client) and not pair.strict else Level.FAILURE
        kind = FindingKind.CLIENT_FIELD if fault.client else FindingKind.FAULT
        yield Finding(kind, level, _text(fault), 1, "in the original too" if old else "", in_candidate=True)


def _text(fault: Fault) -> str:
    return f"{fault.field}: {fault.text}"
