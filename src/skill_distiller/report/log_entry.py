"""The record of a run as an entry of the calibration store, in the schema of the reference ("Save Calibration")."""

from __future__ import annotations

import hashlib
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.providers.model import Usage
from skill_distiller.report.record import Record
from skill_distiller.rewriting.model import OutcomeKind

_NAME_LENGTH: Final = 200  # characters; a skill may call itself anything, and a thousand entries are read in each run


def made_with(usage: Usage | None) -> tuple[str, str]:
    """The provider and the model of a run, which its entry is compared by: `embedded` has no model ("")."""
    return (usage.provider, usage.model) if usage else ("embedded", "")


def to_entry(record: Record) -> dict[str, object]:
    """Every field but `id` and `timestamp`, which the store gives.

    `expected` is the judge's score without any correction, so that corrections never add up. No path
    is kept: the file may be shared.
    """
    functionality, contents = record.evidence.functionality, record.contents
    provider, model = made_with(record.authors.usage)
    sections = [section for section in contents.sections if section.blocks.total]
    removed = sum(section.outcome is OutcomeKind.REMOVED for section in sections)
    lost = set(functionality.protected_lost)
    score = round(functionality.score, 1)
    return {
        "skill": record.texts.skill[:_NAME_LENGTH],
        "mode": record.goal.mode.value,
        "threshold": record.goal.threshold,
        "input_tokens": record.tokens.before,
        "output_tokens": record.tokens.after,
        "reduction_pct": round(100 * record.tokens.reduction),
        "sections_total": len(sections),
        "sections_kept": len(sections) - removed,
        "sections_removed": removed,
        "classification_confidence_mean": round(record.authors.confidence, 3),
        "functionality_score": score,
        "protected_patterns_found": list(functionality.protected_found),
        "protected_patterns_preserved": [name for name in functionality.protected_found if name not in lost],
        "advisory_patterns_found": list(contents.advisory_found),
        "advisory_patterns_removed": list(contents.advisory_removed),
        "expected": {"functionality": score},
        "actual": None,
        "evaluation_method": functionality.method,
        "provider": provider,
        "model": model or None,
        "analyzer": record.authors.analyzer,
        "analyzer_version": __version__,  # its rules and weights are part of the package
        "encoding": record.tokens.encoding,
        "tokens_exact": record.tokens.exact,
        "tool_version": __version__,
        "content_hash": f"sha256:{hashlib.sha256(record.texts.before.encode('utf-8', 'replace')).hexdigest()}",
    }
