"""The record of a run, a verification and an entry of the calibration store as plain data.

The contracts are docs/json.md with two schemas, and docs/calibration.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Final

from skill_distiller._version import __version__
from skill_distiller.analysis.model import TYPE_NAMES
from skill_distiller.calibration.estimate import Stage
from skill_distiller.checks.functionality import Functionality
from skill_distiller.checks.model import RECORD_SCHEMAS, Check, Finding, Level, Verification
from skill_distiller.checks.receipt import Change, LostFact, SectionReceipt
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.model import Usage
from skill_distiller.report.record import Calibration, Contents, Record, SectionRecord, TokenLevel, names_of
from skill_distiller.rewriting.examples.model import ExampleSelection
from skill_distiller.rewriting.model import OutcomeKind
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.notes import Note
from skill_distiller.tokens import TokenCounter

RECORD_SCHEMA: Final = RECORD_SCHEMAS[-1]
VERIFY_SCHEMA: Final = "skill-distiller/verify/1"
Json = dict[str, object]


def to_json(record: Record) -> Json:
    """The record of a run, as `compress --json` prints it: figures, sections, receipt and the distilled text itself."""
    aim, authors, tokens, contents = record.aim, record.authors, record.tokens, record.contents
    return {
        "schema": RECORD_SCHEMA,
        "version": __version__,
        "skill": record.texts.skill,
        "mode": aim.mode.value,
        "threshold": aim.threshold if aim.mode is Mode.THRESHOLD else None,
        "target_tokens": aim.tokens,
        "analyzer": authors.analyzer,
        "token_scorer": authors.token_scorer or None,
        "provider": _usage(authors.usage) if authors.usage else None,
        "encoding": tokens.encoding,
        "tokens_exact": tokens.exact,
        "input_tokens": tokens.before,
        "output_tokens": tokens.after,
        "reduction": round(tokens.reduction, 4),
        "functionality": _functionality(record.evidence.functionality, record.calibration, contents),
        "calibration": _calibration(record.calibration, record.evidence.functionality.score),
        "classification_confidence": round(authors.confidence, 3),
        "changed": record.texts.changed,
        "removed": {names_of(kind)[1]: count for kind, count in contents.removed.items()},
        "kept": [TYPE_NAMES[kind][1] for kind in contents.kept],
        "reworded_blocks": contents.reworded,
        "notes": [_note(note) for note in record.notes],
        "sections": [_section(section) for section in contents.sections],
        "token_level": _token_level(contents.token_level),
        "receipt": [_section_receipt(section) for section in record.evidence.receipt.sections],
        "verification": checks_to_json(record.evidence.verification),
        "one_liner": _one_liner(record.one_liner) if record.one_liner else None,
        "refused_renderings": contents.refused,
        "text": record.texts.after,
    }


def _usage(usage: Usage) -> Json:
    return {
        "name": usage.provider,
        "model": usage.model,
        "address": usage.address,
        "calls": usage.calls,
        "cached": usage.cached,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "seconds": round(usage.seconds, 2),
    }


def _functionality(functionality: Functionality, calibration: Calibration, contents: Contents) -> Json:
    return {
        "score": round(functionality.score, 1),
        "method": functionality.method,
        "interval": None if functionality.interval is None else round(functionality.interval, 1),
        "calibrated": calibration.estimate.stage is Stage.CALIBRATED,
        "protected_found": list(functionality.protected_found),
        "protected_lost": list(functionality.protected_lost),
        "advisory_found": list(contents.advisory_found),
        "advisory_removed": list(contents.advisory_removed),
    }


def _calibration(calibration: Calibration, score: float) -> Json:
    estimate = calibration.estimate
    interval = estimate.interval(score)
    return {
        "id": calibration.entry_id or None,
        "stage": estimate.stage.value,
        "runs": estimate.n,
        "outcomes": estimate.outcomes,
        "bias": round(estimate.bias, 2),
        "corrected_score": round(estimate.corrected(score), 1),
        "half_width": None if estimate.half_width is None else round(estimate.half_width, 2),
        "interval": None if interval is None else [round(bound, 1) for bound in interval],
    }


def _note(note: Note) -> Json:
    record: Json = {"kind": note.kind.value, "detail": note.detail}
    if note.sections:
        record["sections"] = [
            {"heading": section.heading, "level": section.level, "line": section.line, "blocks": section.blocks}
            for section in note.sections
        ]
    return record


def _section(section: SectionRecord) -> Json:
    return {
        "heading": section.heading.text,
        "level": section.heading.level,
        "line": section.heading.line,
        "type": section.type.value,
        "importance": round(section.importance, 3),
        "confidence": round(section.confidence, 3),
        "outcome": section.outcome.value,
        "blocks": section.blocks.total,
        "blocks_removed": section.blocks.removed,
        "blocks_shortened": section.blocks.shortened,
        "tokens_before": section.tokens.original,
        "tokens_after": section.tokens.candidate,
        "examples": _examples(section.examples) if section.examples else None,
    }


def _examples(examples: ExampleSelection) -> Json:
    return {
        "total": examples.total,
        "selected": list(examples.selected),
        "one_liners": list(examples.one_liners),
        "lines": examples.lines,
        "coverage": round(examples.coverage, 3),
        "mode": examples.mode.value,
    }


def _token_level(token_level: TokenLevel) -> Json:
    return {
        "types": [
            {
                "type": score.type.value,
                "section_count": score.sections,
                "compression": None if score.compression is None else round(score.compression, 4),
            }
            for score in token_level.scores
        ],
        "phrases": list(token_level.phrases),
    }


def _section_receipt(section: SectionReceipt) -> Json:
    return {
        "heading": section.heading,
        "level": section.level,
        "heading_id": section.id,
        "heading_removed": section.heading_dropped,
        "changes": [_change(change) for change in section.changes],
        "lost_facts": [_fact(fact) for fact in section.lost],
    }


def _change(change: Change) -> Json:
    return {
        "id": change.id,
        "block": change.block.index,
        "kind": change.block.kind.value,
        "type": change.type.value,
        "rendering": change.rendering.value,
        "reason": change.reason.value,
        "first_line": change.block.line,
        "last_line": change.block.last_line,
        "tokens_saved": change.saved,
        "before": change.before,
        "after": change.after,
    }


def _fact(fact: LostFact) -> Json:
    return {"kind": fact.kind.value, "fact": fact.text, "key": fact.key, "line": fact.line}


def _one_liner(one_liner: OneLiner) -> Json:
    return {
        "trigger": one_liner.trigger,
        "action": one_liner.action,
        "result": one_liner.result,
        "method": one_liner.method,
        "phrases_left_out": one_liner.left_out,
    }


def verification_to_json(verification: Verification, skill: str, counter: TokenCounter) -> Json:
    """The record of `verify` over a skill of that name, as `verify --json` prints it: every finding."""
    return {
        "schema": VERIFY_SCHEMA,
        "version": __version__,
        "skill": skill,
        "encoding": counter.encoding,
        "tokens_exact": counter.exact,
        "original_tokens": verification.tokens.original,
        "candidate_tokens": verification.tokens.candidate,
        "changed": verification.changed,
        **_checks(verification, tuple(Level)),
    }


def checks_to_json(verification: Verification | None) -> Json | None:
    """What `compress` found in its own result: declared losses, which its receipt names, are counted only.

    None where nothing was verified.
    """
    return None if verification is None else _checks(verification, (Level.FAILURE, Level.WARNING))


def _checks(verification: Verification, levels: Collection[Level]) -> Json:
    return {"passed": verification.passed, "checks": [_check(check, levels) for check in verification.checks]}


def _check(check: Check, levels: Collection[Level]) -> Json:
    return {
        "name": check.name,
        "passed": check.passed,
        "declared": check.count(Level.DECLARED),
        "findings": [_finding(finding) for finding in check.findings if finding.level in levels],
    }


def _finding(finding: Finding) -> Json:
    return {
        "kind": finding.kind.value,
        "level": finding.level.value,
        "text": finding.text,
        "detail": finding.detail,
        "file": "candidate" if finding.in_candidate else "original",
        "line": finding.line or None,
    }


_NAME_LENGTH: Final = 200  # characters; a skill may call itself anything, and a thousand entries are read in each run


def to_entry(record: Record) -> Json:
    """The record as an entry of the calibration store: every field but `id` and `timestamp`, which the store gives.

    `expected` is the judge's score without any correction, so that corrections never add up. No path
    is kept: the file may be shared.
    """
    functionality, contents = record.evidence.functionality, record.contents
    provider, model = record.authors.made_with
    sections = [section for section in contents.sections if section.blocks.total]
    removed = sum(section.outcome is OutcomeKind.REMOVED for section in sections)
    lost = set(functionality.protected_lost)
    score = round(functionality.score, 1)
    return {
        "skill": record.texts.skill[:_NAME_LENGTH],
        "mode": record.aim.mode.value,
        "threshold": record.aim.threshold,
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
