"""A distillation as an entry of the calibration store, in the schema of the reference ("Save Calibration")."""

from __future__ import annotations

import hashlib
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.providers.model import Usage
from skill_distiller.report.receipt_text import summarize_sections
from skill_distiller.run.notes import NoteKind
from skill_distiller.run.result import Result

_NAME_LENGTH: Final = 200  # characters; a skill may call itself anything, and a thousand entries are read in each run


def made_with(usage: Usage | None) -> tuple[str, str]:
    """The provider and the model of a run, which its entry is compared by: `embedded` has no model ("")."""
    return (usage.provider, usage.model) if usage else ("embedded", "")


def to_entry(distillation: Result, usage: Usage | None = None) -> dict[str, object]:
    """Every field but `id` and `timestamp`, which the store gives.

    `expected` is the judge's score without any correction, so that corrections never add up. No path
    is kept: the file may be shared. `usage` is what was asked of a language model, if any was.
    """
    functionality = distillation.functionality
    provider, model = made_with(usage)
    sections = [summary for summary in summarize_sections(distillation) if summary.section.blocks]
    removed = sum(section.outcome == "REMOVED" for section in sections)
    lost = set(functionality.protected_lost)
    score = round(functionality.score, 1)
    return {
        "skill": distillation.original.name[:_NAME_LENGTH],
        "mode": distillation.run.options.mode.value,
        "threshold": distillation.run.options.threshold,
        "input_tokens": distillation.input_tokens,
        "output_tokens": distillation.output_tokens,
        "reduction_pct": round(100 * distillation.reduction),
        "sections_total": len(sections),
        "sections_kept": len(sections) - removed,
        "sections_removed": removed,
        "classification_confidence_mean": round(distillation.analysis.confidence, 3),
        "functionality_score": score,
        "protected_patterns_found": list(functionality.protected_found),
        "protected_patterns_preserved": [name for name in functionality.protected_found if name not in lost],
        "advisory_patterns_found": sorted(
            frozenset[str]().union(*(verdict.advisory for verdict in distillation.analysis.verdicts))
        ),
        "advisory_patterns_removed": [
            note.detail for note in distillation.notes if note.kind is NoteKind.ADVISORY_REMOVED
        ],
        "expected": {"functionality": score},
        "actual": None,
        "evaluation_method": functionality.method,
        "provider": provider,
        "model": model or None,
        "analyzer": distillation.analysis.analyzer,
        "analyzer_version": __version__,  # its rules and weights are part of the package
        "encoding": distillation.run.counter.encoding,
        "tokens_exact": distillation.run.counter.exact,
        "tool_version": __version__,
        "content_hash": f"sha256:{hashlib.sha256(distillation.original.text.encode('utf-8', 'replace')).hexdigest()}",
    }
