"""A distillation as plain data, for `--json`. The schema is described in docs/json.md."""

from __future__ import annotations

from typing import Final

from skill_distiller._version import __version__
from skill_distiller.calibration.estimate import UNCALIBRATED, Estimate, Stage
from skill_distiller.checks.receipt import Change, LostFact
from skill_distiller.planning.plan import Mode
from skill_distiller.providers.model import Usage
from skill_distiller.report.receipt_text import removed_counts, summarize_sections
from skill_distiller.report.verification import checks_record
from skill_distiller.rewriting.examples.model import ExampleSelection
from skill_distiller.rewriting.one_liner.model import OneLiner
from skill_distiller.run.notes import Note
from skill_distiller.run.result import Result

SCHEMA: Final = "skill-distiller/compress/1"


def to_record(
    distillation: Result,
    estimate: Estimate = UNCALIBRATED,
    entry_id: str = "",
    usage: Usage | None = None,
) -> dict[str, object]:
    """The record of a run: numbers, sections, receipt and the distilled text itself.

    `estimate` is what earlier runs say of the functionality, `entry_id` the run's own calibration
    entry; `usage` is what was asked of a language model, None where none had a part in it.
    """
    functionality = distillation.functionality
    return {
        "schema": SCHEMA,
        "version": __version__,
        "skill": distillation.original.name,
        "mode": distillation.run.options.mode.value,
        "threshold": distillation.run.options.threshold if distillation.run.options.mode is Mode.THRESHOLD else None,
        "target_tokens": distillation.run.options.tokens,
        "analyzer": distillation.analysis.analyzer,
        "token_scorer": distillation.run.token_scorer or None,
        "provider": _usage(usage) if usage else None,
        "encoding": distillation.run.counter.encoding,
        "tokens_exact": distillation.run.counter.exact,
        "input_tokens": distillation.input_tokens,
        "output_tokens": distillation.output_tokens,
        "reduction": round(distillation.reduction, 4),
        "functionality": {
            "score": round(functionality.score, 1),
            "method": functionality.method,
            "interval": None if functionality.interval is None else round(functionality.interval, 1),
            "calibrated": estimate.stage is Stage.CALIBRATED,
            "protected_found": list(functionality.protected_found),
            "protected_lost": list(functionality.protected_lost),
        },
        "calibration": _calibration(estimate, functionality.score, entry_id),
        "classification_confidence": round(distillation.analysis.confidence, 3),
        "changed": distillation.changed,
        "removed": {names[1]: count for names, count in removed_counts(distillation).items()},
        "notes": [_note(note) for note in distillation.notes],
        "sections": [
            {
                "heading": summary.section.heading,
                "level": summary.section.level,
                "line": summary.section.line,
                "type": summary.type.value,
                "importance": round(summary.importance, 3),
                "confidence": round(summary.confidence, 3),
                "outcome": summary.outcome,
                "tokens_before": summary.tokens_before,
                "tokens_after": summary.tokens_after,
                "examples": _examples(summary.examples) if summary.examples else None,
            }
            for summary in summarize_sections(distillation)
        ],
        "receipt": [
            {
                "heading": section.heading,
                "level": section.level,
                "heading_id": section.id,
                "heading_removed": section.heading_dropped,
                "changes": [_change(change) for change in section.changes],
                "lost_facts": [_fact(fact) for fact in section.lost],
            }
            for section in distillation.evidence.receipt.sections
        ],
        "verification": checks_record(distillation.evidence.verification),
        "one_liner": _one_liner(distillation.one_liner) if distillation.one_liner else None,
        "refused_renderings": distillation.plan.refused,
        "text": distillation.text,
    }


def _note(note: Note) -> dict[str, object]:
    record: dict[str, object] = {"kind": note.kind.value, "detail": note.detail}
    if note.sections:
        record["sections"] = [
            {"heading": section.heading, "level": section.level, "line": section.line, "blocks": section.blocks}
            for section in note.sections
        ]
    return record


def _calibration(estimate: Estimate, score: float, entry_id: str) -> dict[str, object]:
    interval = estimate.interval(score)
    return {
        "id": entry_id or None,
        "stage": estimate.stage.value,
        "runs": estimate.n,
        "outcomes": estimate.outcomes,
        "bias": round(estimate.bias, 2),
        "corrected_score": round(estimate.corrected(score), 1),
        "half_width": None if estimate.half_width is None else round(estimate.half_width, 2),
        "interval": None if interval is None else [round(bound, 1) for bound in interval],
    }


def _examples(examples: ExampleSelection) -> dict[str, object]:
    return {
        "total": examples.total,
        "selected": list(examples.selected),
        "one_liners": list(examples.one_liners),
        "lines": examples.lines,
        "coverage": round(examples.coverage, 3),
        "mode": examples.mode.value,
    }


def _one_liner(one_liner: OneLiner) -> dict[str, object]:
    return {
        "trigger": one_liner.trigger,
        "action": one_liner.action,
        "result": one_liner.result,
        "method": one_liner.method,
        "phrases_left_out": one_liner.left_out,
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "id": change.id,
        "block": change.block,
        "kind": change.kind.value,
        "type": change.type.value,
        "rendering": change.rendering.value,
        "reason": change.reason.value,
        "first_line": change.first_line,
        "last_line": change.last_line,
        "tokens_saved": change.saved,
        "before": change.before,
        "after": change.after,
    }


def _fact(fact: LostFact) -> dict[str, object]:
    return {"kind": fact.kind.value, "fact": fact.text, "key": fact.key, "line": fact.line}


def _usage(usage: Usage) -> dict[str, object]:
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
